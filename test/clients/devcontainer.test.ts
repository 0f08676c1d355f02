// The Dev Container CLI is how an environment is made: it reads private Features and brings up private images.
// It drops both streams of a failing helper, so the helper's own log has to name the reason.

import { mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { describeClient, useBed } from "./bed.ts";
import type { Image } from "./images.ts";
import { pullScenarios } from "./pull-scenarios.ts";
import type { Outcome } from "./run.ts";
import { newAccount, openWorkplace, type Workplace } from "./workplace.ts";

const { paths, dockers } = inject("programs");

function devcontainer(at: Workplace, ...args: string[]): Promise<Outcome> {
  keepOffTheInternet(at);
  return at.run([process.execPath, paths.devcontainer ?? "", ...args]);
}

describeClient("devcontainer", ["devcontainer", "docker", "engine"], () => {
  const bed = useBed({ engine: true });
  const workspaceOf = (at: Workplace, image: Image) =>
    join(at.root, `work-${image.repository.replaceAll("/", "-")}`);

  /** Plain HTTP is spoken to the name `localhost` alone. */
  const hostOf = (registry: { localHost: string }) => registry.localHost;

  describe("up", () => {
    const inWorkspace = (at: Workplace, image: Image, verb: string, ...args: string[]) => {
      const workspace = workspaceOf(at, image);
      const settings = { image: image.reference, runArgs: ["--network=none"], updateRemoteUserUID: false };
      mkdirSync(join(workspace, ".devcontainer"), { recursive: true });
      writeFileSync(join(workspace, ".devcontainer/devcontainer.json"), JSON.stringify(settings));
      const flags = ["--workspace-folder", workspace, "--docker-path", dockers[0]?.path ?? ""];
      return devcontainer(at, verb, ...flags, ...args);
    };
    pullScenarios(bed, {
      hostOf,
      pull: (at, image) => inWorkspace(at, image, "up"),
      proof: async (at, image) => {
        const outcome = await inWorkspace(at, image, "exec", "cat", "/hello.txt");
        return { hello: outcome.stdout };
      },
      showsReason: false,
    });
  });

  test("features info reads a private Feature, and not without the secret", async () => {
    const host = bed.registry.localHost;
    const account = await newAccount(bed.registry);
    const at = await openWorkplace({ helped: [host], secrets: { [host]: account.value } });
    const source = join(at.root, "features");
    mkdirSync(join(source, "hello"), { recursive: true });
    writeFileSync(
      join(source, "hello/devcontainer-feature.json"),
      JSON.stringify({ id: "hello", version: "1.2.3", name: "Hello" }),
    );
    writeFileSync(join(source, "hello/install.sh"), "#!/bin/sh\n");
    const published = await devcontainer(
      at,
      "features",
      "publish",
      "-r",
      host,
      "-n",
      "team/features",
      source,
    );
    expect(published, published.said).toMatchObject({ code: 0 });
    const info = (user: Workplace, mode: string) =>
      devcontainer(
        user,
        "features",
        "info",
        mode,
        `${host}/team/features/hello:1`,
        "--output-format",
        "json",
      );
    const tags = await info(at, "tags");
    expect(tags, tags.said).toMatchObject({ code: 0 });
    expect(JSON.parse(tags.stdout)).toEqual({ publishedTags: expect.arrayContaining(["1", "1.2", "1.2.3"]) });
    const manifest = await info(at, "manifest");
    expect(JSON.parse(manifest.stdout)).toMatchObject({
      manifest: { layers: [{ size: expect.any(Number) }] },
    });
    expect(await info(at.withoutCredentials(), "manifest")).not.toMatchObject({ code: 0 });
  });

  test("features info with the platform down leaves the reason in the helper's log", async () => {
    const host = bed.registry.localHost;
    const at = await openWorkplace({ helped: [host], secrets: { [host]: "any:thing" } });
    await at.platform.apply({ do: "goDown" });
    expect(
      await devcontainer(at, "features", "info", "tags", `${host}/team/features/hello:1`),
    ).not.toMatchObject({
      code: 0,
    });
    expect(at.stateText()).toContain(host);
  });
});

/** A list of withdrawn Features would be fetched from the internet; a fresh copy of it spares that. */
function keepOffTheInternet(at: Workplace): void {
  const cache = join(at.env.TMPDIR ?? "", `devcontainercli-${userInfo().username}`);
  mkdirSync(cache, { recursive: true });
  const nothing = { disallowedFeatures: [], featureAdvisories: [] };
  writeFileSync(join(cache, "control-manifest.json"), JSON.stringify(nothing));
}
