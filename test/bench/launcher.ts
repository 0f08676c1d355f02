// Runs the cases of the bench through a launcher that adds as little as can be: a C program where there is a
// compiler, else a second Node. It must never run inside this process, which plays the platform meanwhile.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { repository } from "../support/builds.ts";

export interface Case {
  readonly name: string;
  readonly command: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** A file. */
  readonly stdin?: string;
  /** Pipes for stdin and stdout, as Docker has it; else a file and /dev/null. */
  readonly pipes?: boolean;
  /** So many processes one after another are one sample. */
  readonly times?: number;
  /** So many processes at once, each a sample that counts from the start of the first. */
  readonly together?: number;
  /** A directory emptied, or a file removed, before every sample. */
  readonly empty?: string;
  readonly gone?: string;
  /** Exit code that every process must have; default 0. */
  readonly exitCode?: number;
}

export interface Sample {
  readonly wallMs: number;
  /** Processor time of the process with all its threads. */
  readonly cpuMs: number;
  readonly peakKiB: number;
}

export const CACHE = join(repository, "node_modules/.cache/ona-bench");
const SOURCE = fileURLToPath(new URL("launch.c", import.meta.url));
const FALLBACK = fileURLToPath(new URL("launch-by-node.ts", import.meta.url));

/** The command that takes a file of cases and a number of rounds. */
export function launcher(): { readonly name: string; readonly command: readonly string[] } {
  const program = join(CACHE, "launch");
  mkdirSync(CACHE, { recursive: true });
  try {
    if (!existsSync(program) || statSync(program).mtimeMs < statSync(SOURCE).mtimeMs) {
      execFileSync("cc", ["-O2", "-o", program, SOURCE], { stdio: "ignore" });
    }
    return { name: "C, posix_spawn", command: [program] };
  } catch {
    return { name: "Node, spawnSync", command: [process.execPath, FALLBACK] };
  }
}

/** Runs every case `rounds` times, in turns. Throws when one did not end as it should. */
export async function run(cases: readonly Case[], rounds: number): Promise<ReadonlyMap<string, Sample[]>> {
  const [program = "", ...args] = launcher().command;
  const file = join(CACHE, `cases-${process.pid}`);
  // The keys in it are of stand-ins, but tools look at modes.
  writeFileSync(file, cases.map(toLines).join(""), { mode: 0o600 });
  const output = await outputOf(program, [...args, file, String(rounds)]).finally(() => rmSync(file));
  const samples = new Map<string, Sample[]>(cases.map(({ name }) => [name, []]));
  for (const line of output.trim().split("\n")) {
    const [name = "", wallNs, cpuUs, peakKiB, exitCode] = line.split("\t");
    const wanted = cases.find((one) => one.name === name)?.exitCode ?? 0;
    if (Number(exitCode) !== wanted) throw new Error(`${name} ended with ${exitCode}, not ${wanted}`);
    samples.get(name)?.push({
      wallMs: Number(wallNs) / 1e6,
      cpuMs: Number(cpuUs) / 1e3,
      peakKiB: Number(peakKiB),
    });
  }
  return samples;
}

function toLines(one: Case): string {
  const lines = [
    ["case", one.name],
    ...one.command.map((word) => ["arg", word]),
    ...Object.entries(one.env).map(([name, value]) => ["env", `${name}=${value}`]),
    ...(one.stdin === undefined ? [] : [["stdin", one.stdin]]),
    ...(one.pipes === true ? [["pipes", "1"]] : []),
    ...(one.times === undefined ? [] : [["times", String(one.times)]]),
    ...(one.together === undefined ? [] : [["together", String(one.together)]]),
    ...(one.empty === undefined ? [] : [["empty", one.empty]]),
    ...(one.gone === undefined ? [] : [["gone", one.gone]]),
  ];
  return lines.map((line) => `${line.join("\t")}\n`).join("");
}

function outputOf(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    // What a case says on stderr belongs to the case; it is looked at before anything is measured.
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0
        ? resolve(Buffer.concat(chunks).toString("utf8"))
        : reject(new Error(`the launcher: ${code}`)),
    );
  });
}
