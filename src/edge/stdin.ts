// Reads the process's stdin patiently: to its end or to the deadline, from a pipe, a socket, a terminal.

import { fstatSync, read } from "node:fs";
import { Failure } from "../core/failures.ts";
import type { Deadline } from "./clock.ts";
import type { StdinStart } from "./stdin-nonblocking.ts";

const CHUNK_BYTES = 64 * 1024;
/** More than any verb accepts; the rest is read and dropped, so that the writer is never left with a broken pipe. */
const KEPT_BYTES = 2 * 1024 * 1024;
const WAIT_MS = 2;

/** Stdin to its end, `start` being what was read of it before. Throws a Failure when the deadline comes first. */
export async function readStdin(deadline: Deadline, start?: StdinStart): Promise<Uint8Array> {
  if (start?.complete) return start.bytes;
  const rest = await readRest(deadline);
  return start === undefined ? rest : Buffer.concat([start.bytes, rest]);
}

async function readRest(deadline: Deadline): Promise<Uint8Array> {
  if (blocksTheEnd()) return readSocket(deadline);
  const chunks: Buffer[] = [];
  let kept = 0;
  for (;;) {
    const chunk = await nextChunk(deadline);
    if (chunk.length === 0) return Buffer.concat(chunks);
    // A writer that never pauses would leave no timer its turn.
    if (deadline.remainingMs() <= 0) throw stdinOpen();
    if (kept <= KEPT_BYTES) chunks.push(chunk);
    kept += chunk.length;
  }
}

/** The next bytes; none at the end. */
function nextChunk(deadline: Deadline): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(stdinOpen()), deadline.remainingMs());
    const attempt = (): void => {
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      read(0, buffer, 0, buffer.length, null, (error, length) => {
        // Another process may have made the pipe non-blocking.
        if (error?.code === "EAGAIN") {
          if (deadline.remainingMs() > 0) setTimeout(attempt, WAIT_MS);
          return;
        }
        clearTimeout(timer);
        if (!error) resolve(buffer.subarray(0, length));
        // A stdin that is closed has nothing to say; one that breaks must not pass off a part for the whole.
        else if (error.code === "EBADF") resolve(Buffer.alloc(0));
        else reject(stdinBroken(error));
      });
    };
    attempt();
  });
}

/** Node waits at its end for a read that still blocks on a pipe; Bun does not, and is faster without a stream. */
function blocksTheEnd(): boolean {
  if (process.versions.bun !== undefined) return false;
  try {
    const stat = fstatSync(0);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}

async function readSocket(deadline: Deadline): Promise<Uint8Array> {
  const { Socket } = await import("node:net");
  return new Promise((resolve, reject) => {
    const socket = new Socket({ fd: 0, readable: true, writable: false });
    const chunks: Buffer[] = [];
    let kept = 0;
    const late = (): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(stdinOpen());
    };
    const timer = setTimeout(late, deadline.remainingMs());
    socket.on("data", (chunk: Buffer) => {
      if (deadline.remainingMs() <= 0) return late();
      if (kept <= KEPT_BYTES) chunks.push(chunk);
      kept += chunk.length;
    });
    socket.on("end", () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks));
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(stdinBroken(error));
    });
  });
}

function stdinBroken(error: NodeJS.ErrnoException): Failure {
  return new Failure("internal", `stdin cannot be read (${error.code ?? "unknown"})`);
}

function stdinOpen(): Failure {
  return new Failure("deadline", "stdin was not closed in time", {
    hint: "write the server to stdin and close it",
  });
}
