// Counts the instructions of a warm answer: a figure that a busy machine does not change, so that a regression shows.
// What the runtime needs by itself is taken off, by counting an executable that does nothing.

import { spawnSync } from "node:child_process";
import { openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bunVersion } from "../../build/compile.ts";
import { CACHE } from "./launcher.ts";
import { executable, HOST, type Scene, startScene, UNKNOWN } from "./scene.ts";

const FILE = fileURLToPath(new URL("instructions.json", import.meta.url));
/** A count varies by some tenths of a percent, with addresses and threads. */
const TOLERANCE = 0.02;
const RUNS = 3;

interface Counts {
  readonly warm: number;
  readonly unknown: number;
}
type Committed = Record<string, Counts>;

interface Tool {
  readonly name: string;
  readonly command: readonly string[];
  readonly pattern: RegExp;
  /** Where it writes its count. */
  readonly output: string;
}

function tools(): readonly Tool[] {
  const output = join(CACHE, "count");
  return [
    {
      name: "perf",
      command: ["perf", "stat", "-x", ",", "-e", "instructions:u", "-o", output],
      pattern: /^(\d+),.*instructions:u/m,
      output,
    },
    {
      name: "callgrind",
      command: ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", `--log-file=${output}`],
      pattern: /Collected : (\d+)/,
      output,
    },
  ];
}

function count(tool: Tool, command: readonly string[], env: Scene["env"], stdin: string): number | undefined {
  const [program = "", ...args] = [...tool.command, ...command];
  writeFileSync(tool.output, "");
  spawnSync(program, args, { env: { ...env }, stdio: [openSync(stdin, "r"), "ignore", "ignore"] });
  const found = tool.pattern.exec(readFileSync(tool.output, "utf8"))?.[1];
  return found === undefined ? undefined : Number(found);
}

/** True when nothing got worse, or nothing can be counted. `write`: the counts become the committed ones. */
export async function checkInstructions(empty: string, write: boolean): Promise<boolean> {
  const scene = await startScene({
    seed: { secrets: [{ name: "TEAM", host: HOST, value: "demo:password" }] },
  });
  try {
    const tool = tools().find((one) => count(one, ["/bin/true"], scene.env, "/dev/null") !== undefined);
    if (tool === undefined) {
      console.log("neither perf nor valgrind can count instructions here: nothing was checked");
      return true;
    }
    const now = await counted(tool, empty, scene);
    const key = `${tool.name}, bun ${bunVersion}, ${process.platform}-${process.arch}`;
    const committed = JSON.parse(readFileSync(FILE, "utf8")) as Committed;
    console.log(`instructions beyond an empty executable (${key})`);
    const fine = compared(committed[key], now);
    if (write) {
      writeFileSync(FILE, `${JSON.stringify({ ...committed, [key]: now }, null, 2)}\n`);
      return true;
    }
    return fine;
  } finally {
    await scene.close();
  }
}

async function counted(tool: Tool, empty: string, scene: Scene): Promise<Counts> {
  const [program = ""] = executable().command;
  const least = async (command: readonly string[], host: string): Promise<number> => {
    const counts: number[] = [];
    for (let n = 0; n < RUNS; n += 1) {
      for (const name of [HOST, UNKNOWN]) await scene.warm(name);
      counts.push(count(tool, command, scene.env, scene.file(host)) ?? Number.NaN);
    }
    return Math.min(...counts);
  };
  const base = await least([empty], HOST);
  return {
    warm: (await least([program, "get"], HOST)) - base,
    unknown: (await least([program, "get"], UNKNOWN)) - base,
  };
}

function compared(before: Counts | undefined, now: Counts): boolean {
  let fine = true;
  for (const name of ["warm", "unknown"] as const) {
    const was = before?.[name];
    const change = was === undefined ? undefined : now[name] / was - 1;
    const said = change === undefined ? "nothing committed to compare with" : `${percent(change)} of ${was}`;
    const worse = change !== undefined && change > TOLERANCE;
    const better = change !== undefined && change < -TOLERANCE;
    const hint = worse
      ? `: WORSE by more than ${percent(TOLERANCE)}`
      : better
        ? ": commit it with --write"
        : "";
    console.log(`  ${name} get: ${now[name]}, ${said}${hint}`);
    fine &&= !worse;
  }
  return fine;
}

const percent = (share: number): string => `${share > 0 ? "+" : ""}${(share * 100).toFixed(1)} %`;
