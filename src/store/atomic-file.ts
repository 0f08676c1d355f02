// Files that readers see whole or not at all. Writers put a new file beside the old one, check its size and rename
// it; readers follow no link and take no lock. A file that is not ours, not regular or too large counts as absent.

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";

/** A secret of 1 MiB, every character escaped, and what stands around it. */
const MAX_FILE_BYTES = 8 * 1024 * 1024;
const GROUP_AND_OTHER = 0o077;

/** The file's text, or undefined when there is none that may be trusted. Never throws. */
export function readPrivateFile(path: string, uid: number): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.uid !== uid || (stat.mode & GROUP_AND_OTHER) !== 0) return undefined;
    if (stat.size > MAX_FILE_BYTES) return undefined;
    return readFileSync(fd, "utf8");
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

/**
 * Replaces `path` by `text` with mode 0600. `mayReplace` is asked just before the rename: false leaves the old
 * file. Throws the system's error when it cannot be done; the old file is then untouched.
 */
export function writePrivateFile(path: string, text: string, mayReplace: () => boolean = () => true): void {
  const temporary = `${path}.tmp-${process.pid}-${randomName()}`;
  const fd = openSync(
    temporary,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    try {
      const bytes = Buffer.from(text, "utf8");
      writeAll(fd, bytes);
      // A full tmpfs may cut a write short without an error, so the size is what counts.
      if (fstatSync(fd).size !== bytes.length) throw new Error("short write");
    } finally {
      closeSync(fd);
    }
    if (mayReplace()) renameSync(temporary, path);
    else unlinkSync(temporary);
  } catch (error) {
    removeFile(temporary);
    throw error;
  }
}

/** Removes a file if it is there. Throws only when it is there and cannot be removed. */
export function removePrivateFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    // A read-only file system says so even of a file that is not there.
    if (isThere(path)) throw error;
  }
}

/** False only when it is certain that there is nothing. Throws the system's error when nobody can tell. */
export function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw error;
  }
}

/** False also when nobody can tell: then there is nothing for us to remove. */
export function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

/** Eight characters; the sweep knows temporary files by exactly that form. */
export function randomName(): string {
  return Math.random().toString(36).slice(2, 10).padEnd(8, "0");
}

function writeAll(fd: number, bytes: Buffer): void {
  let written = 0;
  while (written < bytes.length) {
    const count = writeSync(fd, bytes, written, bytes.length - written);
    if (count === 0) throw new Error("short write");
    written += count;
  }
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // The sweep takes what stays behind.
  }
}
