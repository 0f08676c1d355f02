// The loop alone: when it looks again, and when it does not. Its rounds and its stream of events are the test's own.

import { describe, expect, it } from "vitest";
import { type RoundResult, watch } from "../../../src/watch.ts";
import type { FollowListener } from "../../../src/watch-stream.ts";
import { scratch } from "../store/scratch.ts";
import { SteppedClock } from "./stepped-clock.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

interface Scene {
  readonly clock: SteppedClock;
  /** When rounds began, in milliseconds since the start. */
  readonly rounds: number[];
  readonly errors: unknown[];
  readonly reopened: number[];
  readonly stream: FollowListener;
  result: RoundResult | Error;
  isIntact: boolean;
  pass(ms: number): Promise<void>;
  hangUp(): void;
  end(): Promise<void>;
}

/** `random` is fixed, so that every time can be said. */
async function start({ random = 0.5, freshSeconds = 60 } = {}): Promise<Scene> {
  const clock = new SteppedClock();
  const stop = new AbortController();
  const reloads: (() => void)[] = [];
  const dir = scratch();
  const config = `${dir}/config.json`;
  const { writeFileSync } = await import("node:fs");
  writeFileSync(config, JSON.stringify({ freshSeconds, watch: "events" }), { mode: 0o600 });
  const startMs = clock.monotonicMs();
  let listener: FollowListener | undefined;
  const scene = {
    clock,
    rounds: [] as number[],
    errors: [] as unknown[],
    reopened: [] as number[],
    result: { changed: false, failed: false } as RoundResult | Error,
    isIntact: true,
    pass: (ms: number) => clock.pass(ms, turns),
    hangUp: () => {
      for (const listen of reloads) listen();
    },
  };
  const done = watch(
    {
      context: { env: { DOCKER_CREDENTIAL_ONA_CONFIG: config }, uid: process.getuid?.() ?? 0, clock },
      trace: () => undefined,
      helperNames: ["ona"],
      signals: { stop: stop.signal, onReload: (listen) => void reloads.push(listen) },
    },
    async () => {
      scene.rounds.push(clock.monotonicMs() - startMs);
      if (scene.result instanceof Error) throw scene.result;
      return scene.result;
    },
    {
      onError: (error) => void scene.errors.push(error),
      isIntact: () => scene.isIntact,
      random: () => random,
      follow: (_, listen) => {
        listener = listen;
        return { reopen: () => void scene.reopened.push(clock.monotonicMs() - startMs) };
      },
    },
  );
  await scene.pass(0);
  if (listener === undefined) throw new Error("nobody listens");
  const end = async (): Promise<void> => {
    stop.abort();
    await done;
  };
  return Object.assign(scene, { stream: listener, end });
}

describe("without a stream", () => {
  it("it looks at once and then as often as answers stay fresh", async () => {
    const scene = await start();
    await scene.pass(5 * MINUTE);
    expect(scene.rounds).toEqual([0, 61_000, 122_000, 183_000, 244_000]);
    await scene.end();
  });

  it.each([
    [0, 0, 2_000],
    [0, 1, 4_000],
    [110, 0, 110_000],
    [110, 1, 112_000],
  ])("freshSeconds %d, random %d: every %d ms", async (freshSeconds, random, everyMs) => {
    const scene = await start({ freshSeconds, random });
    await scene.pass(everyMs * 2);
    expect(scene.rounds).toEqual([0, everyMs, 2 * everyMs]);
    await scene.end();
  });
});

