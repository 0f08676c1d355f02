// An environment as the Dev Container CLI makes it: a private image with a private Feature through the helper, cold, warm
// and with the platform down; and our own Feature, copied from examples/, which configures Docker inside of the container.

import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { repository } from "../support/builds.ts";
import { describeClient, useBed } from "./bed.ts";
import type { Outcome } from "./run.ts";
import { newAccount, openWorkplace, type Workplace } from "./workplace.ts";

const { paths, dockers } = inject("programs");
const TIMEOUT_MS = 150_000;

describeClient("devcontainer with Features", ["devcontainer", "docker", "engine"], () => {
  const bed = useBed({ engine: true });

  const devcontainer = (at: Workplace, ...args: string[]): Promise<Outcome> => {
    // A list of withdrawn Features would be fetched from the internet; a fresh copy of it spares that.
    const cache = join(at.env.TMPDIR ?? "", `devcontainercli-${userInfo().username}`);
    mkdirSync(cache, { recursive: true });
    writeFileSync(join(cache, "control-manifest.json"), '{"disallowedFeatures":[],"featureAdvisories":[]}');
    return at.run([process.execPath, paths.devcontainer ?? "", ...args]);
  };
  const workspace = (at: Workplace, name: string, settings: object): string => {
    const dir = join(at.root, name);
    mkdirSync(join(dir, ".devcontainer"), { recursive: true });
    const usual = { runArgs: ["--network=none"], updateRemoteUserUID: false };
    writeFileSync(join(dir, ".devcontainer", "devcontainer.json"), JSON.stringify({ ...usual, ...settings }));
    return dir;
  };
  const inIt = (at: Workplace, verb: string, dir: string, ...args: string[]): Promise<Outcome> =>
    devcontainer(at, verb, "--workspace-folder", dir, "--docker-path", dockers[0]?.path ?? "", ...args);

  /** A user whose secret opens the registry, configured by `configure` alone, and a private Feature there. */
  async function openWithFeature(): Promise<{ at: Workplace; feature: string; image: string }> {
    const host = bed.registry.localHost;
    const account = await newAccount(bed.registry);
    const plan = {
      helped: [],
      secrets: { [host]: account.value },
      config: { freshSeconds: 0 },
      dockerHost: bed.engine.host,
    };
    const at = await openWorkplace(plan);
    const configured = await at.helper("configure");
    expect(configured, configured.said).toMatchObject({ code: 0 });
    const source = join(at.root, "features");
    mkdirSync(join(source, "mark"), { recursive: true });
    const id = `mark-${account.user}`;
    writeFileSync(
      join(source, "mark", "devcontainer-feature.json"),
      JSON.stringify({ id: "mark", version: "1.0.0", name: "Mark" }),
    );
    writeFileSync(join(source, "mark", "install.sh"), "#!/bin/sh\nprintf private > /mark.txt\n");
    const namespace = `team/${id}`;
    const published = await devcontainer(at, "features", "publish", "-r", host, "-n", namespace, source);
    expect(published, published.said).toMatchObject({ code: 0 });
    const image = await bed.registry.publish();
    const reference = image.reference.replace(bed.registry.host, host);
    return { at, feature: `${host}/${namespace}/mark:1`, image: reference };
  }

  describe("a private image with a private Feature", () => {
    test(
      "cold, warm, and with the platform down",
      async () => {
        const { at, feature, image } = await openWithFeature();
        const dir = workspace(at, "cold", { image, features: { [feature]: {} } });
        const cold = await inIt(at, "up", dir);
        expect(cold, cold.said).toMatchObject({ code: 0 });
        expect((await inIt(at, "exec", dir, "cat", "/mark.txt")).stdout).toBe("private");
        const warm = await inIt(at, "up", dir, "--remove-existing-container");
        expect(warm, warm.said).toMatchObject({ code: 0 });
        expect(at.platform.journal.count("GetSecretValue")).toBe(1);
        await at.platform.apply({ do: "goDown" });
        const down = await inIt(at, "up", workspace(at, "down", { image, features: { [feature]: {} } }));
        expect(down, down.said).toMatchObject({ code: 0 });
      },
      TIMEOUT_MS,
    );

    test(
      "with the platform down from the start the reason is in the log, and the platform is not asked again and again",
      async () => {
        const { at, feature, image } = await openWithFeature();
        const cache = { DOCKER_CREDENTIAL_ONA_CACHE_DIR: join(at.root, "cold-cache") };
        await at.platform.apply({ do: "fault", fault: { kind: "error", code: "internal" } });
        const asked = at.platform.journal.count();
        const dir = workspace(at, "never", { image, features: { [feature]: {} } });
        Object.assign(at.env, cache);
        expect(await inIt(at, "up", dir)).not.toMatchObject({ code: 0 });
        expect(at.stateText()).toContain(bed.registry.localHost);
        // Some seven helpers in five seconds, and one of them asks.
        expect(at.platform.journal.count() - asked).toBeLessThanOrEqual(3);
      },
      TIMEOUT_MS,
    );
  });

  test(
    "our own Feature: installed in the image, and configure has run as the remote user",
    async () => {
      const { at, image } = await openWithFeature();
      const dir = workspace(at, "own", {
        image,
        features: { "./docker-credential-ona": {} },
        containerEnv: { HOME: "/home/dev", ONA_ENVIRONMENT_ID: "", DOCKER_CREDENTIAL_ONA_CONFIG: "" },
      });
      const copy = join(dir, ".devcontainer", "docker-credential-ona");
      cpSync(join(repository, "examples", "feature"), copy, { recursive: true });
      // The image of the bed has no C library, so a stand-in says what the executable would be asked to do.
      const stub =
        '#!/bin/sh\n[ "$1" = version ] && exit 0\nmkdir -p "$HOME" && echo "$@" >> "$HOME/asked.txt"\n';
      writeFileSync(join(copy, "docker-credential-ona"), stub);
      chmodSync(join(copy, "docker-credential-ona"), 0o755);
      const up = await inIt(at, "up", dir);
      expect(up, up.said).toMatchObject({ code: 0 });
      const seen = await inIt(
        at,
        "exec",
        dir,
        "cat",
        "/usr/local/bin/docker-credential-ona",
        "/home/dev/asked.txt",
      );
      expect(seen.stdout).toBe(`${stub}configure\n`);
      expect(readFileSync(at.dockerConfig, "utf8")).toContain(bed.registry.localHost);
    },
    TIMEOUT_MS,
  );
});
