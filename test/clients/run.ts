// Runs one client program to its end and keeps what it said.
// It must never hand the machine's own environment to a client: the caller names every variable.

import { spawn } from "node:child_process";
import { inject } from "vitest";
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

export function run(command: readonly string[], options: RunOptions): Promise<Outcome> {
  const [program, ...args] = command;
  if (program === undefined) throw new Error("no program named");
  const timeoutMs = options.timeoutMs ?? 60_000;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: options.env, cwd: options.cwd, detached: true });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const timer = setTimeout(() => {
      stderr += `\n[no end after ${timeoutMs} ms: killed]`;
      killGroup(child.pid, "SIGKILL");
    }, timeoutMs);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? -1, stdout, stderr, said: `${stdout}${stderr}` });
    });
    // A client that ends without reading its stdin is no failure of the test.
    child.stdin.on("error", () => {});
    child.stdin.end(options.stdin ?? "");
  });
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
