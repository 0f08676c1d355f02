// Writes to the process's own streams without Node's stream objects: they cost milliseconds, and what is written through
// them may be cut off by the end of the process. What could not be written is never taken for written.

import { writeSync } from "node:fs";

const WAIT_MS = 2;

/** Writes all of `text`. False when it could not be written; a reader that went away is a normal end. */
export function writeAll(fd: number, text: string, write = writeSync): boolean {
  const bytes = new TextEncoder().encode(text);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += write(fd, bytes, written, bytes.length - written);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EPIPE") return true;
      if (code === "EINTR") continue;
      if (code !== "EAGAIN") return false;
      // The pipe is full and non-blocking: wait for its reader.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS);
    }
  }
  return true;
}
