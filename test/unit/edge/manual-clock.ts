// A clock that a test moves by hand. Sleeping moves it, so that nothing that waits takes real time.

import type { Clock } from "../../../src/edge/clock.ts";

export class ManualClock implements Clock {
  wallMs: number;
  #monotonicMs = 1000;

  /** By default it starts now, since the times of files are the machine's. */
  constructor(wallMs = Date.now()) {
    this.wallMs = wallMs;
  }

  nowMs(): number {
    return this.wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    this.advance(ms);
    // Other work of the process gets its turn, as it would in a real wait.
    await new Promise((resolve) => setImmediate(resolve));
  }

  advance(ms: number): void {
    this.wallMs += ms;
    this.#monotonicMs += ms;
  }

  /** The wall clock is set; waiting goes on as before. */
  jump(ms: number): void {
    this.wallMs += ms;
  }
}
