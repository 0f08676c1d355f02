// The one way in which tests run a program: stdin bytes in, exact bytes and the exit code out. The caller names every
// variable: it must never hand this machine's own environment on, and it ends every process it starts.

import { type ChildProcess, spawn } from "node:child_process";

export interface RunOptions {
  /** The whole environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string | Uint8Array;
  /** `held`: stdin is written but never closed. */
  readonly stdinEnd?: "closed" | "held";
  /** `closed`: the reading end is closed before stdin is given, so that every write meets a broken pipe. */
  readonly stdout?: "read" | "closed";
  /** Default 30 000; then the whole process group is killed and the result says so. */
  readonly timeoutMs?: number;
}

export interface Run {
  /** Null after a signal. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams as they came, for what need not be UTF-8. */
  readonly bytes: { readonly stdout: Buffer; readonly stderr: Buffer };
  readonly tookMs: number;
  readonly timedOut: boolean;
  /** The program stopped reading before all of stdin was written. */
  readonly stdinBroken: boolean;
}

/** A program that has begun; what it is awaited for is its end. */
export interface Running extends Promise<Run> {
  readonly pid: number;
  /** Nothing happens where it has ended. */
  kill(signal: NodeJS.Signals): void;
  /** Ends it and all that it has started. */
  end(): void;
  /** What it has said until now, on both streams. */
  said(): string;
}

export function run(command: readonly string[], options: RunOptions): Running {
  const [program = "", ...args] = command;
  const startMs = performance.now();
  const child = spawn(program, args, { env: { ...options.env }, cwd: options.cwd, detached: true });
  const bytes: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
  const ended = new Promise<Run>((resolve, reject) => {
    let timedOut = false;
    let stdinBroken = false;
    child.stdin.on("error", () => {
      stdinBroken = true;
    });
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child);
    }, options.timeoutMs ?? 30_000);
    child.stdout.on("data", (chunk: Buffer) => bytes.stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => bytes.stderr.push(chunk));
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("exit", () => child.stdin.destroy());
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const [stdout, stderr] = [Buffer.concat(bytes.stdout), Buffer.concat(bytes.stderr)];
      resolve({
        code,
        signal,
        stdout: stdout.toString(),
        stderr: stderr.toString(),
        bytes: { stdout, stderr },
        tookMs: performance.now() - startMs,
        timedOut,
        stdinBroken,
      });
    });
    feed(child, options);
  });
  return Object.assign(ended, {
    pid: child.pid ?? 0,
    kill: (signal: NodeJS.Signals) => void child.kill(signal),
    end: () => killGroup(child),
    said: () => Buffer.concat([...bytes.stdout, ...bytes.stderr]).toString(),
  });
}

function feed(child: ChildProcess, options: RunOptions): void {
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new Error("no pipes");
  const write = (): void => {
    const bytes = options.stdin ?? "";
    if (options.stdinEnd !== "held") stdin.end(bytes);
    else if (bytes.length > 0) stdin.write(bytes);
  };
  if (options.stdout !== "closed") {
    write();
    return;
  }
  stdout.once("close", write);
  stdout.destroy();
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended by itself in between.
  }
}
