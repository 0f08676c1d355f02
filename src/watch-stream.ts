// Keeps one stream of the platform's events open for `--watch`, as far as the platform allows it. It asks for nothing
// else: what an event means is watch.ts's matter.

import type { Invocation } from "./commands/invocation.ts";
import { Refusal } from "./core/failures.ts";
import { LATE_HEADERS_MS, reconnectMs } from "./core/watch-plan.ts";
import { deadlineAfter } from "./edge/clock.ts";
import { Local } from "./local.ts";
import { Remote } from "./remote.ts";
import type { PlatformClient } from "./sources/platform/client.ts";

/** What a watching verb hands on of its invocation. */
export type WatchContext = Pick<Invocation, "context" | "trace" | "helperNames" | "signals">;

export interface FollowListener {
  /** From 0 to 1. */
  readonly random: () => number;
  /** A stream is open and misses nothing from now on, or there is none. */
  onLive(isLive: boolean): void;
  onEvent(urgency: "now" | "soon"): void;
}

export interface Follower {
  /** Reads the configuration again and opens a new stream, also where the platform refused one before. */
  reopen(): void;
}

export type Follow = (context: WatchContext, listener: FollowListener) => Follower;

/** How long it may take to get a token. */
const PREPARE_LIMIT_MS = 10_000;
/** A stream that lasted so long was none that failed. */
const LASTING_MS = 60_000;
/** Without a platform in sight, or with a broken configuration. */
const UNUSABLE_PAUSE_MS = 60_000;

export const followEvents: Follow = (context, listener) => {
  const following = new Following(context, listener);
  // It reports nothing and never throws.
  void following.run();
  return following;
};

class Following implements Follower {
  readonly #context: WatchContext;
  readonly #listener: FollowListener;
  #attempt = new AbortController();
  #wake: () => void = () => undefined;
  #isRefused = false;
  #failures = 0;

  constructor(context: WatchContext, listener: FollowListener) {
    this.#context = context;
    this.#listener = listener;
    context.signals.stop.addEventListener("abort", () => this.#attempt.abort(), { once: true });
  }

  reopen(): void {
    this.#isRefused = false;
    this.#failures = 0;
    this.#attempt.abort();
    this.#wake();
  }

  async run(): Promise<void> {
    const { signals, context } = this.#context;
    while (!signals.stop.aborted) {
      const local = new Local(context);
      const { watch } = local.config;
      if (watch === "poll" || (watch === "auto" && this.#isRefused)) {
        await this.#pause(Number.POSITIVE_INFINITY);
        continue;
      }
      if (!local.seesPlatform || local.loaded.broken !== undefined) {
        await this.#pause(UNUSABLE_PAUSE_MS);
        continue;
      }
      const startMs = context.clock.monotonicMs();
      const attempt = new AbortController();
      this.#attempt = attempt;
      await this.#follow(local, attempt);
      attempt.abort();
      this.#listener.onLive(false);
      const lasted = context.clock.monotonicMs() - startMs >= LASTING_MS;
      const pauseMs = reconnectMs(lasted ? 0 : this.#failures, this.#listener.random());
      this.#failures = lasted ? 0 : this.#failures + 1;
      await this.#pause(pauseMs);
    }
  }

  async #follow(local: Local, attempt: AbortController): Promise<void> {
    const { context, trace, helperNames } = this.#context;
    const deadline = deadlineAfter(context.clock, PREPARE_LIMIT_MS);
    const remote = new Remote(local, { deadline, trace, helperNames });
    const { signal } = attempt;
    const live = (): void => {
      if (!signal.aborted) this.#listener.onLive(true);
    };
    try {
      const { client } = await remote.askOptions();
      const environmentId = local.environmentId ?? (await ownEnvironment(client, deadline));
      const { watchEvents } = await import("./sources/platform/watch-events.ts");
      // A server may keep its headers back until the first event.
      context.clock.sleep(LATE_HEADERS_MS, signal).then(live);
      await watchEvents({
        client,
        environmentId,
        deadline,
        env: context.env,
        trace,
        signal,
        onOpen: live,
        onEvent: (urgency) => {
          live();
          this.#listener.onEvent(urgency);
        },
      });
    } catch (error) {
      this.#isRefused = error instanceof Refusal;
      const reason = error instanceof Error ? error.message : "unknown";
      trace(`events: ${reason}${this.#isRefused ? "; asking at intervals" : ""}`);
    } finally {
      remote.close();
    }
  }

  /** Until the time is over or `reopen` is called. */
  async #pause(ms: number): Promise<void> {
    if (this.#context.signals.stop.aborted) return;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const { clock } = this.#context.context;
    if (ms !== Number.POSITIVE_INFINITY) await clock.sleep(ms, woken.signal);
    else await new Promise<void>((resolve) => woken.signal.addEventListener("abort", () => resolve()));
  }
}

/** The environment that the token stands for; undefined for another principal. */
async function ownEnvironment(
  client: PlatformClient,
  deadline: ReturnType<typeof deadlineAfter>,
): Promise<string | undefined> {
  const identity = await client.identity(deadline);
  return identity.principal === "PRINCIPAL_ENVIRONMENT" ? identity.subjectId : undefined;
}
