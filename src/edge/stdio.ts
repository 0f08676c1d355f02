// The process's own streams, without Node's stream objects: they cost milliseconds, and a write through them may be
// cut off by the end of the process.

import { read, writeSync } from "node:fs";
import { Failure } from "../core/errors.ts";
import type { Deadline } from "./clock.ts";

const CHUNK_BYTES = 64 * 1024;
/** More than any verb accepts; the rest is read and dropped, so that the writer is never left with a broken pipe. */
const KEPT_BYTES = 2 * 1024 * 1024;
const WAIT_MS = 2;

/** Stdin to its end. Throws a Failure when the end does not come before the deadline. */
export async function readStdin(deadline: Deadline): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let kept = 0;
  for (;;) {
    const chunk = await nextChunk(deadline);
    if (chunk.length === 0) return Buffer.concat(chunks);
    if (kept <= KEPT_BYTES) chunks.push(chunk);
    kept += chunk.length;
  }
}

/** The next bytes; none at the end. Another process may have made the pipe non-blocking. */
function nextChunk(deadline: Deadline): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(stdinOpen()), deadline.remainingMs());
    const attempt = (): void => {
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      read(0, buffer, 0, buffer.length, null, (error, length) => {
        if (error?.code === "EAGAIN" && deadline.remainingMs() > 0) {
          setTimeout(attempt, WAIT_MS);
          return;
        }
        clearTimeout(timer);
        // A stdin that is closed or no stream at all has nothing to say.
        resolve(error ? Buffer.alloc(0) : buffer.subarray(0, length));
      });
    };
    attempt();
  });
}

function stdinOpen(): Failure {
  return new Failure("deadline", "stdin was not closed in time", {
    hint: "write the server to stdin and close it",
  });
}

/** Writes all of `text`. A reader that went away is a normal end. */
export function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text, "utf8");
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
