// Several real processes on one cache directory: readers see old or new and nothing between, and of many who want the
// same answer one asks, whatever the last holder left behind.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../../src/edge/clock.ts";
import { createCache } from "../../../src/store/cache.ts";
import { repository } from "../../support/builds.ts";
import { scratch, uid } from "./scratch.ts";

const node = join(repository, "node_modules/node/bin/node");
const program = fileURLToPath(new URL("store-child.ts", import.meta.url));

interface Child {
  readonly process: ChildProcess;
  readonly ended: Promise<{ code: number | null; output: string; errors: string }>;
}

function start(task: string, dir: string, number: number): Child {
  const child = spawn(node, [program, task, dir, String(number)], {
    env: {},
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  let errors = "";
  child.stdout.on("data", (bytes: Buffer) => {
    output += bytes;
  });
  child.stderr.on("data", (bytes: Buffer) => {
    errors += bytes;
  });
  const ended = new Promise<{ code: number | null; output: string; errors: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, output: output.trim(), errors })),
  );
  return { process: child, ended };
}

function privateDir(): string {
  const dir = join(scratch(), "cache");
  mkdirSync(dir, { mode: 0o700 });
  return dir;
}

const lockPath = (dir: string): string =>
  createCache([{ dir, parents: false }], uid, systemClock).leasePath("k") ?? "";
const askings = (dir: string): number => readFileSync(join(dir, "asked"), "utf8").trim().split("\n").length;

async function answers(children: readonly Child[]): Promise<void> {
  for (const { ended } of children) {
    expect(await ended).toEqual({ code: 0, output: '"answer "', errors: "" });
  }
}

it("two writers and two readers: no read is torn", async () => {
  const dir = privateDir();
  const writers = [start("write", dir, 1000), start("write", dir, 1000)];
  const readers = [start("read", dir, 1000), start("read", dir, 1000)];
  for (const { ended } of readers) {
    const { output, errors } = await ended;
    const { reads, torn } = JSON.parse(output) as { reads: number; torn: number };
    expect(errors).toBe("");
    expect(torn).toBe(0);
    expect(reads).toBeGreaterThan(0);
  }
  for (const { ended } of writers) expect(Number((await ended).output)).toBeGreaterThan(0);
  expect(readdirSync(dir).filter((name) => name.includes(".tmp-"))).toEqual([]);
});

it("writers that are killed leave a whole entry or none, and their leavings are swept later", async () => {
  const dir = privateDir();
  for (let round = 0; round < 4; round += 1) {
    const writer = start("write", dir, 60_000);
    await systemClock.sleep(150 + Math.random() * 150);
    writer.process.kill("SIGKILL");
    await writer.ended;
    const reader = await start("read", dir, 1).ended;
    expect(JSON.parse(reader.output)).toMatchObject({ torn: 0 });
  }
  // Whether a writer was hit between its two steps is chance: one such file is there for sure.
  const entry = readdirSync(dir).find((name) => name.endsWith(".json")) ?? "";
  writeFileSync(join(dir, `${entry}.tmp-12-abcdefgh`), "", { mode: 0o600 });
  const orphans = readdirSync(dir).filter((name) => name.includes(".tmp-"));
  for (const orphan of orphans) utimesSync(join(dir, orphan), 1000, 1000);
  utimesSync(join(dir, "swept"), 1000, 1000);
  const writer = await start("write", dir, 1).ended;
  expect(writer.code).toBe(0);
  expect(readdirSync(dir).filter((name) => orphans.includes(name))).toEqual([]);
});

describe("ten who want the same answer", () => {
  const ten = (dir: string): Child[] => Array.from({ length: 10 }, () => start("ask", dir, 200));

  it("on an empty cache: one asks", async () => {
    const dir = privateDir();
    await answers(ten(dir));
    expect(askings(dir)).toBe(1);
  });

  it.each([
    ["an hour old", 3600],
    ["an hour in the future", -3600],
  ])("with a dead lock %s: all are answered, few ask", async (_, ageS) => {
    const dir = privateDir();
    mkdirSync(lockPath(dir));
    utimesSync(lockPath(dir), Date.now() / 1000 - ageS, Date.now() / 1000 - ageS);
    await answers(ten(dir));
    expect(askings(dir)).toBeLessThanOrEqual(5);
  });

  it("and the one who asks is killed: the others are answered all the same", async () => {
    const dir = privateDir();
    const holder = start("ask", dir, 60_000);
    while (!readdirSync(dir).includes("asked")) await systemClock.sleep(20);
    const waiters = [start("ask", dir, 50), start("ask", dir, 50), start("ask", dir, 50)];
    holder.process.kill("SIGKILL");
    await answers(waiters);
    expect(askings(dir)).toBeLessThanOrEqual(4);
  });
});
