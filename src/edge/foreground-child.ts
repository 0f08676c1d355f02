// Runs the user's own command in our place: with our streams, in our process group and terminal, so that job control works
// as without us; signals that reach only us go on to it, and its end is ours.

import { readFileSync } from "node:fs";

/** What others send to a process to have it do something. SIGINT and SIGQUIT a terminal sends to every process there. */
const FORWARDED = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT"] as const;
const FROM_TERMINAL: ReadonlySet<string> = new Set(["SIGINT", "SIGQUIT"]);
/**
 * What the caller ignores (`nohup`, a job in the background of a script) stays ignored in its command. The runtime gives a
 * child the system's settings, so a shell puts that right and becomes the command.
 */
const IGNORING = ["/bin/sh", "-c", "trap '' $1; shift; exec \"$@\"", "docker-credential-ona exec"];
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const SIGNALLED = 128;

/** `exitCode`: the command's own, 128 + n after signal n. `obstacle`: it could not be started, with the shell's code. */
export type ChildEnd =
  | { readonly exitCode: number }
  | { readonly exitCode: number; readonly obstacle: string };

export interface ForegroundOptions {
  /** The command's whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Runs `start` under the caller's umask. */
  readonly asCaller: <T>(start: () => T) => T;
}

export async function runInForeground(
  command: readonly string[],
  { env, asCaller }: ForegroundOptions,
): Promise<ChildEnd> {
  const { spawn } = await import("node:child_process");
  const { constants } = await import("node:os");
  const ignored = ignoredSignals(constants.signals);
  const [program = "", ...args] =
    ignored.length === 0
      ? command
      : [...IGNORING, ignored.map((signal) => signal.slice("SIG".length)).join(" "), ...command];
  // Where SIGCHLD is ignored, as some supervisors hand it down, nobody is told how the command ended.
  process.on("SIGCHLD", () => undefined);
  return new Promise((resolve) => {
    const ends: ((end: ChildEnd) => void)[] = [resolve];
    const settle = (end: ChildEnd): void => {
      for (const end_ of ends.splice(0)) end_(end);
    };
    const heard = FORWARDED.filter((signal) => !ignored.includes(signal));
    // Heard before the command is there: a signal may come as soon as it has begun, and would end us alone.
    const early: NodeJS.Signals[] = [];
    let send = (signal: NodeJS.Signals): void => void early.push(signal);
    ends.unshift(forward(heard, (signal) => send(signal)));
    try {
      const options = { env: env as NodeJS.ProcessEnv, stdio: "inherit" } as const;
      const child = asCaller(() => spawn(program, args, options));
      send = (signal) => void child.kill(signal);
      for (const signal of early) send(signal);
      child.on("error", (error: NodeJS.ErrnoException) => settle(notStarted(error)));
      child.on("exit", (code, signal) =>
        settle({ exitCode: code ?? SIGNALLED + (signal === null ? 0 : constants.signals[signal]) }),
      );
    } catch (error) {
      settle(notStarted(error as NodeJS.ErrnoException));
    }
  });
}

function notStarted(error: NodeJS.ErrnoException): ChildEnd {
  const isMissing = error.code === "ENOENT" || error.code === "ENOTDIR";
  return {
    exitCode: isMissing ? NOT_FOUND : NOT_EXECUTABLE,
    obstacle: isMissing ? "command not found" : `it cannot be executed (${error.code ?? "unknown"})`,
  };
}

/** Those of the forwarded signals that we were started to ignore; none where the system does not say. */
function ignoredSignals(numbers: Readonly<Record<string, number>>): readonly NodeJS.Signals[] {
  let status: string;
  try {
    status = readFileSync("/proc/self/status", "utf8");
  } catch {
    return [];
  }
  const mask = BigInt(`0x${/^SigIgn:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  const isIgnored = (number = 0): boolean => number > 0 && ((mask >> BigInt(number - 1)) & 1n) === 1n;
  return FORWARDED.filter((signal) => isIgnored(numbers[signal]));
}

/** Until the function that it returns is called. */
function forward(signals: readonly NodeJS.Signals[], send: (signal: NodeJS.Signals) => void): () => void {
  const listeners = signals.map((signal) => {
    const listener = (): void => {
      // In the foreground of a terminal the command has had it already, and twice means something else to many programs.
      if (FROM_TERMINAL.has(signal) && isInForeground()) return;
      send(signal);
    };
    process.on(signal, listener);
    return [signal, listener] as const;
  });
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
}

/** True when the terminal, if there is one, sends its signals to our process group. */
function isInForeground(): boolean {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    // After the name, which may hold anything: state, parent, group, session, terminal, its foreground group.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[2] !== undefined && fields[2] === fields[5];
  } catch {
    return process.stdin.isTTY === true;
  }
}
