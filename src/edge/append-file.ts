// Appends to a file that may be written by nobody but us: a link is not followed, a pipe is not waited for, and a file of
// somebody else, or one that has a second name, is left alone.

import { closeSync, constants, fstatSync, openSync, type Stats, writeSync } from "node:fs";

const FLAGS =
  constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** False when it was not written. `mayAppend` sees the open file before. Never throws. */
export function appendLine(
  path: string,
  uid: number,
  line: string,
  mayAppend: (fd: number, stat: Stats) => boolean = () => true,
): boolean {
  let fd: number;
  try {
    fd = openSync(path, FLAGS, 0o600);
  } catch {
    return false;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.uid !== uid || stat.nlink !== 1 || !mayAppend(fd, stat)) return false;
    return writeSync(fd, line) === Buffer.byteLength(line);
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
}
