// Reads an open file to its end, within a bound that does not rest on what the file says of its size: those of /proc say
// nothing, and some of them have no end. Nothing that could wait may be opened for this without O_NONBLOCK.

import { readSync } from "node:fs";

const FIRST_BYTES = 64 * 1024;

/** `size`: what the file says, which an ordinary one keeps to. Undefined: there is more than `maxBytes`. */
export function readAtMost(fd: number, size: number, maxBytes: number): Buffer | undefined {
  if (size > maxBytes) return undefined;
  // One byte more, so that a single call sees the end too.
  let bytes = Buffer.allocUnsafe(size > 0 ? size + 1 : Math.min(FIRST_BYTES, maxBytes + 1));
  let length = 0;
  for (;;) {
    const count = readSync(fd, bytes, length, bytes.length - length, null);
    length += count;
    if (count === 0 || (length === size && size < bytes.length)) return bytes.subarray(0, length);
    if (length > maxBytes) return undefined;
    if (length < bytes.length) continue;
    const larger = Buffer.allocUnsafe(Math.min(bytes.length * 2, maxBytes + 1));
    bytes.copy(larger);
    bytes = larger;
  }
}
