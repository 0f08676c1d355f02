// Writes to the process's own streams without Node's stream objects: they cost milliseconds, and what is written through
// them may be cut off by the end of the process.

import { writeSync } from "node:fs";

const WAIT_MS = 2;

/** Writes all of `text`. A reader that went away is a normal end. */
export function writeAll(fd: number, text: string): void {
  const bytes = new TextEncoder().encode(text);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(fd, bytes, written, bytes.length - written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
      // The pipe is full and non-blocking: wait for its reader.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS);
    }
  }
}
