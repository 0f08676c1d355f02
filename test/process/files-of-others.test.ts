// Files and directories of others, as the executable meets them: nothing of theirs is lost, written or waited for.

import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { buildsUnderTest } from "../support/builds.ts";
import type { Machine, Variables } from "../support/machine.ts";
import { machineForTest } from "../support/machine-for-test.ts";
import type { Running } from "../support/run.ts";
import { everythingBelow } from "../support/transcript-canaries.ts";

const HOST = "registry.example.test";
const STRANGER = 12_345;
const isRoot = process.geteuid?.() === 0;
const LOGIN = JSON.stringify({ ServerURL: HOST, Username: "me", Secret: "mine" });
const FORTY_DAYS_S = 40 * 86_400;

for (const build of buildsUnderTest()) {
  describe(build.name, () => {
    let at: Machine;

    beforeEach(async () => {
      at = await machineForTest({
        build,
        secrets: [{ name: "TEAM", host: HOST, value: "demo:first-password" }],
      });
    });

    const run = (verb: string, stdin: string, env: Variables = {}): Running =>
      at.run([verb], { env, stdin, timeoutMs: 20_000 });

    it("a cache directory that holds the user's own work loses nothing of it", async () => {
      const dir = join(at.root, "own");
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
      const pipe = join(at.root, "trace");
      expect(spawnSync("mkfifo", ["-m", "600", pipe]).status).toBe(0);
      const { code, stderr } = await run("get", HOST, { DOCKER_CREDENTIAL_ONA_TRACE: pipe });
      expect(code).toBe(0);
      expect(stderr).toMatch(/^docker-credential-ona: the trace was not written: [ -~]+\n$/);
    });

    it.runIf(isRoot)(
      "root with the XDG variables of somebody else leaves nothing there (needs root)",
      async () => {
        const theirs = join(at.root, "theirs");
        mkdirSync(theirs, { mode: 0o700 });
        chownSync(theirs, STRANGER, STRANGER);
        chmodSync(at.root, 0o755);
        const env = {
          XDG_RUNTIME_DIR: theirs,
          XDG_STATE_HOME: join(theirs, "state"),
          XDG_CACHE_HOME: join(theirs, "cache"),
          XDG_CONFIG_HOME: theirs,
        };
        expect(await run("store", LOGIN, env)).toMatchObject({ stdout: "", code: 0 });
        expect(await run("get", HOST, env)).toMatchObject({ code: 0 });
        expect(everythingBelow(theirs)).toEqual([]);
        expect(readdirSync(at.home)).toContain(".local");
      },
    );
  });
}
