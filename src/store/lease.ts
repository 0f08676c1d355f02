// A lease: of many processes that need the same answer, one asks and the others take what it wrote. It only saves
// work. Nothing may depend on it: every error means "not acquired", waiting is bounded, and whoever waited long
// enough asks for itself. Two holders at once are possible and harmless.

import { mkdirSync, rmdirSync, statSync, utimesSync } from "node:fs";
import type { Clock, Deadline } from "../edge/clock.ts";

/** A lock whose holder died is taken over this long after its last sign of life, in milliseconds. */
const STALE_MS = 3000;
const HEARTBEAT_MS = 1000;
/** A lock dated this far in the future was made under another clock and is dead. */
const FUTURE_MS = 5000;
const POLL_MS = 25;
/** Longer than any race for a dead lock lasts, in milliseconds. */
const STUCK_MS = 500;
/** What a waiter keeps for asking by itself, in milliseconds. */
const OWN_TURN_MS = 3000;
/** ENOENT is not among them: it is seen when two processes take over a dead lock at once. */
const NO_LOCKS_HERE: ReadonlySet<string> = new Set([
  "ENOSPC",
  "EDQUOT",
  "EROFS",
  "EACCES",
  "EPERM",
  "ENOTDIR",
  "EMFILE",
  "ENFILE",
  "EIO",
]);

/** What the lock library uses; of the whole of `node:fs` it would make a copy, and load streams for that. */
const LOCK_FS = { mkdirSync, rmdirSync, statSync, utimesSync };

export interface LeaseOptions<T> {
  /** The lock's path inside a private directory; undefined means that there is none and everybody asks. */
  readonly path: string | undefined;
  readonly clock: Clock;
  readonly deadline: Deadline;
  /** Re-reads the cache: the answer if there is one by now. */
  readonly poll: () => T | undefined;
}

/** Runs `ask` under the lease at `path`, or returns what `poll` finds while another process holds it. */
export async function withLease<T>(options: LeaseOptions<T>, ask: () => Promise<T>): Promise<T> {
  const { path, clock, poll } = options;
  if (path === undefined) return ask();
  const startMs = clock.monotonicMs();
  let stuckSinceMs: number | undefined;
  // A holder that lives is worth waiting for, but enough must be left to ask ourselves.
  const leftMs = options.deadline.remainingMs();
  const budgetMs = Math.max(leftMs / 2, leftMs - OWN_TURN_MS);
  for (;;) {
    const lock = isHeld(path, clock) ? "held" : await acquire(path);
    if (typeof lock === "function") {
      try {
        return poll() ?? (await ask());
      } finally {
        lock();
      }
    }
    const found = poll();
    // A lock that is dead and cannot be taken over (a file in its place, something in it) is as good as none.
    if (lock !== "held" || isHeld(path, clock)) stuckSinceMs = undefined;
    else stuckSinceMs ??= clock.monotonicMs();
    const stuck = stuckSinceMs !== undefined && clock.monotonicMs() - stuckSinceMs > STUCK_MS;
    if (found === undefined && (lock === "broken" || stuck)) return ask();
    if (found !== undefined) return found;
    if (clock.monotonicMs() - startMs >= budgetMs) return ask();
    await clock.sleep(POLL_MS * (0.6 + 0.8 * Math.random()));
  }
}

/** Looks before the lock library is loaded: most waiters never need it. */
function isHeld(path: string, clock: Clock): boolean {
  try {
    const ageMs = clock.nowMs() - statSync(path).mtimeMs;
    if (ageMs < -FUTURE_MS) {
      rmdirSync(path);
      return false;
    }
    return ageMs < STALE_MS;
  } catch {
    return false;
  }
}

/** `held`: another process has it; `broken`: no lock can be made here, so there is nothing to wait for. */
async function acquire(path: string): Promise<(() => void) | "held" | "broken"> {
  try {
    const { lockSync } = await import("./proper-lockfile.ts");
    const release = lockSync(path, {
      lockfilePath: path,
      realpath: false,
      fs: LOCK_FS,
      retries: 0,
      stale: STALE_MS,
      update: HEARTBEAT_MS,
      // The default throws outside of any promise and would end the process.
      onCompromised: () => undefined,
    });
    return () => {
      try {
        release();
      } catch {
        // Taken over by another process, or its directory is gone.
      }
    };
  } catch (error) {
    return NO_LOCKS_HERE.has((error as NodeJS.ErrnoException).code ?? "") ? "broken" : "held";
  }
}
