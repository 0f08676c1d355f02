// What a caller may do to the process around a `get`: broken pipes, closed descriptors, a vanished directory, any
// umask, signals, no environment at all. The answer stays right, and nothing is told that should not be.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { buildsUnderTest } from "../support/builds.ts";
import { answerFor, type Machine, type MachineRun, NOT_FOUND, told } from "../support/machine.ts";
import { machineForTest } from "../support/machine-for-test.ts";
import { run as execute, type Running } from "../support/run.ts";
import { everythingBelow } from "../support/transcript-canaries.ts";

const HOST = "registry.example.test";
const SECRET = "c4nary-password";
const ANSWER = answerFor(HOST, "demo", SECRET);
const shell = (script: string): string[] => ["/bin/sh", "-c", script, "sh"];

for (const build of buildsUnderTest()) {
  describe(build.name, () => {
    let at: Machine;

    beforeEach(async () => {
      const secrets = [{ name: "TEAM", host: HOST, value: `demo:${SECRET}` }];
      at = await machineForTest({ build, secrets });
    });

    const run = (args: readonly string[], more: MachineRun = {}): Running =>
      at.run(args, { stdin: HOST, ...more });

    it("stdout closed early: a normal end, nothing on stderr", async () => {
      for (const args of [["get"], ["list"], ["version"], ["help"], ["nonsense"], []]) {
        const result = await run(args, { stdout: "closed" });
        expect(result.stderr, args.join(" ")).toBe("");
        expect(result.signal, args.join(" ")).toBeNull();
        expect([0, 1], args.join(" ")).toContain(result.code);
      }
    });

    it("stdout closed from the start: no stack trace", async () => {
      const result = await run(["get"], { launcher: shell('exec "$@" >&-') });
      expect(result.stderr).not.toMatch(/\n\s+at |Error:|EBADF/);
      expect(result.timedOut).toBe(false);
    });

    it("stderr closed from the start: the answer is unharmed", async () => {
      const result = await run(["get"], { launcher: shell('exec "$@" 2>&-') });
      expect(told(result)).toEqual({ stdout: ANSWER, stderr: "", end: 0 });
    });

    it("stdin closed from the start is an empty stdin; list and version do not care", async () => {
      const get = await run(["get"], { launcher: shell('exec "$@" <&-') });
      expect(told(get)).toEqual({ stdout: "no credentials server URL\n", stderr: "", end: 1 });
      const list = await run(["list"], { launcher: shell('exec "$@" <&-') });
      expect(told(list)).toEqual({ stdout: `{"${HOST}":""}\n`, stderr: "", end: 0 });
    });

    it("stdin that is a directory is no answer and no stack trace", async () => {
      const result = await run(["get"], { launcher: shell('exec "$@" </') });
      expect(result.stderr).toBe("");
      expect(result.stdout).toMatch(/^[ -~]+\n$/);
      expect(result.code).toBe(1);
    });

    it("a large answer arrives whole at a reader that is late", async () => {
      const secret = "s".repeat(700_000);
      await run(["store"], {
        stdin: JSON.stringify({ ServerURL: "big.example.test", Username: "me", Secret: secret }),
      });
      const late = await run(["get"], {
        stdin: "big.example.test",
        launcher: shell('"$@" | (sleep 0.7; cat)'),
      });
      expect(late.stdout.length).toBe(
        secret.length + '{"ServerURL":"big.example.test","Username":"me","Secret":""}\n'.length,
      );
      expect(late.stderr).toBe("");
    });

    it("a working directory that is gone", async () => {
      const result = await run(["get"], {
        launcher: shell(`cd '${at.root}' && mkdir gone && cd gone && rmdir ../gone && exec "$@"`),
      });
      expect(told(result)).toEqual({ stdout: ANSWER, stderr: "", end: 0 });
    });

    it("a working directory that may not be read", async () => {
      mkdirSync(join(at.root, "closed"), { mode: 0o000 });
      const result = await run(["get"], { cwd: join(at.root, "closed") });
      expect(told(result)).toEqual({ stdout: ANSWER, stderr: "", end: 0 });
    });

    it("an empty environment", async () => {
      const bare = (verb: string) => execute([...build.command, verb], { env: {}, cwd: at.cwd, stdin: HOST });
      const get = await bare("get");
      expect(told(get)).toEqual({ stdout: NOT_FOUND, stderr: "", end: 1 });
      const version = await bare("version");
      expect(version.stdout).toMatch(/^docker-credential-ona [0-9]/);
      expect(version.code).toBe(0);
      expect(readdirSync(at.cwd)).toEqual([]);
    });

    it.each(["000", "022", "077", "0777"])(
      "umask %s: directories 0700, files 0600, and the answer",
      async (umask) => {
        const under = { launcher: shell(`umask ${umask}; exec "$@"`) };
        expect(told(await run(["get"], under))).toMatchObject({ stdout: ANSWER, end: 0 });
        const login = { ServerURL: "local.example.test", Username: "me", Secret: "mine" };
        expect(told(await run(["store"], { ...under, stdin: JSON.stringify(login) }))).toMatchObject({
          stdout: "",
          end: 0,
        });
        expect(told(await run(["get"], { ...under, stdin: "local.example.test" }))).toMatchObject({ end: 0 });
        expect(told(await run(["get"], under))).toMatchObject({ stdout: ANSWER, end: 0 });
        const own = [join(at.root, "run"), join(at.home, ".local")].flatMap(everythingBelow);
        expect(own.length).toBeGreaterThan(2);
        for (const { path, mode, isDirectory } of own) {
          expect(mode.toString(8), path).toBe(isDirectory ? "700" : "600");
        }
      },
    );

    it("no secret and no token in any argument list or in a child's environment", async () => {
      await at.platform.apply({ do: "setLatency", latencyMs: 250 });
      at.write("token.sh", "#!/bin/sh\nsleep 0.4\necho env-token\n", 0o700);
      at.configure({ token: { command: [at.path("token.sh")] } });
      const seen: string[] = [];
      let running = true;
      const env = { DOCKER_CREDENTIAL_ONA_TOKEN: undefined, ONA_API_KEY: "c4nary-personal-token" };
      const result = run(["get"], { env });
      void watch(result.pid, seen, () => running);
      expect(told(await result)).toMatchObject({ stdout: ANSWER, end: 0 });
      running = false;
      expect(seen.some((text) => text.includes("token.sh"))).toBe(true);
      expect(seen.filter((text) => text.includes(SECRET) || text.includes("env-token"))).toEqual([]);
      expect(seen.filter((text) => text.includes("c4nary-personal-token"))).toEqual([]);
    });

    it.runIf(build.name === "executable")("a debugger's signal changes nothing", async () => {
      await at.platform.apply({ do: "setLatency", latencyMs: 400 });
      const result = run(["get"]);
      // Once the program has begun: how long its runtime takes to start is the machine's affair.
      const look = setInterval(() => {
        const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readOrEmpty(`/proc/${result.pid}/status`))?.[1] ?? "0";
        if ((BigInt(`0x${caught}`) & SIGUSR1_BIT) === 0n) return;
        clearInterval(look);
        for (const afterMs of [0, 50, 200]) setTimeout(() => result.kill("SIGUSR1"), afterMs);
      }, 2);
      setTimeout(() => clearInterval(look), 20_000).unref();
      expect(told(await result)).toEqual({ stdout: ANSWER, stderr: "", end: 0 });
    });

    it("a home and a state directory that cannot be written: get stays right, and says nothing more", async () => {
      rmSync(at.home, { recursive: true });
      writeFileSync(at.home, "a file where the home should be");
      rmSync(join(at.root, "run"), { recursive: true });
      writeFileSync(join(at.root, "run"), "a file where the runtime directory should be");
      const result = await run(["get"], {
        env: { DOCKER_CREDENTIAL_ONA_CACHE_DIR: join(at.root, "run/x") },
      });
      expect(told(result)).toEqual({ stdout: ANSWER, stderr: "", end: 0 });
      expect(existsSync(join(at.cwd, ".cache"))).toBe(false);
    });
  });
}

/** Of the mask in /proc/PID/status; the signal's number is 10 on Linux. */
const SIGUSR1_BIT = 1n << 9n;

/** Keeps the command lines of a process and its children, and the environments of the children. */
async function watch(pid: number, seen: string[], goOn: () => boolean): Promise<void> {
  while (goOn()) {
    for (const child of [pid, ...childrenOf(pid)]) {
      const environment = readOrEmpty(`/proc/${child}/environ`);
      const commandLine = readOrEmpty(`/proc/${child}/cmdline`);
      seen.push(commandLine);
      // Between fork and exec a child is still its parent, environment included.
      if (commandLine !== readOrEmpty(`/proc/${pid}/cmdline`)) seen.push(environment);
    }
    await wait(15);
  }
}

function childrenOf(pid: number): number[] {
  const text = readOrEmpty(`/proc/${pid}/task/${pid}/children`);
  const direct = text
    .split(" ")
    .filter((word) => word !== "")
    .map(Number);
  return direct.flatMap((child) => [child, ...childrenOf(child)]);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
