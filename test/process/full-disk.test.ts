// A disk without a byte left, in a mount namespace of the test's own: `get` answers without its cache, `store` says
// that nothing was kept.

import { mkdirSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { buildsUnderTest } from "../support/builds.ts";
import { answerFor, type Machine, told } from "../support/machine.ts";
import { machineForTest } from "../support/machine-for-test.ts";
import type { Running } from "../support/run.ts";
import { hasNamespaces } from "./namespaces.ts";

const HOST = "registry.example.test";

/** 64 KiB with our directories made; then it is filled, and the helper started. */
const FULL_DISK = `
mount --make-rprivate / && mount -t tmpfs -o size=64k,mode=0700 none "$BED/full" &&
mkdir -m 700 "$BED/full/cache" "$BED/full/state" && { head -c 1000000 /dev/zero > "$BED/full/fill" 2>/dev/null; exec "$@"; }`;

for (const build of buildsUnderTest()) {
  describe.skipIf(!hasNamespaces)(build.name, () => {
    let at: Machine;

    beforeEach(async () => {
      const secrets = [{ name: "TEAM", host: HOST, value: "demo:c4nary-password" }];
      at = await machineForTest({ build, secrets });
      mkdirSync(at.path("full"));
      Object.assign(at.env, {
        PATH: "/usr/bin:/bin:/usr/sbin:/sbin",
        BED: at.root,
        DOCKER_CREDENTIAL_ONA_CACHE_DIR: at.path("full/cache"),
        DOCKER_CREDENTIAL_ONA_STATE_DIR: at.path("full/state"),
      });
    });

    const run = (verb: string, stdin: string): Running =>
      at.run([verb], { cwd: "/", stdin, launcher: ["unshare", "-m", "sh", "-c", FULL_DISK, "sh"] });

    it("get answers without its cache", async () => {
      const stdout = answerFor(HOST, "demo", "c4nary-password");
      expect(told(await run("get", HOST))).toEqual({ stdout, stderr: "", end: 0 });
    });

    it("store says that the login is not kept", async () => {
      const login = JSON.stringify({ ServerURL: HOST, Username: "me", Secret: "c4nary-mine" });
      const { stdout, stderr, code } = await run("store", login);
      expect(stdout).toMatch(/^[ -~]+\n$/);
      expect(stdout).not.toContain("c4nary");
      expect({ stderr, code }).toEqual({ stderr: "", code: 1 });
    });
  });
}
