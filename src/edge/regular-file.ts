// Reads files that others name: regular ones of a bounded size, links followed (mounted secrets are links). A pipe in
// such a place would hold the process past every deadline, and reading it would take what was meant for another.

import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

/** The file's text, or undefined when there is none that may be read. Never throws. */
export function readRegularFile(path: string, maxBytes: number): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const stat = fstatSync(fd);
    return stat.isFile() && stat.size <= maxBytes ? readFileSync(fd, "utf8") : undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}
