// Running other people's programs: found on PATH or not, run to the end, their words kept for the story.
// It must never hand them the caller's environment: they get exactly what is given.

import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

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

export function runProgram(
  command: readonly string[],
  { environment, stop, stdin = "" }: RunOptions,
): Promise<ProgramRun> {
  const [name = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(name, args, { env: environment, signal: stop, stdio: "pipe" });
    const run: ProgramRun = { exitCode: null, stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => {
      run.stdout += chunk.toString("utf8");
    });
    child.stderr.on("data", (chunk: Buffer) => {
      run.stderr += chunk.toString("utf8");
    });
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ ...run, exitCode }));
    child.stdin.on("error", () => undefined);
    child.stdin.end(stdin);
  });
}
