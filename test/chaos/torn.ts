// One writer and four readers on one entry for a minute: no reader may ever see a part of it.

import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { repository } from "../support/builds.ts";
import { Machine } from "../support/machine.ts";
import type { Finding } from "./dice.ts";

const run = promisify(execFile);
const program = join(repository, "test/unit/store/store-child.ts");

export async function tornReads(forMs: number): Promise<Finding> {
  await using at = new Machine();
  const dir = at.path("cache");
  mkdirSync(dir, { mode: 0o700 });
  const start = (task: string): Promise<{ stdout: string }> =>
    run(process.execPath, [program, task, dir, String(forMs)], { env: {} });
  const [written, ...read] = await Promise.all(["write", "read", "read", "read", "read"].map(start));
  const sums = read.map(({ stdout }) => JSON.parse(stdout) as { reads: number; torn: number });
  const reads = sums.reduce((sum, one) => sum + one.reads, 0);
  const torn = sums.reduce((sum, one) => sum + one.torn, 0);
  const facts = `${reads} reads during ${written?.stdout.trim()} writes`;
  return { name: "torn reads", faults: torn > 0 ? [`${torn} torn reads`] : [], facts };
}
