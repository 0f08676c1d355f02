// A lock file of one holder at a time, for lease.ts: a symbolic link that leads nowhere, since a link is made in one step
// with all that it says. It says who holds it, so that the lock of a process that has ended is free at once; its time is
// the holder's last sign of life. It only saves work: two holders are possible and harmless, no error leaves this file,
// and no signal of the process is touched.

import {
  lstatSync,
  lutimesSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import type { Clock } from "../edge/clock.ts";

/** A lock whose holder is silent is taken over this long after its last sign of life, in milliseconds. */
const STALE_MS = 3000;
const HEARTBEAT_MS = 1000;
/** A lock dated this far in the future was made under another clock and is dead. */
const FUTURE_MS = 5000;
/** ENOENT is not among them: it is seen when two processes take over a dead lock at once. */
const NO_LOCKS_HERE: ReadonlySet<string> = new Set([
  "ENOSPC",
  "EDQUOT",
  "EROFS",
  "EACCES",
  "EPERM",
  "ENOTDIR",
  "ENOSYS",
  "EMFILE",
  "ENFILE",
  "EIO",
]);

/** The function that gives it back; `held`: another has it; `broken`: no lock can be made here. */
export type Lock = (() => void) | "held" | "broken";

export function acquireLock(path: string, clock: Clock): Lock {
  const mark = `${process.pid}.${pidNamespace()}.${Math.random().toString(36).slice(2)}`;
  let made = make(mark, path);
  if (made === "held") {
    const there = look(path, clock);
    if (there === "held") return "held";
    if (there === "dead") takeAway(path, clock);
    made = make(mark, path);
  }
  if (made !== "made") return made;
  // By our clock: a new file has the time of the file system's.
  touch(path, clock);
  const heartbeat = setInterval(() => {
    if (markOf(path) === mark) touch(path, clock);
  }, HEARTBEAT_MS);
  // It must not keep a process that has nothing else to do.
  heartbeat.unref();
  return () => {
    clearInterval(heartbeat);
    // Taken over by another process, it is theirs.
    if (markOf(path) === mark) remove(path);
  };
}

/** `held`: something is there, whatever it is. */
function make(mark: string, path: string): "made" | "held" | "broken" {
  try {
    symlinkSync(mark, path);
    return "made";
  } catch (error) {
    return NO_LOCKS_HERE.has((error as NodeJS.ErrnoException).code ?? "") ? "broken" : "held";
  }
}

/** True while another process holds it and shows that it lives. */
export function isHeld(path: string, clock: Clock): boolean {
  return look(path, clock) === "held";
}

function look(path: string, clock: Clock): "free" | "held" | "dead" {
  try {
    const ageMs = clock.nowMs() - lstatSync(path).mtimeMs;
    return ageMs < STALE_MS && ageMs > -FUTURE_MS && !hasEnded(markOf(path)) ? "held" : "dead";
  } catch {
    return "free";
  }
}

/**
 * Removes a dead lock. It is renamed first and looked at once more: whoever was slower would otherwise remove the new
 * lock of the one who was quicker.
 */
function takeAway(path: string, clock: Clock): void {
  const dead = markOf(path);
  if (dead === undefined) {
    removeDirectory(path);
    return;
  }
  const claimed = `${path}-${process.pid}`;
  try {
    if (isHeld(path, clock)) return;
    renameSync(path, claimed);
    if (markOf(claimed) === dead) unlinkSync(claimed);
    else renameSync(claimed, path);
  } catch {
    // Somebody else took it away.
  }
}

/** The lock of an older version. */
function removeDirectory(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Not there, or something is in it; then it stays in the way.
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Its directory is gone, or cannot be written any more; it grows old by itself.
  }
}

function touch(path: string, clock: Clock): void {
  try {
    const atS = clock.nowMs() / 1000;
    lutimesSync(path, atS, atS);
  } catch {
    // It is gone, and somebody else may ask as well.
  }
}

/** What the link says; undefined for anything else, and for nothing. */
function markOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** True only when it is certain: a process id means something in its own namespace alone. */
function hasEnded(mark: string | undefined): boolean {
  const [pid = "", namespace = ""] = mark?.split(".") ?? [];
  if (!/^[1-9][0-9]{0,9}$/.test(pid) || namespace === "" || namespace !== pidNamespace()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

let knownNamespace: string | undefined;

/** Its number, which a process keeps; empty where the system does not tell. */
function pidNamespace(): string {
  knownNamespace ??= /[0-9]+/.exec(markOf("/proc/self/ns/pid") ?? "")?.[0] ?? "";
  return knownNamespace;
}
