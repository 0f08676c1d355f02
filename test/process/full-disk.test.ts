// A disk without a byte left, in a mount namespace of the test's own: `get` answers without its cache, `store` says
// that nothing was kept.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ids } from "../stand-ins/platform/ids.ts";
import { type Platform, startPlatform } from "../stand-ins/platform/stand-in.ts";
import { type Bed, buildsUnderTest, type HelperRun, makeBed, runHelper } from "../support/run-helper.ts";
import { hasNamespaces } from "./namespaces.ts";

const HOST = "registry.example.test";

/** 64 KiB with our directories made; then it is filled, and the helper started. */
const FULL_DISK = `
mount --make-rprivate / && mount -t tmpfs -o size=64k,mode=0700 none "$BED/full" &&
mkdir -m 700 "$BED/full/cache" "$BED/full/state" && { head -c 1000000 /dev/zero > "$BED/full/fill" 2>/dev/null; exec "$@"; }`;

for (const build of buildsUnderTest()) {
  describe.skipIf(!hasNamespaces)(build.name, () => {
    let bed: Bed;
    let platform: Platform;

    beforeEach(async () => {
      bed = makeBed();
      mkdirSync(join(bed.root, "full"));
      const secrets = [{ name: "TEAM", host: HOST, value: "demo:c4nary-password" }];
      platform = await startPlatform({ seed: { secrets } });
    });

    afterEach(async () => {
      await platform.close();
      bed.remove();
    });

    const run = (verb: string, stdin: string): Promise<HelperRun> =>
      runHelper(build, [verb], {
        env: {
          HOME: bed.home,
          PATH: "/usr/bin:/bin:/usr/sbin:/sbin",
          BED: bed.root,
          ONA_BASE_URL: platform.baseUrl,
          ONA_ENVIRONMENT_ID: ids.environment,
          DOCKER_CREDENTIAL_ONA_TOKEN: "env-token",
          DOCKER_CREDENTIAL_ONA_CACHE_DIR: join(bed.root, "full/cache"),
          DOCKER_CREDENTIAL_ONA_STATE_DIR: join(bed.root, "full/state"),
        },
        cwd: "/",
        stdin,
        launcher: ["unshare", "-m", "sh", "-c", FULL_DISK, "sh"],
      });

    it("get answers without its cache", async () => {
      const { stdout, stderr, code } = await run("get", HOST);
      const expected = JSON.stringify({ ServerURL: HOST, Username: "demo", Secret: "c4nary-password" });
      const told = { stdout: stdout.toString(), stderr: stderr.toString(), code };
      expect(told).toEqual({ stdout: `${expected}\n`, stderr: "", code: 0 });
    });

    it("store says that the login is not kept", async () => {
      const login = JSON.stringify({ ServerURL: HOST, Username: "me", Secret: "c4nary-mine" });
      const { stdout, stderr, code } = await run("store", login);
      expect(stdout.toString()).toMatch(/^[ -~]+\n$/);
      expect(stdout.toString()).not.toContain("c4nary");
      expect({ stderr: stderr.toString(), code }).toEqual({ stderr: "", code: 1 });
    });
  });
}
