// A fleet that runs `--watch`, on a clock of its own: the program's loop and its plan as they are, with rounds and a stream
// that only count what they would ask. It tells how many requests a second a platform gets, and whether they come in a herd.

import { reconnectMs, renewalAtMs } from "../../src/core/watch-plan.ts";
import type { Clock } from "../../src/edge/clock.ts";
import { type RoundResult, watch } from "../../src/watch.ts";
import type { Follow, FollowListener } from "../../src/watch-stream.ts";
import { table } from "./figures.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const TOKEN_LIFE_MS = 12 * HOUR;
/** What the figures are stretched to. */
const STRETCHED = 100_000;

/** Everybody has done what there is to do, and sleeps again. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Time that passes as fast as nobody is busy; a heap, since thousands wait. */
class FleetClock implements Clock {
  #nowMs = 0;
  readonly #heap: { readonly atMs: number; readonly wake: () => void }[] = [];

  nowMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.at(this.#nowMs + ms, wake));
  }

  at(atMs: number, wake: () => void): void {
    const heap = this.#heap;
    // Whoever wakes in the same tenth of a second wakes together.
    heap.push({ atMs: Math.ceil(atMs / 100) * 100, wake });
    for (let child = heap.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (this.#key(parent) <= this.#key(child)) break;
      this.#swap(parent, child);
      child = parent;
    }
  }

  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settled();
    while (this.#heap.length > 0 && this.#key(0) <= endMs) {
      const next = this.#pop();
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
      // Whoever wakes at the same moment does so before anybody works.
      if (this.#key(0) > this.#nowMs) await settled();
    }
    this.#nowMs = endMs;
  }

  #pop() {
    const heap = this.#heap;
    this.#swap(0, heap.length - 1);
    const last = heap.pop();
    if (last === undefined) throw new Error("nobody waits");
    for (let parent = 0; ; ) {
      const [left, right] = [parent * 2 + 1, parent * 2 + 2];
      const least = this.#key(right) < this.#key(left) ? right : left;
      if (this.#key(parent) <= this.#key(least)) break;
      this.#swap(parent, least);
      parent = least;
    }
    return last;
  }

  #key(index: number): number {
    return this.#heap[index]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (first === undefined || second === undefined) return;
    this.#heap[a] = second;
    this.#heap[b] = first;
  }
}

/** Requests by the second in which they came. */
class Counter {
  readonly bySecond = new Map<number, number>();

  add(atMs: number): void {
    const second = Math.floor(atMs / SECOND);
    this.bySecond.set(second, (this.bySecond.get(second) ?? 0) + 1);
  }

  /** From `fromMs` on, for `ms`. `spreadS`: between the first and the last but one in a hundred. */
  between(fromMs: number, ms: number): { total: number; average: number; peak: number; spreadS: number } {
    const seconds = [...this.bySecond]
      .filter(([second]) => second * SECOND >= fromMs && second * SECOND < fromMs + ms)
      .toSorted(([a], [b]) => a - b);
    const total = seconds.reduce((sum, [, count]) => sum + count, 0);
    let seen = 0;
    const last =
      seconds.find(([, count]) => {
        seen += count;
        return seen >= total * 0.99;
      })?.[0] ?? 0;
    return {
      total,
      average: total / (ms / SECOND),
      peak: Math.max(0, ...seconds.map(([, count]) => count)),
      spreadS: last - (seconds[0]?.[0] ?? 0) + 1,
    };
  }
}

interface Platform {
  isUp: boolean;
  version: number;
  readonly asked: Counter;
  readonly minted: Counter;
  readonly streams: Set<{ drop(): void; event(): void }>;
}

/** The stream of one machine: what watch-stream.ts does, without a network. */
function streamOf(platform: Platform, clock: FleetClock): Follow {
  return (_, listener: FollowListener) => {
    let failures = 0;
    const stream = {
      drop(): void {
        platform.streams.delete(stream);
        listener.onLive(false);
        again();
      },
      event: (): void => listener.onEvent("now"),
    };
    const open = (): void => {
      platform.asked.add(clock.monotonicMs());
      if (!platform.isUp) {
        again();
        return;
      }
      failures = 0;
      platform.streams.add(stream);
      listener.onLive(true);
    };
    const again = (): void => {
      clock.at(clock.monotonicMs() + reconnectMs(failures, Math.random()), open);
      failures += 1;
    };
    open();
    return { reopen: () => (platform.streams.has(stream) ? stream.drop() : undefined) };
  };
}

