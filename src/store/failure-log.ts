// The failure log: some callers drop both streams of a helper, so the last failures are kept in a small file for
// `doctor` and for people. It holds the same lines that stdout had: no secret ever. A file of that name that we did not
// write is left as it is.

import { closeSync, constants, fstatSync, openSync, readSync, renameSync } from "node:fs";
import { joinPath } from "../core/paths.ts";
import { appendLine } from "../edge/append-file.ts";
import { exists } from "./atomic-file.ts";
import { ensurePrivateDir, heldDir } from "./private-dir.ts";

/** The log and its predecessor together stay below 256 KiB. */
const MAX_LOG_BYTES = 120 * 1024;
const MAX_LINE_CHARS = 2000;
export const LOG_NAME = "failures.log";

/** Appends one failure. Never throws: a log that cannot be written changes no answer. */
export function logFailure(
  stateDir: string | undefined,
  uid: number,
  nowMs: number,
  verb: string,
  line: string,
): void {
  if (stateDir === undefined || !ensurePrivateDir(stateDir, uid, true)) return;
  const dir = heldDir(stateDir, uid);
  if (dir === undefined) return;
  const path = joinPath(dir, LOG_NAME);
  try {
    const text = `${new Date(nowMs).toISOString()} ${verb} ${line.slice(0, MAX_LINE_CHARS)}\n`;
    rotate(path, uid);
    appendLine(path, uid, text, (fd, stat) => stat.size <= MAX_LOG_BYTES && isLog(fd));
  } catch {
    // Read-only or full, or a clock that tells nothing.
  }
}

function rotate(path: string, uid: number): void {
  const predecessor = `${path}.1`;
  const full = inspect(path, uid, (fd, size) => size > MAX_LOG_BYTES && isLog(fd));
  if (full && (!exists(predecessor) || inspect(predecessor, uid, isLog))) renameSync(path, predecessor);
}

/** What `ask` says of a regular file of ours; false of anything else. */
function inspect(path: string, uid: number, ask: (fd: number, size: number) => boolean): boolean {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return false;
  }
  try {
    const stat = fstatSync(fd);
    return stat.isFile() && stat.uid === uid && stat.nlink === 1 && ask(fd, stat.size);
  } finally {
    closeSync(fd);
  }
}

/** Empty, or its first line begins with a time as ours do. */
function isLog(fd: number): boolean {
  const start = Buffer.alloc(11);
  const count = readSync(fd, start, 0, start.length, 0);
  return count === 0 || /^\d{4}-\d{2}-\d{2}T/.test(start.toString("latin1"));
}
