// A lease: of many processes that need the same answer, one asks and the others take what it wrote. It only saves
// work. Nothing may depend on it: every error means "not acquired", waiting is bounded, and whoever waited long
// enough asks for itself. Two holders at once are possible and harmless.

import type { Clock, Deadline } from "../edge/clock.ts";
import { acquireLock, isHeld } from "./lock.ts";

const POLL_MS = 25;
/** Longer than any race for a dead lock lasts, in milliseconds. */
const STUCK_MS = 500;
/** What a waiter keeps for asking by itself, in milliseconds. */
const OWN_TURN_MS = 3000;

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
    const lock = acquireLock(path, clock);
    if (typeof lock === "function") {
      try {
        return poll() ?? (await ask());
      } finally {
        lock();
      }
    }
    const found = poll();
    // A lock that is dead and cannot be taken over (a file in its place, a directory with something in it) is as good as
    // none.
    if (lock !== "held" || isHeld(path, clock)) stuckSinceMs = undefined;
    else stuckSinceMs ??= clock.monotonicMs();
    const stuck = stuckSinceMs !== undefined && clock.monotonicMs() - stuckSinceMs > STUCK_MS;
    if (found === undefined && (lock === "broken" || stuck)) return ask();
    if (found !== undefined) return found;
    if (clock.monotonicMs() - startMs >= budgetMs) return ask();
    await clock.sleep(POLL_MS * (0.6 + 0.8 * Math.random()));
  }
}
