// What a process inherits from whoever starts it: ignored signals stay ignored and the program goes on, limits of file
// sizes do not end it, and an answer that cannot be written is a failure.

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { buildsUnderTest } from "../support/builds.ts";
import { answerFor, type Machine, type MachineRun, told } from "../support/machine.ts";
import { machineForTest } from "../support/machine-for-test.ts";
import type { Running } from "../support/run.ts";

const HOST = "registry.example.test";
const ANSWER = answerFor(HOST, "demo", "pw");
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
    let at: Machine;

    beforeEach(async () => {
      at = await machineForTest({ build, secrets: [{ name: "TEAM", host: HOST, value: "demo:pw" }] });
    });

    const run = (more: MachineRun = {}, args = ["get"]): Running => at.run(args, { stdin: HOST, ...more });

    // Node gives every signal back to the system when it starts, and nothing tells how it was before.
    it.skipIf(build.name !== "executable")(
      "an inherited ignored signal stays ignored: a get goes on to its end",
      async () => {
        const names = "SIGHUP SIGTERM SIGINT SIGPIPE SIGXFSZ SIGALRM SIGUSR2";
        await at.platform.apply({
          do: "fault",
          fault: { method: "GetEnvironment", kind: "slowHeaders", delayMs: 700 },
        });
        const ended = run({ launcher: IGNORING(names) });
        while (at.platform.journal.count("GetEnvironment") === 0) await wait(10);
        const mask = BigInt(
          `0x${/SigIgn:\s*([0-9a-f]+)/.exec(readFileSync(`/proc/${ended.pid}/status`, "utf8"))?.[1] ?? "0"}`,
        );
        for (const signal of ["SIGHUP", "SIGTERM", "SIGINT", "SIGXFSZ", "SIGALRM", "SIGUSR2"] as const) {
          expect(mask & (1n << BigInt(constants.signals[signal] - 1)), signal).not.toBe(0n);
          ended.kill(signal);
        }
        expect(told(await ended)).toEqual({ stdout: ANSWER, stderr: "", end: 0 });
      },
    );

    it.each(["SIGHUP", "SIGTERM", "SIGINT"] as const)(
      "a %s that is not ignored ends a get at once",
      async (signal) => {
        await at.platform.apply({ do: "fault", fault: { method: "GetEnvironment", kind: "hang" } });
        const ended = run();
        while (at.platform.journal.count("GetEnvironment") === 0) await wait(10);
        ended.kill(signal);
        expect(told(await ended)).toEqual({ stdout: "", stderr: "", end: signal });
      },
    );

    it("an inherited ignored SIGCHLD: the token's command can be run all the same", async () => {
      at.configure({ token: { command: ["/bin/echo", "env-token"] } });
      const env = { DOCKER_CREDENTIAL_ONA_TOKEN: undefined };
      expect(told(await run({ env, launcher: IGNORING("SIGCHLD") }))).toEqual({
        stdout: ANSWER,
        stderr: "",
        end: 0,
      });
    });

    it("no file may be written (ulimit -f 0): a cold get answers", async () => {
      // On a disk: what is in memory knows no such limit everywhere.
      const cache = join(at.root, "cache");
      mkdirSync(cache, { mode: 0o700 });
      const options = { env: { DOCKER_CREDENTIAL_ONA_CACHE_DIR: cache } };
      expect(told(await run({ ...options, launcher: shell('ulimit -f 0; exec "$@"') }))).toEqual({
        stdout: ANSWER,
        stderr: "",
        end: 0,
      });
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
        { launcher: shell(`${writer} | "$@"`), env: { DOCKER_CREDENTIAL_ONA_DEADLINE_MS: "800" } },
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
        expect(told(result)).toEqual({ stdout: "", stderr: "", end: 1 });
      },
    );

    it("a warm get > /dev/full is no success either", async () => {
      expect(told(await run())).toEqual({ stdout: ANSWER, stderr: "", end: 0 });
      expect(told(await run({ launcher: shell('exec "$@" > /dev/full') }))).toEqual({
        stdout: "",
        stderr: "",
        end: 1,
      });
    });

    it("a pipe that does not block and is slowly read gets all of a large answer", async () => {
      const secret = "x".repeat(500_000);
      const stored = JSON.stringify({ ServerURL: "big.example.test", Username: "u", Secret: secret });
      expect(told(await run({ stdin: stored }, ["store"]))).toEqual({ stdout: "", stderr: "", end: 0 });
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
      expect(stdout).toBe(`${size} 0\n`);
    });
  });
}
