// skopeo needs no engine: inspect, copy, login, logout and logout --all, by Docker's configuration and by its own.
// It ignores credsStore and knows Docker Hub as docker.io, so nothing here may lean on either.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, inject, test } from "vitest";
import { describeClient, useBed } from "./bed.ts";
import type { Image } from "./images.ts";
import { pullScenarios } from "./pull-scenarios.ts";
import { type Account, newAccount, openWorkplace, type Workplace } from "./workplace.ts";

const skopeo = inject("programs").paths.skopeo ?? "";

describeClient("skopeo", ["skopeo"], () => {
  const bed = useBed({});

  const inspect = (at: Workplace, image: Image, ...flags: string[]) =>
    at.run([skopeo, "inspect", "--tls-verify=false", ...flags, `docker://${image.reference}`]);

  describe("copy", () => {
    const target = (at: Workplace, image: Image) =>
      join(at.root, "tmp", image.repository.replaceAll("/", "-"));
    pullScenarios(bed, {
      pull: (at, image) => {
        const places = [`docker://${image.reference}`, `dir:${target(at, image)}`];
        return at.run([skopeo, "copy", "--src-tls-verify=false", ...places]);
      },
      proof: async (at, image) => readCopy(target(at, image)),
      showsReason: true,
    });
  });

  test("inspect shows the private image", async () => {
    const account = await newAccount(bed.registry);
    const at = await openWorkplace({
      helped: [bed.registry.host],
      secrets: { [bed.registry.host]: account.value },
    });
    const image = await bed.registry.publish();
    expect(await inspect(at.withoutCredentials(), image)).not.toMatchObject({ code: 0 });
    const outcome = await inspect(at, image);
    expect(outcome, outcome.said).toMatchObject({ code: 0 });
    expect(JSON.parse(outcome.stdout)).toMatchObject({ Digest: image.digest });
    expect(at.platform.journal.count("GetSecretValue")).toBe(1);
  });

  test("login and logout go to the helper named in its own auth file", async () => {
    const at = await openWorkplace({ helped: [], secrets: { [bed.registry.host]: "nobody:at-all" } });
    const env = { REGISTRY_AUTH_FILE: join(at.root, "auth.json") };
    writeFileSync(env.REGISTRY_AUTH_FILE, JSON.stringify({ credHelpers: { [bed.registry.host]: "ona" } }));
    const withFile: Workplace = { ...at, run: (command, more) => at.run(command, { ...more, env }) };
    const account = await newAccount(bed.registry);
    await expectLoginCarries(withFile, account);
    expect(readFileSync(env.REGISTRY_AUTH_FILE, "utf8")).not.toContain(account.password);
  });

  test("logout --all takes back every login, and leaves the platform's secret", async () => {
    const account = await newAccount(bed.registry);
    const at = await openWorkplace({ helped: [], secrets: { [bed.open.host]: account.value } });
    const env = useGlobalHelper(at);
    const other = await newAccount(bed.registry);
    expect(await login(at, other, env)).toMatchObject({ code: 0 });
    const before = await at.helper("list");
    expect(JSON.parse(before.stdout)).toMatchObject({ [bed.registry.host]: other.user });
    const done = await at.run([skopeo, "logout", "--all"], { env });
    expect(done, done.said).toMatchObject({ code: 0 });
    expect(await at.helper("get", bed.registry.host)).toMatchObject({ code: 1 });
    expect(await at.helper("get", bed.open.host)).toMatchObject({ code: 0 });
  });

  test("a global helper pulls too", async () => {
    const account = await newAccount(bed.registry);
    const at = await openWorkplace({ helped: [], secrets: { [bed.registry.host]: account.value } });
    const env = useGlobalHelper(at);
    const image = await bed.registry.publish();
    const outcome = await at.run([skopeo, "inspect", "--tls-verify=false", `docker://${image.reference}`], {
      env,
    });
    expect(outcome, outcome.said).toMatchObject({ code: 0 });
  });

  function login(at: Workplace, account: Account, env: Record<string, string> = {}) {
    const flags = ["--tls-verify=false", "--username", account.user, "--password-stdin"];
    return at.run([skopeo, "login", ...flags, bed.registry.host], { stdin: account.password, env });
  }

  /** The platform's secret opens nothing here, so whatever opens the registry is the login. */
  async function expectLoginCarries(at: Workplace, account: Account): Promise<void> {
    const image = await bed.registry.publish();
    expect(await inspect(at, image)).not.toMatchObject({ code: 0 });
    const done = await login(at, account);
    expect(done, done.said).toMatchObject({ code: 0 });
    expect(await inspect(at, image)).toMatchObject({ code: 0 });
    const gone = await at.run([skopeo, "logout", bed.registry.host]);
    expect(gone, gone.said).toMatchObject({ code: 0 });
    expect(await inspect(at, image)).not.toMatchObject({ code: 0 });
  }
});

/** The registries.conf in the home directory replaces the machine's. */
function useGlobalHelper(at: Workplace): Record<string, string> {
  const home = join(at.root, "global-home");
  const containers = join(home, ".config", "containers");
  mkdirSync(containers, { recursive: true, mode: 0o700 });
  writeFileSync(join(containers, "registries.conf"), 'credential-helpers = ["ona"]\n');
  writeFileSync(
    join(containers, "policy.json"),
    JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }),
  );
  return { HOME: home };
}

/** What skopeo has copied, digest and all, it has also checked. */
function readCopy(directory: string): { hello: string; digest: string } {
  const manifest = readFileSync(join(directory, "manifest.json"));
  const { layers } = JSON.parse(manifest.toString("utf8")) as { layers: { digest: string }[] };
  const layer = readFileSync(join(directory, layers.at(-1)?.digest.replace("sha256:", "") ?? ""));
  const hello = /hello from [^\n]+\n/.exec(gunzipSync(layer).toString("latin1"))?.[0] ?? "";
  return { hello, digest: `sha256:${createHash("sha256").update(manifest).digest("hex")}` };
}
