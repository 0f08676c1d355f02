// `--watch`: rounds, each with a Local and a Remote of its own, for weeks. What asks for a round: an event of the platform,
// the end of a pause, something that falls due, a clock that jumped, SIGHUP. Two rounds never run at once, and nothing
// grows with time.
//
// A verb gives one function, its round, and gets back when SIGTERM or SIGINT has come:
//
//   await watch(invocation, async (local, remote) => {
//     …bring the output up to date, by managedRegistries(local, remote) and resolveCredential(ref, local, remote)…
//     return { changed, failed, dueAtMs };
//   });
//
// Both ask anew: what was cached before the round began is not fresh in it. A round may throw; it then counts as failed,
// and the error goes to `onError`.

import {
  FIRST_SPACING_MS,
  JUMP_MS,
  nextSpacingMs,
  pauseAfterEventMs,
  pauseAfterStreamMs,
  pauseMs,
  SILENT_STREAM_MS,
  TICK_MS,
  untilDueMs,
} from "./core/watch-plan.ts";
import { deadlineAfter } from "./edge/clock.ts";
import { Local } from "./local.ts";
import { Remote } from "./remote.ts";
import { memoryCache } from "./store/memory-cache.ts";
import { type Follow, followEvents, type WatchContext } from "./watch-stream.ts";

/** What a round found. */
export interface RoundResult {
  /** The output is another than before. */
  readonly changed: boolean;
  /** Something could not be had; with a stream the next look comes as early as without one. */
  readonly failed: boolean;
  /** When something has to be looked at again whatever happens, in milliseconds since 1970. */
  readonly dueAtMs?: number | undefined;
}

export type Round = (local: Local, remote: Remote) => Promise<RoundResult>;

export interface WatchOptions {
  /** Hears what a round threw. */
  readonly onError: (error: unknown) => void;
  /** False when the output is gone; asked every few seconds, so it must cost next to nothing. */
  readonly isIntact?: () => boolean;
  /** From 0 to 1. */
  readonly random?: () => number;
  /** Replaced by tests. */
  readonly follow?: Follow;
}

/** How long one round may take. */
const ROUND_LIMIT_MS = 30_000;

/** Resolves when a signal has asked for the end. */
export async function watch(context: WatchContext, round: Round, options: WatchOptions): Promise<void> {
  const { stop } = context.signals;
  if (stop.aborted) return;
  const watching = new Watching(context, round, options);
  const stopped = new Promise<void>((resolve) =>
    stop.addEventListener("abort", () => resolve(), { once: true }),
  );
  // A round in progress is left behind: files are written in one step, and the process ends.
  await Promise.race([stopped, watching.run()]);
}

class Watching {
  readonly #context: WatchContext;
  readonly #round: Round;
  readonly #options: WatchOptions;
  readonly #random: () => number;
  readonly #overCache: ReturnType<typeof memoryCache>;
  /** On the monotonic clock, as all times here but `dueAtMs`. */
  #nextAtMs = 0;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  #lastSignMs = 0;
  #isLive = false;
  #freshMs = 60_000;
  #spacingMs = FIRST_SPACING_MS;
  /** The next round is there for a doubtful event alone. */
  #isDoubtful = false;
  #wake: () => void = () => undefined;
  #offsetMs: number;

  constructor(context: WatchContext, round: Round, options: WatchOptions) {
    this.#context = context;
    this.#round = round;
    this.#options = options;
    this.#random = options.random ?? Math.random;
    const { clock } = context.context;
    this.#overCache = memoryCache(() => clock.nowMs());
    this.#offsetMs = this.#clockOffset();
  }

