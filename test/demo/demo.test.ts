// The demo as a person runs it: it tells the truth, fails loudly, and leaves nothing behind, also when interrupted.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const demo = fileURLToPath(new URL("demo.ts", import.meta.url));
const ourOwn = ["--client", "minimal", "--registry", "ours"];

interface DemoRun {
  exitCode: number | null;
  stdout: string;
  stderr: string;
  leftBehind: string[];
}

/** Runs the demo in a temporary directory of its own; `until` interrupts it at those words. */
async function runDemo(args: readonly string[], until?: string): Promise<DemoRun> {
  const directory = await mkdtemp(join(tmpdir(), "demo-test-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const environment = { PATH: "/usr/bin:/bin", HOME: directory, TMPDIR: directory };
  const child = spawn(process.execPath, [demo, ...args], {
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString("utf8");
    if (until !== undefined && stdout.includes(until)) {
      child.kill("SIGINT");
    }
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString("utf8");
  });
  await once(child, "close");
  return { exitCode: child.exitCode, stdout, stderr, leftBehind: await readdir(directory) };
}

/** A directory with a shell script in place of the executable. */
async function helperThat(script: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "demo-helper-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, "docker-credential-ona"), `#!/bin/sh\n${script}\n`);
  await chmod(join(directory, "docker-credential-ona"), 0o755);
  return directory;
}

test("the whole story, with the executable that was built", async () => {
  const { exitCode, stdout, stderr, leftBehind } = await runDemo(ourOwn);
  expect({ exitCode, stderr, leftBehind }).toEqual({ exitCode: 0, stderr: "", leftBehind: [] });
  expect(stdout.match(/pulled sha256:/g)).toHaveLength(5);
  const requests = stdout.match(/requests to the platform: .*/g) ?? [];
  expect([requests[0], requests[2]]).toEqual([
    "requests to the platform: 2 (GetEnvironment, GetSecretValue)",
    "requests to the platform: 2 (GetEnvironment, GetSecretValue)",
  ]);
  expect(stdout).toMatch(/"127\.0\.0\.1:\d+":"demo-user"/);
  expect(stdout).not.toContain('password"');
});

const badHelpers: [string, string, RegExp][] = [
  [
    "knows nothing",
    "cat >/dev/null; echo 'credentials not found in native keychain'; exit 1",
    /answered with 401/,
  ],
  [
    "fails",
    "cat >/dev/null; echo 'no platform [platform-outage]'; exit 1",
    /no platform \[platform-outage\]/,
  ],
  [
    "has another password",
    `cat >/dev/null; echo '{"ServerURL":"x","Username":"demo-user","Secret":"old"}'`,
    /refused with 401/,
  ],
];
for (const [name, script, words] of badHelpers) {
  test(`a helper that ${name} ends the demo with exit code 1`, async () => {
    const dist = await helperThat(script);
    const { exitCode, stderr, leftBehind } = await runDemo([...ourOwn, "--dist", dist]);
    expect({ exitCode, leftBehind }).toEqual({ exitCode: 1, leftBehind: [] });
    expect(stderr).toMatch(words);
  });
}

test("no executable: it says what makes one", async () => {
  const { exitCode, stderr } = await runDemo(["--dist", "/nonexistent"]);
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining("npm run build")]);
});

test("interrupted in the middle, it clears up first", async () => {
  const dist = await helperThat("exec sleep 60");
  const run = await runDemo([...ourOwn, "--dist", dist], "$ minimal pull");
  expect([run.exitCode, run.leftBehind]).toEqual([130, []]);
});

test("--keep says what to export, stays, and goes without a trace", async () => {
  const { exitCode, stdout, leftBehind } = await runDemo([...ourOwn, "--keep"], "$ADMIN/journal");
  expect([exitCode, leftBehind]).toEqual([0, []]);
  expect(stdout).toMatch(/^export DOCKER_CREDENTIAL_ONA_CACHE_DIR=/m);
});
