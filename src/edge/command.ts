// Runs a program that the configuration names, to get a token from it: an argument array, no shell, a small
// environment without secrets, no stdin, stderr dropped, bounded in time and output.

import type { ChildResult } from "./child.ts";
import type { Deadline } from "./clock.ts";

const LIMIT_MS = 3000;
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

/** Never rejects. */
export async function runCommand(
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  deadline: Deadline,
): Promise<ChildResult> {
  const { runChild } = await import("./child.ts");
  const [program = "", ...args] = command;
  const smallEnv: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = env[name];
    if (value !== undefined) smallEnv[name] = value;
  }
  const leftMs = deadline.remainingMs();
  const limitMs = Math.min(LIMIT_MS, leftMs);
  return runChild(program, args, { env: smallEnv, cwd: "/", limitMs, cutShort: leftMs < LIMIT_MS });
}
