// Who may stand behind a directory or a file that we rely on: we ourselves or root, and nobody who could exchange it.
// Inside a user namespace root has no number of its own, so there the question is asked in another way.

import { accessSync, constants, lstatSync, readFileSync, realpathSync, type Stats, statSync } from "node:fs";
import { parentOf } from "../core/paths.ts";

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/**
 * True when an XDG variable that names `path` may be followed: the directory, or the nearest one above it that exists,
 * is ours or root's and nobody else may write there; one above it may be sticky, since nobody can take what we make there.
 * Where something is going to be made, and for root always, the directories above that one must be no stranger's either.
 */
export function isTrustedBase(path: string, uid: number): boolean {
  try {
    for (let at = path; ; at = parentOf(at)) {
      const stat = lstatSync(at, { throwIfNoEntry: false });
      if (stat === undefined && at !== "/") continue;
      if (stat === undefined || !isSafe(at, stat, uid, true)) return false;
      if (at === path && isWrittenByOthers(path, stat)) return false;
      return (at === path && uid !== 0) || isSafeChain(parentOf(at), uid);
    }
  } catch {
    // What cannot be looked at cannot be trusted.
    return false;
  }
}

/** No stranger may exchange one of the directories on the way to `path`. What a user lets his group write is his own. */
function isSafeChain(path: string, uid: number): boolean {
  for (let at = path; ; at = parentOf(at)) {
    if (!isSafe(at, lstatSync(at), uid, false)) return false;
    if (at === "/") return true;
  }
}

function isSafe(path: string, stat: Stats, uid: number, strictly: boolean): boolean {
  if (!isTrustedOwner(path, stat.uid, uid)) return false;
  if (stat.isSymbolicLink()) {
    const target = realpathSync(path);
    return (
      isSafe(target, statSync(target), uid, strictly) &&
      (target === "/" || isSafeChain(parentOf(target), uid))
    );
  }
  if (!stat.isDirectory()) return false;
  const others = (stat.mode & WRITABLE_BY_OTHERS) !== 0 && (stat.mode & STICKY) === 0;
  return !others || (!strictly && stat.uid === uid);
}

/** Links followed; whether it is sticky does not count. */
const isWrittenByOthers = (path: string, stat: Stats): boolean =>
  ((stat.isSymbolicLink() ? statSync(path) : stat).mode & WRITABLE_BY_OTHERS) !== 0;

/** `owner` is we, root, or root as it is seen from inside a user namespace. */
export function isTrustedOwner(path: string, owner: number, uid: number): boolean {
  return owner === 0 || owner === uid || isRootOutside(path, owner);
}

/**
 * In a user namespace every user that is not mapped, root among them, shows as one overflow number. A file of that
 * number that neither we can write, nor any directory above it, was put there by somebody who could do so outside: for
 * `/etc` of a rootless container that is root. What we could write ourselves proves nothing and is not accepted.
 */
export function isRootOutside(path: string, owner: number): boolean {
  if (!isOverflowOwner(owner)) return false;
  try {
    const real = realpathSync(path);
    for (const start of new Set([path, real])) {
      for (let at = start; ; at = parentOf(at)) {
        if (isWritable(at)) return false;
        if (at === "/") break;
      }
    }
    return true;
  } catch {
    return false;
  }
}

/** True when `owner` is the number by which this user namespace shows users from outside. */
export function isOverflowOwner(owner: number): boolean {
  try {
    const map = readFileSync("/proc/self/uid_map", "utf8").trim().split(/\s+/).join(" ");
    if (map === "0 0 4294967295") return false;
    return Number(readFileSync("/proc/sys/kernel/overflowuid", "utf8")) === owner;
  } catch {
    return false;
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EACCES" || code === "EPERM" || code === "EROFS") return false;
    throw error;
  }
}
