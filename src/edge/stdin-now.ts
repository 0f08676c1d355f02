// Reads what is on stdin without waiting: a file, or a pipe whose writer is done. That is how Docker calls, and it
// needs no timer, no thread and no stream. Whatever is not there yet is left to stdio.ts.

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** A server's name; what is longer comes in larger pieces. */
const FIRST_BYTES = 4096;
const CHUNK_BYTES = 64 * 1024;
/** Larger input is no server's name. */
const KEPT_BYTES = 256 * 1024;

export interface StdinStart {
  readonly bytes: Uint8Array;
  /** True when the end was seen. */
  readonly complete: boolean;
}

const NOTHING: StdinStart = { bytes: new Uint8Array(0), complete: false };

/** Never blocks and never throws. */
export function readStdinNow(): StdinStart {
  let opened: number | undefined;
  try {
    const stat = fstatSync(0);
    if (stat.isFile()) return readFrom(0);
    if (!stat.isFIFO()) return NOTHING;
    // The same pipe through a description of our own, so that the caller's does not become non-blocking.
    opened = openSync("/proc/self/fd/0", constants.O_RDONLY | constants.O_NONBLOCK);
    return readFrom(opened);
  } catch {
    return NOTHING;
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

function readFrom(fd: number): StdinStart {
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size < KEPT_BYTES) {
    const chunk = new Uint8Array(size === 0 ? FIRST_BYTES : CHUNK_BYTES);
    let length: number;
    try {
      length = readSync(fd, chunk, 0, chunk.length, null);
    } catch {
      // Nothing there yet, or trouble: the patient reader finds out which.
      return { bytes: joined(chunks, size), complete: false };
    }
    if (length === 0) return { bytes: joined(chunks, size), complete: true };
    chunks.push(chunk.subarray(0, length));
    size += length;
  }
  return { bytes: joined(chunks, size), complete: false };
}

/** Not Buffer.concat: the first use of Buffer costs a tenth of a millisecond. */
function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
