// launch.c for machines without a C compiler: the same file of cases, the same lines. Less steady, and it cannot tell
// a process's own processor time and peak of memory (they are 0).

import { spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

interface Read {
  readonly name: string;
  readonly args: string[];
  readonly env: Record<string, string>;
  readonly options: Map<string, string>;
}

function readCases(path: string): readonly Read[] {
  const cases: Read[] = [];
  for (const line of readFileSync(path, "utf8").split("\n")) {
    const [key = "", value = ""] = line.split(/\t(.*)/s);
    const last = cases.at(-1);
    if (key === "case") cases.push({ name: value, args: [], env: {}, options: new Map() });
    else if (key === "arg") last?.args.push(value);
    else if (key === "env" && last) last.env[value.split("=")[0] ?? ""] = value.slice(value.indexOf("=") + 1);
    else last?.options.set(key, value);
  }
  return cases;
}

function prepare({ options }: Read): void {
  const gone = options.get("gone");
  if (gone !== undefined) rmSync(gone, { force: true });
  const dir = options.get("empty");
  if (dir === undefined) return;
  try {
    for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true, force: true });
  } catch {
    // It is not there yet.
  }
}

const report = (name: string, startMs: number, exitCode: number | null): void => {
  process.stdout.write(`${name}\t${Math.round((performance.now() - startMs) * 1e6)}\t0\t0\t${exitCode}\n`);
};

function runOne(one: Read): void {
  const [program = "", ...args] = one.args;
  const stdin = one.options.get("stdin") ?? "/dev/null";
  const input = readFileSync(stdin);
  const piped = one.options.has("pipes");
  prepare(one);
  const startMs = performance.now();
  let exitCode: number | null = 0;
  for (let count = Number(one.options.get("times") ?? 1); count > 0; count -= 1) {
    const fd = piped ? undefined : openSync(stdin, "r");
    const result = spawnSync(program, args, {
      env: one.env,
      ...(fd === undefined ? { input } : {}),
      stdio: [fd ?? "pipe", piped ? "pipe" : "ignore", "ignore"],
    });
    if (fd !== undefined) closeSync(fd);
    if (result.status !== 0) exitCode = result.status;
  }
  report(one.name, startMs, exitCode);
}

async function runTogether(one: Read, count: number): Promise<void> {
  const [program = "", ...args] = one.args;
  prepare(one);
  const startMs = performance.now();
  const ends = Array.from({ length: count }, () => {
    const fd = openSync(one.options.get("stdin") ?? "/dev/null", "r");
    const child = spawn(program, args, { env: one.env, stdio: [fd, "ignore", "ignore"] });
    closeSync(fd);
    return new Promise<void>((resolve) => {
      child.on("exit", (code) => {
        report(one.name, startMs, code);
        resolve();
      });
    });
  });
  await Promise.all(ends);
}

const [file = "", rounds = "1"] = process.argv.slice(2);
const cases = readCases(file);
for (let round = 0; round < Number(rounds); round += 1) {
  // Another order each round: what ran before leaves the caches warm or cold.
  const shuffled = cases.map((one) => ({ one, at: Math.random() })).toSorted((a, b) => a.at - b.at);
  for (const { one } of shuffled) {
    const together = Number(one.options.get("together") ?? 0);
    if (together > 0) await runTogether(one, together);
    else runOne(one);
  }
}
