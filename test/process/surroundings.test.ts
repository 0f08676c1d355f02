// What a caller may do to the process around a `get`: broken pipes, closed descriptors, a vanished directory, any
// umask, signals, no environment at all. The answer stays right, and nothing is told that should not be.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
import { everythingBelow } from "../support/transcript-canaries.ts";

const HOST = "registry.example.test";
const SECRET = "c4nary-password";
const ANSWER = `${JSON.stringify({ ServerURL: HOST, Username: "demo", Secret: SECRET })}\n`;
const NOT_FOUND = "credentials not found in native keychain\n";
const shell = (script: string): string[] => ["/bin/sh", "-c", script, "sh"];

for (const build of buildsUnderTest()) {
  describe(build.name, () => {
    let bed: Bed;
    let platform: Platform;
    let env: Record<string, string>;

    beforeEach(async () => {
      bed = makeBed();
      platform = await startPlatform({
        seed: { secrets: [{ name: "TEAM", host: HOST, value: `demo:${SECRET}` }] },
      });
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

    const run = (args: string[], options: Partial<HelperOptions> = {}): Promise<HelperRun> =>
      runHelper(build, args, { env, cwd: bed.cwd, stdin: HOST, ...options });

    const told = (result: HelperRun): unknown => ({
      stdout: result.stdout.toString(),
      stderr: result.stderr.toString(),
      code: result.code,
      signal: result.signal,
    });

    it("stdout closed early: a normal end, nothing on stderr", async () => {
      for (const args of [["get"], ["list"], ["version"], ["help"], ["nonsense"], []]) {
        const result = await run(args, { stdout: "closed" });
        expect(result.stderr.toString(), args.join(" ")).toBe("");
        expect(result.signal, args.join(" ")).toBeNull();
        expect([0, 1], args.join(" ")).toContain(result.code);
      }
    });

    it("stdout closed from the start: no stack trace", async () => {
      const result = await run(["get"], { launcher: shell('exec "$@" >&-') });
      expect(result.stderr.toString()).not.toMatch(/\n\s+at |Error:|EBADF/);
      expect(result.timedOut).toBe(false);
    });

    it("stderr closed from the start: the answer is unharmed", async () => {
      const result = await run(["get"], { launcher: shell('exec "$@" 2>&-') });
      expect(told(result)).toEqual({ stdout: ANSWER, stderr: "", code: 0, signal: null });
    });

    it("stdin closed from the start is an empty stdin; list and version do not care", async () => {
      const get = await run(["get"], { launcher: shell('exec "$@" <&-') });
      expect(told(get)).toEqual({ stdout: "no credentials server URL\n", stderr: "", code: 1, signal: null });
      const list = await run(["list"], { launcher: shell('exec "$@" <&-') });
      expect(told(list)).toEqual({ stdout: `{"${HOST}":""}\n`, stderr: "", code: 0, signal: null });
    });

    it("stdin that is a directory is no answer and no stack trace", async () => {
      const result = await run(["get"], { launcher: shell('exec "$@" </') });
      expect(result.stderr.toString()).toBe("");
      expect(result.stdout.toString()).toMatch(/^[ -~]+\n$/);
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
      expect(late.stderr.toString()).toBe("");
    });

    it("a working directory that is gone", async () => {
      const result = await run(["get"], {
        launcher: shell(`cd '${bed.root}' && mkdir gone && cd gone && rmdir ../gone && exec "$@"`),
      });
      expect(told(result)).toEqual({ stdout: ANSWER, stderr: "", code: 0, signal: null });
    });

    it("a working directory that may not be read", async () => {
      mkdirSync(join(bed.root, "closed"), { mode: 0o000 });
      const result = await run(["get"], { cwd: join(bed.root, "closed") });
      expect(told(result)).toEqual({ stdout: ANSWER, stderr: "", code: 0, signal: null });
    });

    it("an empty environment", async () => {
      const get = await run(["get"], { env: {} });
      expect(told(get)).toEqual({ stdout: NOT_FOUND, stderr: "", code: 1, signal: null });
      const version = await run(["version"], { env: {} });
      expect(version.stdout.toString()).toMatch(/^docker-credential-ona [0-9]/);
      expect(version.code).toBe(0);
      expect(readdirSync(bed.cwd)).toEqual([]);
    });

    it.each(["000", "022", "077", "0777"])(
      "umask %s: directories 0700, files 0600, and the answer",
      async (umask) => {
        const under = { launcher: shell(`umask ${umask}; exec "$@"`) };
        expect(told(await run(["get"], under))).toMatchObject({ stdout: ANSWER, code: 0 });
        const login = { ServerURL: "local.example.test", Username: "me", Secret: "mine" };
        expect(told(await run(["store"], { ...under, stdin: JSON.stringify(login) }))).toMatchObject({
          stdout: "",
          code: 0,
        });
        expect(told(await run(["get"], { ...under, stdin: "local.example.test" }))).toMatchObject({
          code: 0,
        });
        expect(told(await run(["get"], under))).toMatchObject({ stdout: ANSWER, code: 0 });
        const own = [join(bed.root, "run"), join(bed.home, ".local")].flatMap(everythingBelow);
        expect(own.length).toBeGreaterThan(2);
        for (const { path, mode, isDirectory } of own) {
          expect(mode.toString(8), path).toBe(isDirectory ? "700" : "600");
        }
      },
    );

    it("no secret and no token in any argument list or in a child's environment", async () => {
      await platform.apply({ do: "setLatency", latencyMs: 250 });
      writeFileSync(join(bed.root, "token.sh"), "#!/bin/sh\nsleep 0.4\necho env-token\n", { mode: 0o700 });
      const config = join(bed.home, ".config/docker-credential-ona");
      mkdirSync(config, { recursive: true, mode: 0o700 });
      const command = [join(bed.root, "token.sh")];
      writeFileSync(join(config, "config.json"), JSON.stringify({ token: { command } }), { mode: 0o600 });
      const seen: string[] = [];
      let running = true;
      const { DOCKER_CREDENTIAL_ONA_TOKEN: _, ...withoutToken } = env;
      const result = run(["get"], {
        env: { ...withoutToken, ONA_API_KEY: "c4nary-personal-token" },
        onSpawn: (pid) => void watch(pid, seen, () => running),
      });
      expect(told(await result)).toMatchObject({ stdout: ANSWER, code: 0 });
      running = false;
      expect(seen.some((text) => text.includes("token.sh"))).toBe(true);
      expect(seen.filter((text) => text.includes(SECRET) || text.includes("env-token"))).toEqual([]);
      expect(seen.filter((text) => text.includes("c4nary-personal-token"))).toEqual([]);
    });

    it.runIf(build.name === "executable")("a debugger's signal changes nothing", async () => {
      await platform.apply({ do: "setLatency", latencyMs: 400 });
      const result = await run(["get"], {
        onSpawn: (pid) => {
          // Once the program has begun: how long its runtime takes to start is the machine's affair.
          const look = setInterval(() => {
            const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1] ?? "0";
            if ((BigInt(`0x${caught}`) & SIGUSR1_BIT) === 0n) return;
            clearInterval(look);
            for (const afterMs of [0, 50, 200]) setTimeout(() => signal(pid, "SIGUSR1"), afterMs);
          }, 2);
          setTimeout(() => clearInterval(look), 20_000).unref();
        },
      });
      expect(told(result)).toEqual({ stdout: ANSWER, stderr: "", code: 0, signal: null });
    });

    it("a home and a state directory that cannot be written: get stays right, and says nothing more", async () => {
      rmSync(bed.home, { recursive: true });
      writeFileSync(bed.home, "a file where the home should be");
      rmSync(join(bed.root, "run"), { recursive: true });
      writeFileSync(join(bed.root, "run"), "a file where the runtime directory should be");
      const result = await run(["get"], {
        env: { ...env, DOCKER_CREDENTIAL_ONA_CACHE_DIR: join(bed.root, "run/x") },
      });
      expect(told(result)).toEqual({ stdout: ANSWER, stderr: "", code: 0, signal: null });
      expect(existsSync(join(bed.cwd, ".cache"))).toBe(false);
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

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}
