// Runs a program that the configuration names, to get a token from it: an argument array, no shell, a small
// environment without secrets, no stdin, stderr dropped, bounded in time and output.

import type { Deadline } from "./clock.ts";

const LIMIT_MS = 3000;
const MAX_OUTPUT_BYTES = 64 * 1024;
const LAST_WORDS_MS = 100;
/** Variables that a command-line client of the platform may need; no token is among them. */
const PASSED_ON = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "LANG",
  "LC_ALL",
  "TZ",
  "TMPDIR",
  "XDG_CONFIG_HOME",
  "XDG_RUNTIME_DIR",
  "SSL_CERT_FILE",
  "HTTPS_PROXY",
  "https_proxy",
  "NO_PROXY",
  "no_proxy",
  "ONA_ENVIRONMENT_ID",
  "GITPOD_ENVIRONMENT_ID",
  "ONA_BASE_URL",
  "GITPOD_BASE_URL",
];

/** Why a command gave nothing, in a few words, without output or arguments. */
export class CommandTrouble extends Error {
  override readonly name = "CommandTrouble";
  /** True when the caller's deadline ended it before its own limit did. */
  readonly cutShort: boolean;

  constructor(reason: string, cutShort = false) {
    super(reason);
    this.cutShort = cutShort;
  }
}

/** The command's stdout. Rejects with a CommandTrouble. */
export async function runCommand(
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  deadline: Deadline,
): Promise<string> {
  const { spawn } = await import("node:child_process");
  const [program = "", ...args] = command;
  const smallEnv: NodeJS.ProcessEnv = {};
  for (const name of PASSED_ON) {
    if (env[name] !== undefined) smallEnv[name] = env[name];
  }
  return new Promise((resolve, reject) => {
    // A group of its own, so that what the command started ends with it.
    const child = spawn(program, args, {
      env: smallEnv,
      cwd: "/",
      stdio: ["ignore", "pipe", "ignore"],
      detached: true,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    const limitMs = Math.min(LIMIT_MS, deadline.remainingMs());
    const give = (reason: string, cutShort = false): void => {
      clearTimeout(timer);
      endGroup(child.pid);
      child.stdout.destroy();
      child.unref();
      reject(new CommandTrouble(reason, cutShort));
    };
    const settle = (code: number | null): void => {
      clearTimeout(timer);
      child.stdout.destroy();
      if (code === 0) resolve(Buffer.concat(chunks).toString("utf8"));
      else give("failed");
    };
    const timer = setTimeout(() => give("took too long", limitMs < LIMIT_MS), limitMs);
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_OUTPUT_BYTES) give("printed more than 64 KiB");
      else chunks.push(chunk);
    });
    child.on("error", () => give("could not be started"));
    child.on("close", settle);
    // A daemon that the command left behind may hold its stdout open; what is in the pipe by then is all.
    child.on("exit", (code) => setTimeout(settle, LAST_WORDS_MS, code));
  });
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}
