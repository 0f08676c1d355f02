// Runs one client program to its end and keeps what it said.
// It must never hand the machine's own environment to a client: the caller names every variable.

import { inject } from "vitest";
import { run as start } from "../support/run.ts";
import { mark } from "./run-root.ts";

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
  /** Both streams, for messages that move from one to the other between versions. */
  said: string;
}

export interface RunOptions {
  env: Record<string, string>;
  stdin?: string;
  cwd?: string;
  /** Default 60 000; the whole process group is killed then. */
  timeoutMs?: number;
}

export async function run(command: readonly string[], options: RunOptions): Promise<Outcome> {
  const { timeoutMs = 60_000 } = options;
  const ended = await start(command, { ...options, timeoutMs });
  const stderr = ended.timedOut ? `${ended.stderr}\n[no end after ${timeoutMs} ms: killed]` : ended.stderr;
  return { code: ended.code ?? -1, stdout: ended.stdout, stderr, said: `${ended.stdout}${stderr}` };
}

export const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What the bed's own programs get to see. */
export function bedEnvironment(root: string): Record<string, string> {
  return { PATH: systemPath, HOME: root, TMPDIR: root, LANG: "C.UTF-8", [mark]: inject("runRoot") };
}

/** Runs a program of the bed itself, which has to succeed. */
export async function mustRun(command: readonly string[], options: RunOptions): Promise<string> {
  const outcome = await run(command, options);
  if (outcome.code !== 0) throw new Error(`${command.join(" ")} ended with ${outcome.code}: ${outcome.said}`);
  return outcome.stdout;
}

export function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone already.
  }
}
