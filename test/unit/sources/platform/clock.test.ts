// Clocks that jump, between runs and inside one: never an answer from nowhere, never an older value than the platform
// allows, never a run that goes round in circles.

import { describe, expect, it } from "vitest";
import {
  DAY_MS,
  HOST,
  HOUR_MS,
  MINUTE_MS,
  OUTAGE,
  refOf,
  SECOND_MS,
  TEAM,
  type World,
  world,
} from "./platform-world.ts";

const YEAR_MS = 365 * DAY_MS;
const jumps: [string, (w: World) => void][] = [
  ["an hour forward", (w) => w.clock.jump(HOUR_MS)],
  ["an hour back", (w) => w.clock.jump(-HOUR_MS)],
  ["a day forward", (w) => w.clock.jump(DAY_MS)],
  ["a day back", (w) => w.clock.jump(-DAY_MS)],
  ["ten years forward", (w) => w.clock.jump(10 * YEAR_MS)],
  ["ten years back", (w) => w.clock.jump(-10 * YEAR_MS)],
  ["to 1970", (w) => w.clock.jump(-w.clock.nowMs())],
];

describe.each(jumps)("between two runs: %s", (_, jump) => {
  it("a change is seen at once", async () => {
    const w = await world();
    await w.get();
    await w.change({ do: "setValue", secret: "TEAM", value: "demo:second" });
    jump(w);
    expect(await w.get()).toBe("demo:second");
    expect(await w.ask()).toBe("demo:second ()");
  });

  it("and back again: a change is seen within the time that is allowed", async () => {
    const w = await world();
    const startMs = w.clock.nowMs();
    jump(w);
    await w.get();
    await w.change({ do: "setValue", secret: "TEAM", value: "demo:second" });
    w.clock.jump(startMs - w.clock.nowMs());
    w.clock.advance(2 * MINUTE_MS);
    expect(await w.get()).toBe("demo:second");
  });

  it("an outage is remembered for no longer than it may be", async () => {
    const w = await world();
    await w.fail(OUTAGE);
    await w.get();
    await w.recover();
    jump(w);
    w.clock.advance(15 * SECOND_MS);
    expect(await w.get()).toBe("demo:first");
  });

  it("erase is erase", async () => {
    const w = await world();
    await w.get();
    jump(w);
    w.erase();
    await w.change({ do: "setValue", secret: "TEAM", value: "demo:second", session: false });
    w.clock.advance(1);
    expect(await w.get()).toBe("demo:second");
  });
});

describe.each(jumps)("inside a run: %s", (_, jump) => {
  const sources = [
    ["verbatim", TEAM],
    ["made up by another system", { ...TEAM, oidcJfrog: { host: "j.example", providerName: "p" } }],
  ] as const;

  it.each(sources)("while the list is on its way, a value that is %s", async (__, secret) => {
    const w = await world({ seed: { secrets: [secret] } });
    await w.change({ do: "fault", fault: { method: "GetEnvironment", kind: "slowHeaders", delayMs: 150 } });
    const asking = w.get();
    await expect.poll(() => w.platform.journal.count("GetEnvironment")).toBe(1);
    jump(w);
    expect(await asking).toBe("demo:first");
    expect(w.platform.journal.count("GetSecretValue")).toBe(1);
  });

  it.each(sources)("while the value is on its way, a value that is %s", async (__, secret) => {
    const losers = [{ name: "ALSO", host: HOST, value: "also:one", scope: "organization" } as const];
    const w = await world({
      seed: { secrets: [{ ...secret, value: "runner-native" }, { ...secret, name: "TEAM2" }, ...losers] },
    });
    await w.change({
      do: "fault",
      fault: { method: "GetSecretValue", times: 1, kind: "slowHeaders", delayMs: 150 },
    });
    const asking = w.get();
    await expect.poll(() => w.platform.journal.count("GetSecretValue")).toBe(1);
    jump(w);
    expect(await asking).toBe("demo:first");
    expect(w.platform.journal.count("GetSecretValue")).toBe(2);
  });
});

it("a clock that jumps while we wait for another run: we are answered all the same", async () => {
  for (const [, jump] of jumps) {
    const w = await world();
    await w.change({
      do: "fault",
      fault: { method: "GetEnvironment", times: 1, kind: "slowHeaders", delayMs: 200 },
    });
    const first = w.get();
    await expect.poll(() => w.platform.journal.count()).toBe(1);
    const second = w.get(HOST, w.remote());
    jump(w);
    expect([await first, await second]).toEqual(["demo:first", "demo:first"]);
  }
});

it("an answer from the future, as a restored snapshot may hold, is none", async () => {
  const w = await world();
  w.clock.jump(10 * MINUTE_MS);
  await w.get();
  await w.change({ do: "setValue", secret: "TEAM", value: "demo:second" });
  w.clock.jump(-10 * MINUTE_MS);
  expect(w.local().secretCache.answer(refOf(HOST))).toBeUndefined();
  expect(await w.get()).toBe("demo:second");
});