describe("with a stream", () => {
  it("it looks when the stream is open, and then in not less than five minutes", async () => {
    const scene = await start();
    await scene.pass(3 * SECOND);
    scene.stream.onLive(true);
    await scene.pass(20 * MINUTE);
    expect(scene.rounds).toEqual([0, 3_000, 363_000, 723_000, 1_083_000]);
    await scene.end();
  });

  it("an event asks at once, however often it comes", async () => {
    const scene = await start();
    scene.stream.onLive(true);
    await scene.pass(MINUTE);
    for (let n = 0; n < 1000; n += 1) scene.stream.onEvent("now");
    await scene.pass(5 * SECOND);
    expect(scene.rounds.slice(2)).toEqual([60_750]);
    expect(scene.clock.waiting).toBeLessThan(5);
    await scene.end();
  });

  it("an event during a round asks for another", async () => {
    const scene = await start();
    scene.stream.onLive(true);
    await scene.pass(MINUTE);
    scene.stream.onEvent("now");
    await scene.pass(750);
    scene.stream.onEvent("now");
    await scene.pass(5 * SECOND);
    expect(scene.rounds.slice(2)).toEqual([60_750, 61_750]);
    await scene.end();
  });

  it("doubtful events that find nothing ask less and less often; one that finds something counts again", async () => {
    const scene = await start();
    scene.stream.onLive(true);
    await scene.pass(MINUTE);
    for (let second = 0; second < 200; second += 1) {
      scene.stream.onEvent("soon");
      await scene.pass(SECOND);
    }
    const gaps = scene.rounds.slice(2).map((at, index, all) => at - (all[index - 1] ?? at));
    expect(gaps.slice(0, 6)).toEqual([0, 6_000, 12_000, 24_000, 48_000, 60_000]);
    scene.result = { changed: true, failed: false };
    scene.stream.onEvent("soon");
    await scene.pass(MINUTE);
    const before = scene.rounds.length;
    scene.stream.onEvent("soon");
    await scene.pass(4 * SECOND);
    expect(scene.rounds.length).toBe(before + 1);
    await scene.end();
  });

  it("what failed is tried again as without one", async () => {
    const scene = await start();
    scene.result = { changed: false, failed: true };
    scene.stream.onLive(true);
    await scene.pass(2 * MINUTE + 10 * SECOND);
    expect(scene.rounds).toEqual([0, 0, 61_000, 122_000]);
    await scene.end();
  });

  it("one that ends leaves nothing unseen for longer than answers stay fresh", async () => {
    const scene = await start();
    scene.stream.onLive(true);
    await scene.pass(MINUTE);
    scene.stream.onLive(false);
    await scene.pass(2 * MINUTE);
    expect(scene.rounds.slice(2)).toEqual([90_000, 151_000]);
    await scene.end();
  });

  it("one that is silent for long is opened anew", async () => {
    const scene = await start();
    scene.stream.onLive(true);
    await scene.pass(40 * MINUTE);
    expect(scene.reopened).toEqual([2_160_000]);
    await scene.end();
  });
});

describe("time", () => {
  it("what falls due is looked at then, and not more than once a second", async () => {
    const scene = await start();
    scene.stream.onLive(true);
    const dueAtMs = scene.clock.nowMs() + 100 * SECOND;
    scene.result = { changed: false, failed: false, dueAtMs };
    await scene.pass(102 * SECOND);
    expect(scene.rounds).toEqual([0, 0, 100_000, 101_000, 102_000]);
    await scene.end();
  });

  it.each([
    ["an hour forward", 3_600_000],
    ["a day back", -86_400_000],
  ])("a clock that jumps %s asks at once and for a new stream", async (_, ms) => {
    const scene = await start();
    scene.stream.onLive(true);
    await scene.pass(65 * SECOND);
    scene.clock.jump(ms);
    await scene.pass(10 * SECOND);
    expect(scene.rounds.slice(2)).toEqual([70_000]);
    expect(scene.reopened).toEqual([70_000]);
    await scene.end();
  });

  it("a clock that is corrected by little is not heard", async () => {
    const scene = await start();
    scene.stream.onLive(true);
    for (let n = 0; n < 20; n += 1) {
      scene.clock.jump(1500);
      await scene.pass(10 * SECOND);
    }
    expect(scene.rounds.length).toBe(2);
    await scene.end();
  });
});

describe("an output that is gone", () => {
  it("is looked after within a tick, and no more often where that does not help", async () => {
    const scene = await start();
    scene.stream.onLive(true);
    await scene.pass(65 * SECOND);
    scene.isIntact = false;
    await scene.pass(30 * SECOND);
    expect(scene.rounds.slice(2)).toEqual([70_000, 80_000, 90_000]);
    scene.isIntact = true;
    await scene.pass(MINUTE);
    expect(scene.rounds.length).toBe(5);
    await scene.end();
  });
});

describe("from outside", () => {
  it("SIGHUP asks at once, and for a new stream", async () => {
    const scene = await start();
    await scene.pass(10 * SECOND);
    scene.hangUp();
    await scene.pass(0);
    expect([scene.rounds, scene.reopened]).toEqual([[0, 10_000], [10_000]]);
    await scene.end();
  });

  it("a round that throws is reported, and the loop goes on", async () => {
    const scene = await start();
    scene.result = new Error("no");
    await scene.pass(2 * MINUTE + 10 * SECOND);
    expect([scene.errors.length, scene.rounds.length]).toEqual([2, 3]);
    await scene.end();
  });

  it("the end comes at once, also in the middle of a round", async () => {
    const stop = new AbortController();
    const clock = new SteppedClock();
    const done = watch(
      {
        context: { env: {}, uid: 0, clock },
        trace: () => undefined,
        helperNames: [],
        signals: { stop: stop.signal, onReload: () => undefined },
      },
      () => new Promise(() => undefined),
      { onError: () => undefined, follow: () => ({ reopen: () => undefined }) },
    );
    await turns();
    stop.abort();
    await done;
  });
});
