// npm run bench: whole processes of dist/docker-credential-ona, measured in turns with their peers on this machine. It
// builds nothing but bare executables of the same runtime, writes its figures down, and never fails by a time.
// `--only fleet` simulates a fleet that runs --watch; it measures no time, so a busy machine changes nothing but how long it
// takes, and it is not among the usual parts.
// With --docs the tables go into docs/speed.md.
// With --check it counts instructions instead, compares them with the committed ones and fails when there are more.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { coldGroup, EMPTY, type Group, REFERENCE, warmGroup } from "./cases.ts";
import { writeTables } from "./docs.ts";
import { type Figures, figures, figuresTable, table } from "./figures.ts";
import { fleet, fleetTable } from "./fleet.ts";
import { type GrowthRow, growth } from "./growth.ts";
import { type HerdFigures, herd } from "./herd.ts";
import { checkInstructions } from "./instructions.ts";
import { CACHE, run, type Sample } from "./launcher.ts";
import { machine, type Sizes, sizes } from "./machine.ts";
import { bareExecutable, runtimeGroup } from "./runtime.ts";
import { executable, installed, startFastClouds } from "./scene.ts";
import { judged, targetsTable } from "./targets.ts";

const RESULTS = fileURLToPath(new URL("results", import.meta.url));
const KEPT_RESULTS = 5;
/** So many rounds between two looks at whether the cache is still warm. */
const CHUNK = 5;
const PARTS = ["warm", "asked", "runtime", "herd", "growth", "size"] as const;

const { values: options } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    rounds: { type: "string", default: "40" },
    only: { type: "string", default: PARTS.join(",") },
    herd: { type: "string", default: "200" },
    fleet: { type: "string", default: "1000" },
    "no-result": { type: "boolean", default: false },
    docs: { type: "boolean", default: false },
  },
});

mkdirSync(CACHE, { recursive: true });
const empty = installed(bareExecutable("empty", ""), "empty");
if (options.check) process.exitCode = (await checkInstructions(empty, options.write)) ? 0 : 1;
else await bench(new Set(options.only.split(",")), Number(options.rounds));

async function bench(parts: ReadonlySet<string>, rounds: number): Promise<void> {
  const tables = new Map<string, string>();
  const show = (name: string, text: string): void => {
    tables.set(name, text);
    console.log(`\n${text}`);
  };
  const fleetFigures = parts.has("fleet") ? await fleet(Number(options.fleet)) : undefined;
  if (fleetFigures !== undefined) show("fleet", fleetTable(fleetFigures));
  const groups = new Map<string, ReadonlyMap<string, Figures>>();
  const clouds = await startFastClouds();
  for (const [part, make] of [
    ["warm", () => warmGroup(clouds, empty)],
    ["asked", () => coldGroup(clouds)],
    ["runtime", async () => runtimeGroup()],
  ] as const) {
    if (!parts.has(part)) continue;
    const measured = await measure(await make(), part === "warm" ? rounds : Math.ceil(rounds / 2));
    groups.set(part, measured);
    show(part, figuresTable(measured, part === "runtime" ? EMPTY : REFERENCE));
  }
  await clouds.close();
  const herdFigures = parts.has("herd") ? await herd(Number(options.herd), 300) : undefined;
  if (herdFigures !== undefined) show("herd", herdTable(herdFigures));
  const rows = parts.has("growth") ? await growth([1, 10, 100, 1000], 10_000, Math.ceil(rounds / 2)) : [];
  if (rows.length > 0) show("growth", growthTable(rows));
  const size = parts.has("size") ? sizes(executable().command[0] ?? "") : undefined;
  if (size !== undefined) show("size", sizeLine(size));
  const targets = judged(groups, herdFigures, size);
  if (targets.length > 0) console.log(`\n${targetsTable(targets)}`);
  if (options.docs) writeTables(tables);
  if (options["no-result"]) return;
  const named = Object.fromEntries([...groups].map(([name, all]) => [name, Object.fromEntries(all)]));
  const measured = { groups: named, herd: herdFigures, growth: rows, size, targets };
  keep({ machine: machine(), rounds, fleet: fleetFigures, ...measured });
}

async function measure(group: Group, rounds: number): Promise<ReadonlyMap<string, Figures>> {
  const all = new Map<string, Sample[]>();
  try {
    for (let done = 0; done < rounds; done += CHUNK) {
      await group.refresh();
      for (const [name, samples] of await run(group.cases, Math.min(CHUNK, rounds - done))) {
        all.set(name, [...(all.get(name) ?? []), ...samples]);
      }
    }
  } finally {
    await group.close();
  }
  return new Map([...all].map(([name, samples]) => [name, figures(samples)]));
}

function herdTable({ processes, requestMs, requests, figures: of }: HerdFigures): string {
  const asked = Object.entries(requests).map(([method, count]) => `${count} × ${method}`);
  const row = [of.minMs, of.medianMs, of.p99Ms].map((ms) => ms.toFixed(0));
  const head = [`${processes} cold at once, ${requestMs} ms per request`, "first ms", "median ms", "p99 ms"];
  return table(head, [[asked.join(", "), ...row]]);
}

function growthTable(rows: readonly GrowthRow[]): string {
  const counts = (all: Readonly<Record<string, number>>): string =>
    Object.entries(all)
      .map(([method, count]) => `${count} × ${method}`)
      .join(", ");
  return table(
    ["what there is", "warm get ms", "cold get ms", "cold list ms", "a cold get asks", "a cold list asks"],
    rows.map(({ what, warm, cold, list, coldRequests, listRequests }) => [
      what,
      warm.medianMs.toFixed(2),
      cold.medianMs.toFixed(2),
      list.medianMs.toFixed(2),
      counts(coldRequests),
      counts(listRequests),
    ]),
  );
}

function sizeLine({ executableBytes, runtimeBytes, gzipBytes, zstdBytes }: Sizes): string {
  const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
  const zstd = zstdBytes === undefined ? "" : `, ${mb(zstdBytes)} MB with zstd`;
  const more = mb(executableBytes - runtimeBytes);
  return `executable: ${mb(executableBytes)} MB, ${more} MB more than Bun; ${mb(gzipBytes)} MB with gzip${zstd}`;
}

/** Numbered within a day; the oldest go. */
function keep(result: object): void {
  mkdirSync(RESULTS, { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  const names = (): string[] =>
    readdirSync(RESULTS).filter((name) => /^\d{4}-\d\d-\d\d-\d+\.json$/.test(name));
  const numbers = names()
    .filter((name) => name.startsWith(date))
    .map((name) => Number(/-(\d+)\.json$/.exec(name)?.[1]));
  const file = `${date}-${String(Math.max(0, ...numbers) + 1).padStart(2, "0")}.json`;
  writeFileSync(
    join(RESULTS, file),
    `${JSON.stringify({ date: new Date().toISOString(), ...result }, null, 1)}\n`,
  );
  for (const old of names().toSorted().slice(0, -KEPT_RESULTS)) rmSync(join(RESULTS, old));
  console.log(`\ntest/bench/results/${file}`);
}