function startMachine(platform: Platform, clock: FleetClock, usesEvents: boolean): void {
  let known = -1;
  let expiresAtMs = 0;
  const round = async (): Promise<RoundResult> => {
    const atMs = clock.monotonicMs();
    platform.asked.add(atMs);
    if (!platform.isUp) return { changed: false, failed: true, dueAtMs: undefined };
    const changed = known !== platform.version;
    if (changed) platform.asked.add(atMs);
    known = platform.version;
    if (expiresAtMs - clock.nowMs() <= TOKEN_LIFE_MS / 2) {
      platform.minted.add(atMs);
      expiresAtMs = clock.nowMs() + TOKEN_LIFE_MS;
    }
    return { changed, failed: false, dueAtMs: renewalAtMs(expiresAtMs, clock.nowMs(), Math.random()) };
  };
  const { signal } = new AbortController();
  void watch(
    {
      context: { env: { DOCKER_CREDENTIAL_ONA_NO_CACHE: "1" }, uid: process.geteuid?.() ?? 0, clock },
      trace: () => undefined,
      helperNames: [],
      signals: { stop: signal, onReload: () => undefined },
    },
    round,
    {
      onError: () => undefined,
      follow: usesEvents ? streamOf(platform, clock) : () => ({ reopen: () => undefined }),
    },
  );
}

export interface FleetFigures {
  readonly machines: number;
  readonly rows: readonly {
    readonly what: string;
    readonly how: "events" | "polling";
    readonly average: number;
    readonly peak: number;
    readonly spreadS: number;
  }[];
}

/** Starts `machines` at once; an hour of rest, an outage of ten minutes, a secret of all of them changed, half a day. */
export async function fleet(machines: number): Promise<FleetFigures> {
  const rows: FleetFigures["rows"][number][] = [];
  for (const how of ["events", "polling"] as const) {
    const clock = new FleetClock();
    const streams: Platform["streams"] = new Set();
    const platform = { isUp: true, version: 1, asked: new Counter(), minted: new Counter(), streams };
    for (let n = 0; n < machines; n += 1) startMachine(platform, clock, how === "events");
    const row = (what: string, counter: Counter, fromMs: number, ms: number): void => {
      rows.push({ what, how, ...counter.between(fromMs, ms) });
    };
    await clock.pass(90 * MINUTE);
    row("all started at once: the first minute", platform.asked, 0, MINUTE);
    row("at rest", platform.asked, 30 * MINUTE, HOUR);
    platform.isUp = false;
    for (const stream of [...streams]) stream.drop();
    await clock.pass(10 * MINUTE);
    row("an outage of 10 minutes", platform.asked, 90 * MINUTE, 10 * MINUTE);
    platform.isUp = true;
    await clock.pass(60 * MINUTE);
    row("the first 2 minutes after it", platform.asked, 100 * MINUTE, 2 * MINUTE);
    platform.version += 1;
    for (const stream of [...streams]) stream.event();
    await clock.pass(4.5 * HOUR);
    row("a secret of all of them changed: 2 minutes", platform.asked, 160 * MINUTE, 2 * MINUTE);
    row("ECR, 6 hours after the start", platform.minted, 5.5 * HOUR, HOUR);
  }
  return { machines, rows };
}

export function fleetTable({ machines, rows }: FleetFigures): string {
  const perSecond = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0));
  const stretched = (value: number): string =>
    Math.round((value * STRETCHED) / machines).toLocaleString("en");
  return table(
    [
      `${machines} environments`,
      "by",
      "requests/s",
      "peak/s",
      "spread s",
      `requests/s of ${STRETCHED.toLocaleString("en")}`,
    ],
    rows.map(({ what, how, average, peak, spreadS }) => [
      what,
      how,
      perSecond(average),
      perSecond(peak),
      String(spreadS),
      stretched(average),
    ]),
  );
}
