// What a process inherits from whoever starts it: ignored signals stay ignored and the program goes on, limits of file
// sizes do not end it, and an answer that cannot be written is a failure.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ids } from "../stand-ins/platform/ids.ts";
import { type Platform, startPlatform } from "../stand-ins/platform/stand-in.ts";
import {
  type Bed,
  buildsUnderTest,
  type HelperOptions,
  type HelperRun,
  makeBed,
  runHelper,
} from "../support/run-helper.ts";

const HOST = "registry.example.test";
const ANSWER = `${JSON.stringify({ ServerURL: HOST, Username: "demo", Secret: "pw" })}\n`;
/** Ignores signals as a caller may, some of which no shell can, and becomes the program. */
const IGNORING = (names: string): string[] => [
  "python3",
  "-c",
  `import os,signal,sys
for name in sys.argv[1].split():
    signal.signal(getattr(signal, name), signal.SIG_IGN)
os.execvp(sys.argv[2], sys.argv[2:])`,
  names,
];
const shell = (script: string): string[] => ["/bin/sh", "-c", script, "sh"];

for (const build of buildsUnderTest()) {
  describe(build.name, () => {
    let bed: Bed;
    let platform: Platform;
    let env: Record<string, string>;

    beforeEach(async () => {
      bed = makeBed();
      platform = await startPlatform({ seed: { secrets: [{ name: "TEAM", host: HOST, value: "demo:pw" }] } });
      env = {
        ...bed.env,
        ONA_BASE_URL: platform.baseUrl,
        ONA_ENVIRONMENT_ID: ids.environment,
        DOCKER_CREDENTIAL_ONA_TOKEN: "env-token",
      };
    });

    afterEach(async () => {
      await platform.close();
      bed.remove();
    });

    const run = (options: Partial<HelperOptions>, args = ["get"]): Promise<HelperRun> =>
      runHelper(build, args, { env, cwd: bed.cwd, stdin: HOST, ...options });
    const told = ({ stdout, stderr, code, signal }: HelperRun): unknown => [
      stdout.toString(),
      stderr.toString(),
      signal ?? code,
    ];

    // Node gives every signal back to the system when it starts, and nothing tells how it was before.
    it.skipIf(build.name !== "executable")(
      "an inherited ignored signal stays ignored: a get goes on to its end",
      async () => {
        const names = "SIGHUP SIGTERM SIGINT SIGPIPE SIGXFSZ SIGALRM SIGUSR2";
        await platform.apply({
          do: "fault",
          fault: { method: "GetEnvironment", kind: "slowHeaders", delayMs: 700 },
        });
        let pid = 0;
        const keepPid = (started: number): void => {
          pid = started;
        };
        const ended = run({ launcher: IGNORING(names), onSpawn: keepPid });
        while (platform.journal.count("GetEnvironment") === 0) await wait(10);
        const mask = BigInt(
          `0x${/SigIgn:\s*([0-9a-f]+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0"}`,
        );
        for (const signal of ["SIGHUP", "SIGTERM", "SIGINT", "SIGXFSZ", "SIGALRM", "SIGUSR2"] as const) {
          expect(mask & (1n << BigInt(constants.signals[signal] - 1)), signal).not.toBe(0n);
          process.kill(pid, signal);
        }
        expect(told(await ended)).toEqual([ANSWER, "", 0]);
      },
    );

    it.each(["SIGHUP", "SIGTERM", "SIGINT"] as const)(
      "a %s that is not ignored ends a get at once",
      async (signal) => {
        await platform.apply({ do: "fault", fault: { method: "GetEnvironment", kind: "hang" } });
        let pid = 0;
        const keepPid = (started: number): void => {
          pid = started;
        };
        const ended = run({ onSpawn: keepPid });
        while (platform.journal.count("GetEnvironment") === 0) await wait(10);
        process.kill(pid, signal);
        expect(told(await ended)).toEqual(["", "", signal]);
      },
    );

    it("the next get takes the lock of one that was ended over at once", async () => {
      await platform.apply({ do: "fault", fault: { method: "GetEnvironment", nth: 1, kind: "hang" } });
      let pid = 0;
      const keepPid = (started: number): void => {
        pid = started;
      };
      const ended = run({ onSpawn: keepPid });
      while (platform.journal.count("GetEnvironment") === 0) await wait(10);
      process.kill(pid, "SIGKILL");
      await ended;
      const next = await run({});
      expect(told(next)).toEqual([ANSWER, "", 0]);
      expect(next.tookMs).toBeLessThan(2500);
    });

    it("an inherited ignored SIGCHLD: the token's command can be run all the same", async () => {
      const config = join(bed.root, "config.json");
      writeFileSync(config, JSON.stringify({ token: { command: ["/bin/echo", "env-token"] } }), {
        mode: 0o600,
      });
      const { DOCKER_CREDENTIAL_ONA_TOKEN: _, ...without } = env;
      const options = {
        env: { ...without, DOCKER_CREDENTIAL_ONA_CONFIG: config },
        launcher: IGNORING("SIGCHLD"),
      };
      expect(told(await run(options))).toEqual([ANSWER, "", 0]);
    });

    it("no file may be written (ulimit -f 0): a cold get answers", async () => {
      // On a disk: what is in memory knows no such limit everywhere.
      const cache = join(bed.root, "cache");
      mkdirSync(cache, { mode: 0o700 });
      const options = { env: { ...env, DOCKER_CREDENTIAL_ONA_CACHE_DIR: cache } };
      expect(told(await run({ ...options, launcher: shell('ulimit -f 0; exec "$@"') }))).toEqual([
        ANSWER,
        "",
        0,
      ]);
      expect(existsSync(cache)).toBe(true);
    });

    it.each([
      ["get", "yes"],
      ["store", "yes"],
      ["erase", "yes"],
      ["kubelet", "yes"],
      ["get", "cat /dev/zero"],
      ["store", "cat /dev/zero"],
    ])("%s < %s: a stdin without an end is ended by the deadline", async (verb, writer) => {
      const result = await run(
        { launcher: shell(`${writer} | "$@"`), env: { ...env, DOCKER_CREDENTIAL_ONA_DEADLINE_MS: "800" } },
        [verb],
      );
      expect(`${result.stdout}${result.stderr}`).toMatch(
        /^[ -~]+ \[deadline\]\n$|stdin was not closed in time/,
      );
      expect([result.code, result.tookMs < 6000]).toEqual([1, true]);
    });

    it.each([["get"], ["list"], ["version"], ["help"]])(
      "%s > /dev/full: a write that fails is no success",
      async (verb) => {
        const result = await run({ launcher: shell('exec "$@" > /dev/full') }, [verb]);
        expect(told(result)).toEqual(["", "", 1]);
      },
    );

    it("a warm get > /dev/full is no success either", async () => {
      expect(told(await run({}))).toEqual([ANSWER, "", 0]);
      expect(told(await run({ launcher: shell('exec "$@" > /dev/full') }))).toEqual(["", "", 1]);
    });

    it("a pipe that does not block and is slowly read gets all of a large answer", async () => {
      const secret = "x".repeat(500_000);
      const stored = JSON.stringify({ ServerURL: "big.example.test", Username: "u", Secret: secret });
      expect(told(await run({ stdin: stored }, ["store"]))).toEqual(["", "", 0]);
      const slowly = `import os,sys,time
r, w = os.pipe()
os.set_blocking(w, False)
if os.fork() == 0:
    os.close(r); os.dup2(w, 1); os.execvp(sys.argv[1], sys.argv[1:])
os.close(w)
total = 0
while True:
    part = os.read(r, 20000)
    if not part: break
    total += len(part); time.sleep(0.002)
print(total, os.WEXITSTATUS(os.wait()[1]))`;
      const { stdout } = await run({ stdin: "big.example.test", launcher: ["python3", "-c", slowly] });
      const size = `{"ServerURL":"big.example.test","Username":"u","Secret":""}\n`.length + secret.length;
      expect(stdout.toString()).toBe(`${size} 0\n`);
    });
  });
}
