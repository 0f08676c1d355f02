// Directories that only we can read. A directory is created with mode 0700 and is never repaired later: a link, a
// foreign owner or any group or other bit means that it is not used, because what it holds cannot be trusted.
// The rule is git's (builtin/credential-cache--daemon.c): fail closed, let a human look.

import { lstatSync, mkdirSync } from "node:fs";
import { isAbsolutePath, parentOf } from "../core/paths.ts";

const GROUP_AND_OTHER = 0o077;

/** True when `path` is a directory of ours (not a link to one) with no bit for anybody else. */
export function isPrivateDir(path: string, uid: number): boolean {
  try {
    const stat = lstatSync(path);
    return stat.isDirectory() && stat.uid === uid && (stat.mode & GROUP_AND_OTHER) === 0;
  } catch {
    return false;
  }
}

/**
 * Makes `path` exist as a private directory; `parents` says whether missing parents are made too.
 * False when it is not one or cannot be made. The process's umask must already be 077 or it may lose bits.
 */
export function ensurePrivateDir(path: string, uid: number, parents: boolean): boolean {
  if (!isAbsolutePath(path)) return false;
  if (isPrivateDir(path, uid)) return true;
  try {
    if (parents) mkdirSync(parentOf(path), { recursive: true, mode: 0o700 });
    mkdirSync(path, { mode: 0o700 });
  } catch {
    // It exists, perhaps made by another process a moment ago; whether it is good is asked next.
  }
  return isPrivateDir(path, uid);
}
