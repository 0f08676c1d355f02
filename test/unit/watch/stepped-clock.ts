// A clock whose time passes only when a test says so, in order of what is being waited for; between two moments the
// process does all the work that is there to be done.

import type { Clock } from "../../../src/edge/clock.ts";

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

export class SteppedClock implements Clock {
  #wallMs: number;
  #monotonicMs = 1000;
  readonly #sleepers: Sleeper[] = [];

  constructor(wallMs = Date.now()) {
    this.#wallMs = wallMs;
  }

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((wake) => {
      const sleeper = { atMs: this.#monotonicMs + ms, wake };
      this.#sleepers.push(sleeper);
      signal?.addEventListener(
        "abort",
        () => {
          const index = this.#sleepers.indexOf(sleeper);
          if (index >= 0) this.#sleepers.splice(index, 1);
          wake();
        },
        { once: true },
      );
    });
  }

  /** How many are asleep: what a loop leaves behind would pile up here. */
  get waiting(): number {
    return this.#sleepers.length;
  }

  /** Lets `ms` pass; `idle` settles when nothing is going on that needs no time. */
  async pass(ms: number, idle: () => Promise<void>): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    await idle();
    for (;;) {
      const next = this.#sleepers.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > endMs) break;
      this.#sleepers.splice(this.#sleepers.indexOf(next), 1);
      this.#advance(Math.max(next.atMs - this.#monotonicMs, 0));
      next.wake();
      await idle();
    }
    this.#advance(endMs - this.#monotonicMs);
    await idle();
  }

  /** The machine sleeps, or the wall clock is set: the other clock does not notice. */
  jump(ms: number): void {
    this.#wallMs += ms;
  }

  #advance(ms: number): void {
    this.#wallMs += ms;
    this.#monotonicMs += ms;
  }
}
