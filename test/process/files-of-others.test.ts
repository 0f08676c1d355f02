// Files and directories of others, as the executable meets them: nothing of theirs is lost, written or waited for.

import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ids } from "../stand-ins/platform/ids.ts";
import { type Platform, startPlatform } from "../stand-ins/platform/stand-in.ts";
import { type Bed, buildsUnderTest, makeBed, runHelper } from "../support/run-helper.ts";
import { everythingBelow } from "../support/transcript-canaries.ts";

const HOST = "registry.example.test";
const STRANGER = 12_345;
const isRoot = process.geteuid?.() === 0;
const LOGIN = JSON.stringify({ ServerURL: HOST, Username: "me", Secret: "mine" });
const FORTY_DAYS_S = 40 * 86_400;

for (const build of buildsUnderTest()) {
  describe(build.name, () => {
    let bed: Bed;
    let platform: Platform;

    beforeEach(async () => {
      bed = makeBed();
      platform = await startPlatform({
        seed: { secrets: [{ name: "TEAM", host: HOST, value: "demo:first-password" }] },
      });
    });

    afterEach(async () => {
      await platform.close();
      bed.remove();
    });

    const run = async (verb: string, stdin: string, env: Record<string, string> = {}) => {
      const known = {
        ONA_BASE_URL: platform.baseUrl,
        ONA_ENVIRONMENT_ID: ids.environment,
        DOCKER_CREDENTIAL_ONA_TOKEN: "env-token",
      };
      const options = { env: { ...bed.env, ...known, ...env }, cwd: bed.cwd, stdin, timeoutMs: 20_000 };
      const { stdout, stderr, code } = await runHelper(build, [verb], options);
      return { stdout: stdout.toString(), stderr: stderr.toString(), code };
    };

    it("a cache directory that holds the user's own work loses nothing of it", async () => {
      const dir = join(bed.root, "own");
      mkdirSync(dir, { mode: 0o700 });
      const names = ["thesis.tex", `${"0".repeat(24)}.json`, "a.tmp-1-abcdefgh", `${"a".repeat(40)}.json`];
      const longAgoS = Date.now() / 1000 - FORTY_DAYS_S;
      for (const name of names) {
        writeFileSync(join(dir, name), "mine", { mode: 0o600 });
        utimesSync(join(dir, name), longAgoS, longAgoS);
      }
      expect(await run("get", HOST, { DOCKER_CREDENTIAL_ONA_CACHE_DIR: dir })).toMatchObject({ code: 0 });
      expect(readdirSync(dir)).toEqual(expect.arrayContaining(names));
    });

    it("a trace that is a pipe is not waited for, and that is said", async () => {
      const pipe = join(bed.root, "trace");
      expect(spawnSync("mkfifo", ["-m", "600", pipe]).status).toBe(0);
      const { code, stderr } = await run("get", HOST, { DOCKER_CREDENTIAL_ONA_TRACE: pipe });
      expect(code).toBe(0);
      expect(stderr).toMatch(/^docker-credential-ona: the trace was not written: [ -~]+\n$/);
    });

    it.runIf(isRoot)(
      "root with the XDG variables of somebody else leaves nothing there (needs root)",
      async () => {
        const theirs = join(bed.root, "theirs");
        mkdirSync(theirs, { mode: 0o700 });
        chownSync(theirs, STRANGER, STRANGER);
        chmodSync(bed.root, 0o755);
        const env = {
          XDG_RUNTIME_DIR: theirs,
          XDG_STATE_HOME: join(theirs, "state"),
          XDG_CACHE_HOME: join(theirs, "cache"),
          XDG_CONFIG_HOME: theirs,
        };
        expect(await run("store", LOGIN, env)).toMatchObject({ stdout: "", code: 0 });
        expect(await run("get", HOST, env)).toMatchObject({ code: 0 });
        expect(everythingBelow(theirs)).toEqual([]);
        expect(readdirSync(bed.home)).toContain(".local");
      },
    );
  });
}
