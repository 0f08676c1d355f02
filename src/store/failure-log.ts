// The failure log: some callers drop both streams of a helper, so the last failures are kept in a small file for
// `doctor` and for people. It holds the same lines that stdout had: no secret ever.

import { appendFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { ensurePrivateDir } from "./private-dir.ts";

/** The log and its predecessor together stay below 256 KiB. */
const MAX_LOG_BYTES = 120 * 1024;
const MAX_LINE_CHARS = 2000;
export const LOG_NAME = "failures.log";

/** Appends one failure. Never throws: a log that cannot be written changes no answer. */
export function logFailure(
  dir: string | undefined,
  uid: number,
  nowMs: number,
  verb: string,
  line: string,
): void {
  if (dir === undefined || !ensurePrivateDir(dir, uid, true)) return;
  const path = join(dir, LOG_NAME);
  try {
    rotate(path);
    appendFileSync(path, `${new Date(nowMs).toISOString()} ${verb} ${line.slice(0, MAX_LINE_CHARS)}\n`, {
      mode: 0o600,
      flag: "a",
    });
  } catch {
    // Read-only or full.
  }
}

function rotate(path: string): void {
  try {
    if (statSync(path).size > MAX_LOG_BYTES) renameSync(path, `${path}.1`);
  } catch {
    // There is none yet.
  }
}
