// Runs a program for the sake of what it prints: no stdin, stderr dropped, bounded in time and output, and whatever it has
// started ends with it. Neither its output nor its arguments are in an error.

import { spawn } from "node:child_process";

const MAX_OUTPUT_BYTES = 64 * 1024;
const LAST_WORDS_MS = 100;

export interface ChildOptions {
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where it runs; by default where we do. */
  readonly cwd?: string;
  /** Milliseconds. */
  readonly limitMs: number;
  /** The limit is the caller's deadline and not the program's own. */
  readonly cutShort?: boolean;
}

/** Why a program gave nothing. */
export interface ChildFailure {
  readonly kind: "failed";
  /** In a few words, without output or arguments. */
  readonly reason: string;
  /** True when the caller's deadline ended it before its own limit did. */
  readonly cutShort: boolean;
}

export type ChildResult = { readonly kind: "printed"; readonly stdout: string } | ChildFailure;

/** Never rejects. */
export function runChild(
  program: string,
  args: readonly string[],
  options: ChildOptions,
): Promise<ChildResult> {
  return started(program, args, options).catch(() => ({ kind: "failed", reason: "failed", cutShort: false }));
}

/** Rejects for what is no program's name, no argument, or no directory. */
function started(program: string, args: readonly string[], options: ChildOptions): Promise<ChildResult> {
  keepChildrenWaitable();
  return new Promise((resolve) => {
    // A group of its own, so that what the program started ends with it.
    const child = spawn(program, args, {
      env: { ...options.env },
      cwd: options.cwd,
      stdio: ["ignore", "pipe", "ignore"],
      detached: true,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    const give = (reason: string, cutShort = false): void => {
      clearTimeout(timer);
      endGroup(child.pid);
      child.stdout.destroy();
      child.unref();
      resolve({ kind: "failed", reason, cutShort });
    };
    const settle = (code: number | null): void => {
      clearTimeout(timer);
      child.stdout.destroy();
      if (code === 0) resolve({ kind: "printed", stdout: Buffer.concat(chunks).toString("utf8") });
      else give("failed");
    };
    const timer = setTimeout(() => give("took too long", options.cutShort), options.limitMs);
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_OUTPUT_BYTES) give("printed more than 64 KiB");
      else chunks.push(chunk);
    });
    child.on("error", () => give("could not be started"));
    child.on("close", settle);
    // A daemon that it left behind may hold its stdout open; what is in the pipe by then is all.
    child.on("exit", (code) => setTimeout(settle, LAST_WORDS_MS, code));
  });
}

let isWaitable = false;

/**
 * A caller may ignore SIGCHLD, and programs inherit that: the system then buries our children before they can be waited
 * for, and the runtime fails, or crashes. Hearing the signal undoes it; what we start gets the system's default anyway.
 */
function keepChildrenWaitable(): void {
  if (isWaitable) return;
  isWaitable = true;
  process.on("SIGCHLD", () => undefined);
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}
