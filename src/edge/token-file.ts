// Reads a file that holds a token or keys.

import { type FoundFile, lookAtFile, readRegularFile } from "./regular-file.ts";

const MAX_BYTES = 64 * 1024;

/** The file's text, or undefined when there is none that may be read. */
export function readTokenFile(path: string): string | undefined {
  return readRegularFile(path, MAX_BYTES);
}

/** The same for a file that somebody named: what is there and cannot be read is not absent. */
export const lookAtTokenFile = (path: string): FoundFile => lookAtFile(path, MAX_BYTES);
