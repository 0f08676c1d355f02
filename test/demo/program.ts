// Running other people's programs: found on PATH or not, run to the end, their words kept for the story.
// It must never hand them the caller's environment: they get exactly what is given.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "../support/run.ts";

/** Longer than any pull; until then a program is ended by `stop` alone. */
const LONGEST_MS = 600_000;

export interface ProgramRun {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  environment: Record<string, string>;
  /** Ends the program when it fires. */
  stop: AbortSignal;
  stdin?: string;
}

/** The full path of a program on that PATH. */
export function findProgram(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((directory) => directory !== "")
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export async function runProgram(
  command: readonly string[],
  { environment, stop, stdin = "" }: RunOptions,
): Promise<ProgramRun> {
  stop.throwIfAborted();
  const running = run(command, { env: environment, stdin, timeoutMs: LONGEST_MS });
  const end = (): void => running.end();
  stop.addEventListener("abort", end);
  const { code, stdout, stderr } = await running.finally(() => stop.removeEventListener("abort", end));
  stop.throwIfAborted();
  return { exitCode: code, stdout, stderr };
}
