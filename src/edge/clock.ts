// Time as an input: the wall clock for what is written down, a monotonic clock for waiting, and the deadline of
// a whole run. Nothing else in the program asks the machine for the time.

/** The two clocks. Tests replace them. */
export interface Clock {
  /** Milliseconds since 1970; may jump. */
  nowMs(): number;
  /** Milliseconds since some start; never goes back. */
  monotonicMs(): number;
  /** Resolves after `ms`, or as soon as `signal` is aborted; it never rejects, and leaves no timer behind. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep(ms, signal) {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal?.addEventListener("abort", end, { once: true });
    });
  },
};

/** The end of a run or of a part of it, on the monotonic clock. */
export interface Deadline {
  /** Milliseconds left, never negative. */
  remainingMs(): number;
}

export function deadlineAfter(clock: Clock, ms: number): Deadline {
  const endMs = clock.monotonicMs() + ms;
  return { remainingMs: () => Math.max(0, endMs - clock.monotonicMs()) };
}

/** The nearer of `deadline` and `ms` from now. */
export function within(clock: Clock, deadline: Deadline, ms: number): Deadline {
  return deadlineAfter(clock, Math.min(ms, deadline.remainingMs()));
}
