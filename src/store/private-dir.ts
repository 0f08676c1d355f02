// Directories that only we can read. A directory is created with mode 0700 and is never repaired later: a link, a
// foreign owner or any group or other bit means that it is not used, because what it holds cannot be trusted.
// The rule is git's (builtin/credential-cache--daemon.c): fail closed, let a human look.

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  type Stats,
  statSync,
} from "node:fs";
import { isAbsolutePath, parentOf } from "../core/paths.ts";

const GROUP_AND_OTHER = 0o077;

/** True when `path` is a directory of ours (not a link to one) with no bit for anybody else. */
export function isPrivateDir(path: string, uid: number): boolean {
  try {
    return isPrivate(lstatSync(path), uid);
  } catch {
    return false;
  }
}

function isPrivate(stat: Stats, uid: number): boolean {
  return stat.isDirectory() && stat.uid === uid && (stat.mode & GROUP_AND_OTHER) === 0;
}

/** Directories that this process keeps open, by the name that each had. One that was exchanged stays open: a lease in it may
 * still be held. */
const held = new Map<string, { readonly path: string; readonly stat: Stats }>();

/**
 * A path to the private directory that `path` names now, which leads to that very directory whatever is put in its
 * place later; undefined when it is not private. Where the system has no /proc it is `path` itself (see SECURITY.md).
 */
export function heldDir(path: string, uid: number): string | undefined {
  try {
    const known = held.get(path);
    if (known !== undefined) {
      const now = lstatSync(path);
      if (isSame(known.stat, now)) return isPrivate(now, uid) ? known.path : undefined;
    }
    const opened = open(path, uid);
    if (opened !== undefined) held.set(path, opened);
    return opened?.path;
  } catch {
    return undefined;
  }
}

function open(path: string, uid: number): { path: string; stat: Stats } | undefined {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  const stat = fstatSync(fd);
  if (!isPrivate(stat, uid)) {
    closeSync(fd);
    return undefined;
  }
  const byDescriptor = `/proc/self/fd/${fd}`;
  const seen = statSync(byDescriptor, { throwIfNoEntry: false });
  if (seen !== undefined && isSame(seen, stat)) return { path: byDescriptor, stat };
  closeSync(fd);
  return { path, stat };
}

const isSame = (one: Stats, other: Stats): boolean => one.dev === other.dev && one.ino === other.ino;

/**
 * Makes `path` exist as a private directory; `parents` says whether missing parents are made too.
 * False when it is not one or cannot be made. The process's umask must already be 077 or it may lose bits.
 */
export function ensurePrivateDir(path: string, uid: number, parents: boolean): boolean {
  if (!isAbsolutePath(path)) return false;
  if (isPrivateDir(path, uid)) return true;
  try {
    if (parents && !makeParent(parentOf(path), uid)) return false;
    mkdirSync(path, { mode: 0o700 });
  } catch {
    // It exists, perhaps made by another process a moment ago; whether it is good is asked next.
  }
  return isPrivateDir(path, uid);
}

/** Makes what is missing, one after the other, so that nothing is made in a directory that somebody put there meanwhile. */
function makeParent(path: string, uid: number): boolean {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return true;
  if (path === "/" || !makeParent(parentOf(path), uid)) return false;
  try {
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch {
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there === undefined) return false;
    return there.isDirectory() && (there.uid === uid || there.uid === 0);
  }
}