  async run(): Promise<void> {
    const { signals } = this.#context;
    const follower = (this.#options.follow ?? followEvents)(this.#context, {
      random: this.#random,
      onLive: (isLive) => this.#streamIs(isLive),
      onEvent: (urgency) => this.#event(urgency),
    });
    signals.onReload(() => {
      follower.reopen();
      this.#planAt(0);
    });
    while (!signals.stop.aborted) {
      await this.#wait();
      if (this.#jumped()) {
        // The connections of a machine that slept are dead.
        follower.reopen();
        this.#planAt(0);
      }
      // At the pace of ticks also where it cannot be written again.
      if (this.#options.isIntact?.() === false) this.#planIn(TICK_MS - this.#sinceLastMs());
      if (this.#nowMs() < this.#nextAtMs) continue;
      if (this.#isLive && this.#nowMs() - this.#lastSignMs > SILENT_STREAM_MS) {
        // The new stream asks for a round when it is open; without one it is the usual time for it.
        this.#lastSignMs = this.#nowMs();
        this.#nextAtMs = this.#nowMs() + this.#freshMs;
        follower.reopen();
        continue;
      }
      await this.#runRound();
    }
  }

  async #runRound(): Promise<void> {
    const { context, trace, helperNames } = this.#context;
    const { clock } = context;
    const wasDoubtful = this.#isDoubtful;
    this.#isDoubtful = false;
    this.#lastStartMs = this.#nowMs();
    // What happens from here on asks for a round of its own.
    this.#nextAtMs = Number.POSITIVE_INFINITY;
    const local = new Local(context, {
      asksAnew: true,
      overCache: this.#overCache,
      // While events come, a revision that stays the same says that the value does.
      ...(this.#isLive ? { valueLifeMs: Number.POSITIVE_INFINITY } : {}),
    });
    const remote = new Remote(local, { deadline: deadlineAfter(clock, ROUND_LIMIT_MS), trace, helperNames });
    const result = await this.#result(local, remote);
    remote.close();
    this.#freshMs = local.config.freshMs;
    this.#spacingMs = nextSpacingMs(this.#spacingMs, wasDoubtful && !result.changed);
    const steady = this.#isLive && !result.failed;
    this.#planIn(pauseMs(steady, this.#freshMs, this.#random()) - this.#sinceLastMs());
    this.#planIn(untilDueMs(result.dueAtMs, clock.nowMs()));
  }

  async #result(local: Local, remote: Remote): Promise<RoundResult> {
    try {
      return await this.#round(local, remote);
    } catch (error) {
      this.#options.onError(error);
      return { changed: false, failed: true };
    }
  }

  #streamIs(isLive: boolean): void {
    if (isLive === this.#isLive) return;
    this.#isLive = isLive;
    this.#lastSignMs = this.#nowMs();
    // What changed before the stream was open is told by nobody.
    if (isLive) this.#planAt(0);
    else this.#planIn(pauseAfterStreamMs(this.#freshMs, this.#random()));
  }

  #event(urgency: "now" | "soon"): void {
    const nowMs = this.#nowMs();
    this.#lastSignMs = nowMs;
    const sinceMs = this.#sinceLastMs();
    if (urgency === "now") {
      this.#isDoubtful = false;
      this.#planIn(pauseAfterEventMs(sinceMs, this.#random()));
      return;
    }
    const inMs = Math.max(this.#spacingMs - sinceMs, pauseAfterEventMs(sinceMs, this.#random()));
    if (nowMs + inMs < this.#nextAtMs) this.#isDoubtful = true;
    this.#planIn(inMs);
  }

  #planIn(ms: number): void {
    this.#planAt(this.#nowMs() + Math.max(ms, 0));
  }

  #planAt(atMs: number): void {
    if (atMs >= this.#nextAtMs) return;
    this.#nextAtMs = atMs;
    this.#wake();
  }

  /** Until the next round, a tick, or a new plan, whichever comes first. */
  async #wait(): Promise<void> {
    const ms = Math.min(this.#nextAtMs - this.#nowMs(), TICK_MS);
    if (ms <= 0) return;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await this.#context.context.clock.sleep(ms, woken.signal);
  }

  #jumped(): boolean {
    const offsetMs = this.#clockOffset();
    const jumped = Math.abs(offsetMs - this.#offsetMs) > JUMP_MS;
    this.#offsetMs = offsetMs;
    return jumped;
  }

  #clockOffset(): number {
    const { clock } = this.#context.context;
    return clock.nowMs() - clock.monotonicMs();
  }

  #sinceLastMs(): number {
    return this.#nowMs() - this.#lastStartMs;
  }

  #nowMs(): number {
    return this.#context.context.clock.monotonicMs();
  }
}
