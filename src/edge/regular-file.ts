// Reads files that others name: regular ones of a bounded size, links followed (mounted secrets are links). A pipe in
// such a place would hold the process past every deadline, and reading it would take what was meant for another.

import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { readAtMost } from "./read-at-most.ts";

/** `text` undefined: there is no such file. `unusable`: there is something, and why it cannot be read. */
export type FoundFile = { readonly text: string | undefined } | { readonly unusable: string };

/** The file's text, or undefined when there is none that may be read. Never throws. */
export function readRegularFile(path: string, maxBytes: number): string | undefined {
  const found = lookAtFile(path, maxBytes);
  return "text" in found ? found.text : undefined;
}

/** The same for callers who must not take a file that they cannot read for none. Never throws. */
export function lookAtFile(path: string, maxBytes: number): FoundFile {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    return code === "ENOENT" || code === "ENOTDIR"
      ? { text: undefined }
      : { unusable: `cannot be read (${code})` };
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return { unusable: "is not a regular file" };
    const bytes = readAtMost(fd, stat.size, maxBytes);
    if (bytes === undefined) return { unusable: `is larger than ${maxBytes / 1024} KiB` };
    return { text: bytes.toString("utf8") };
  } catch (error) {
    return { unusable: `cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})` };
  } finally {
    closeSync(fd);
  }
}
