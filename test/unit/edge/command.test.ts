// The program that gives a token: its limits, what it is told of the environment, and that it cannot hold us.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { ChildResult } from "../../../src/edge/child.ts";
import { deadlineAfter, systemClock } from "../../../src/edge/clock.ts";
import { runCommand } from "../../../src/edge/command.ts";
import { isRoot, scratch } from "../store/scratch.ts";

const run = (
  command: readonly string[],
  env: Record<string, string> = {},
  limitMs = 20_000,
): Promise<ChildResult> => runCommand(command, env, deadlineAfter(systemClock, limitMs));
const sh = (script: string, env?: Record<string, string>, limitMs?: number): Promise<ChildResult> =>
  run(["/bin/sh", "-c", script, "c4nary-argument"], env, limitMs);

async function output(promise: Promise<ChildResult>): Promise<string> {
  const result = await promise;
  if (result.kind === "failed") throw new Error(result.reason);
  return result.stdout;
}

/** What it says when it fails; neither output nor arguments may be in it. */
async function failure(promise: Promise<ChildResult>): Promise<string> {
  const result = await promise;
  if (result.kind !== "failed") throw new Error(`it succeeded: ${result.stdout}`);
  expect(inspect(result)).not.toContain("c4nary");
  return result.reason;
}

it("gives what the program printed", async () => {
  expect(await output(sh("printf 'a token\\n'; printf 'noise' >&2"))).toBe("a token\n");
  expect(await output(run(["/bin/echo", "$HOME; id", "*", "a b", ""]))).toBe("$HOME; id * a b \n");
});

it("64 KiB are allowed", async () => {
  expect(await output(sh("head -c 65536 /dev/zero | tr '\\0' x"))).toHaveLength(65_536);
});

describe("fails, without a word of what it printed or was told", () => {
  it.each<[string, string, string]>([
    ["it fails", "echo c4nary; echo c4nary >&2; exit 3", "failed"],
    ["it is killed", "echo c4nary; kill -9 $$", "failed"],
    ["it prints more than 64 KiB", "head -c 65537 /dev/zero | tr '\\0' x", "printed more than 64 KiB"],
    ["it prints without end", "while :; do echo c4nary; done", "printed more than 64 KiB"],
  ])("%s", async (_, script, reason) => {
    expect(await failure(sh(script))).toBe(reason);
  });

  it("it is not there, is no program, or is a directory", async () => {
    const plain = join(scratch(), "plain");
    writeFileSync(plain, "#!/bin/sh\necho x\n", { mode: 0o600 });
    for (const program of ["/no/such/c4nary", "/", plain]) {
      expect(await failure(run([program, "c4nary"]))).toBe("could not be started");
    }
  });

  it.each<[string, string]>([
    ["it hangs", "exec sleep 60"],
    ["it hangs and ignores signals", "trap '' TERM INT HUP; while :; do sleep 1; done"],
    ["its child hangs", "sleep 60; echo c4nary"],
    ["it closed its output and hangs", "exec >&-; exec sleep 60"],
  ])("%s: the limit ends it", async (_, script) => {
    expect(await failure(sh(script, {}, 400))).toBe("took too long");
  });

  it("a word that no program can be given", async () => {
    expect(await failure(run(["/bin/echo", "c4nary\0"]))).toBe("failed");
  });

  it("no time left", async () => {
    expect(await failure(sh("sleep 1; echo x", {}, 0))).toBe("took too long");
  });

  it("after three seconds, whatever the deadline", async () => {
    expect(await failure(sh("exec sleep 60", {}, 60_000))).toBe("took too long");
  });
});

it("a daemon that it leaves behind with the pipe in its hand does not hold us", async () => {
  const mark = join(scratch(), "pid");
  expect(await output(sh(`sleep 60 & echo $! > ${mark}; echo token; exit 0`))).toBe("token\n");
  process.kill(Number(readFileSync(mark, "utf8")), "SIGKILL");
});

it("a program that was ended is dead, and so is what it started", async () => {
  const dir = scratch();
  await failure(sh(`echo $$ > ${dir}/self; sleep 60 & echo $! > ${dir}/child; wait`, {}, 1000));
  for (const name of ["self", "child"]) {
    const stat = `/proc/${readFileSync(join(dir, name), "utf8").trim()}/stat`;
    const isDead = (): boolean => !existsSync(stat) || /\) Z /.test(readFileSync(stat, "utf8"));
    for (let tries = 0; !isDead() && tries < 100; tries += 1) await systemClock.sleep(20);
    expect(isDead(), name).toBe(true);
  }
});

it("its environment is small and holds no secret; stdin is empty; it runs in /", async () => {
  const secrets = [
    "DOCKER_CREDENTIAL_ONA_TOKEN",
    "ONA_TOKEN",
    "GITPOD_TOKEN",
    "ONA_API_KEY",
    "GITPOD_API_KEY",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ACCESS_KEY_ID",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "DOCKER_AUTH_CONFIG",
    "NODE_OPTIONS",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "BASH_ENV",
    "ENV",
    "PYTHONPATH",
    "SOME_PASSWORD",
  ];
  const passedOn = {
    PATH: "/usr/bin:/bin",
    HOME: "/home/me",
    GITPOD_ENVIRONMENT_ID: "e1",
    no_proxy: ".internal",
  };
  const env = { ...passedOn, ...Object.fromEntries(secrets.map((name) => [name, "c4nary"])) };
  const lines = (await output(run(["/usr/bin/env"], env))).trim().split("\n");
  expect(lines.toSorted()).toEqual(
    Object.entries(passedOn)
      .map(([name, value]) => `${name}=${value}`)
      .toSorted(),
  );
  expect(await output(sh("pwd; cat; echo end", env))).toBe("/\nend\n");
});

it.skipIf(isRoot)("a program that we may not run", async () => {
  const file = join(scratch(), "x");
  writeFileSync(file, "#!/bin/sh\n", { mode: 0o000 });
  expect(await failure(run([file]))).toBe("could not be started");
});
