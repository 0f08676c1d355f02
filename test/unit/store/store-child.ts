// What the tests of several processes start: a writer, a reader, or somebody who wants an answer under a lease. Each
// ends with one line of JSON on stdout.

import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { isRecord, isText } from "../../../src/core/entry.ts";
import { systemClock as clock, deadlineAfter } from "../../../src/edge/clock.ts";
import { createCache } from "../../../src/store/cache.ts";
import { withLease } from "../../../src/store/lease.ts";

interface Entry {
  readonly atMs: number;
  readonly word: string;
  readonly fill: string;
}

const [task = "", dir = "", ...rest] = process.argv.slice(2);
const number = Number(rest[0] ?? "0");
process.umask(0o077);
const cache = createCache([{ dir, parents: true }], process.geteuid?.() ?? 0, clock);

/** Anything that is there but does not hold together is torn. */
function parse(value: unknown): Entry {
  if (!isRecord(value) || typeof value.atMs !== "number" || !isText(value.word) || !isText(value.fill))
    throw new Error("torn");
  if (value.fill !== value.word.repeat(value.fill.length / value.word.length)) throw new Error("torn");
  return { atMs: value.atMs, word: value.word, fill: value.fill };
}

function entry(word: string): Entry {
  return { atMs: clock.nowMs(), word, fill: word.repeat(1 + Math.floor(Math.random() * 3000)) };
}

async function write(forMs: number): Promise<number> {
  const endMs = clock.monotonicMs() + forMs;
  let writes = 0;
  while (clock.monotonicMs() < endMs) {
    cache.write("k", entry(`w${process.pid}.${writes} `));
    writes += 1;
    if (writes % 100 === 0) await clock.sleep(0);
  }
  return writes;
}

async function read(forMs: number): Promise<{ reads: number; absent: number; torn: number }> {
  const endMs = clock.monotonicMs() + forMs;
  const seen = { reads: 0, absent: 0, torn: 0 };
  while (clock.monotonicMs() < endMs) {
    seen.reads += 1;
    try {
      if (cache.read("k", parse) === undefined) seen.absent += 1;
    } catch {
      seen.torn += 1;
    }
  }
  return seen;
}

/** Every asking leaves a line in `asked`. */
async function ask(takesMs: number): Promise<string> {
  const deadline = deadlineAfter(clock, 20_000);
  const poll = (): string | undefined => cache.read("k", parse)?.word;
  return withLease({ path: cache.leasePath("k"), clock, deadline, poll }, async () => {
    appendFileSync(join(dir, "asked"), `${process.pid}\n`);
    await clock.sleep(takesMs);
    const answer = entry("answer ");
    cache.write("k", answer);
    return answer.word;
  });
}

const tasks: Record<string, (number: number) => Promise<unknown>> = { write, read, ask };
console.log(JSON.stringify(await tasks[task]?.(number)));
process.exit(0);
