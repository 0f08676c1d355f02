// Reads a file of the clouds' tools and tells one that is not there from one that cannot be used: only the first lets
// the next source have its turn. Links are followed (mounted secrets are links); a pipe is never waited for.

import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { readAtMost } from "../../edge/read-at-most.ts";

export type NamedFile =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "absent" }
  | { readonly kind: "unusable"; readonly why: string };

const MAX_BYTES = 1024 * 1024;

/** Never throws. */
export function readNamedFile(path: string): NamedFile {
  // The usual way to say that there shall be no such file.
  if (path === "/dev/null") return { kind: "absent" };
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(fd);
    if (!stat.isFile()) return { kind: "unusable", why: "is no regular file" };
    const bytes = readAtMost(fd, stat.size, MAX_BYTES);
    if (bytes === undefined) return { kind: "unusable", why: "is larger than 1 MiB" };
    return { kind: "text", text: bytes.toString("utf8") };
  } catch (error) {
    const { code = "" } = error as { code?: string };
    // ENOTDIR: a directory on the way is a file, so nothing is there either.
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "absent" };
    return { kind: "unusable", why: `cannot be read (${code})` };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
