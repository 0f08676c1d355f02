// `erase`: what was asked for before it is never used after it, not even when it is still on its way; and what it does
// not touch.

import { describe, expect, it } from "vitest";
import { isInHistory } from "../../../../src/sources/platform/secret-history.ts";
import { credential, HOST, MINUTE_MS, OUTAGE, refOf, SECOND_MS, TEAM, world } from "./platform-world.ts";

const OTHER = { name: "OTHER", host: "other.example.test", value: "other:one" };

it("the next run asks for list and value, fresh or not", async () => {
  const w = await world();
  await w.get();
  w.clock.advance(SECOND_MS);
  w.erase();
  expect(await w.ask()).toBe("demo:first (GetEnvironment GetSecretValue)");
  w.clock.advance(1);
  expect(await w.ask()).toBe("demo:first ()");
});

it("a new value is seen at once", async () => {
  const w = await world();
  await w.get();
  await w.change({ do: "setValue", secret: "TEAM", value: "demo:second", session: false });
  w.clock.advance(1);
  w.erase();
  expect(await w.get()).toBe("demo:second");
});

it("before anything was asked, twice, and of a registry without a secret: it succeeds", async () => {
  const w = await world();
  w.erase();
  w.erase("nobody.example.test");
  w.clock.advance(1);
  w.erase();
  expect(await w.get()).toBe("demo:first");
  expect(await w.get("nobody.example.test")).toBe("none");
});

it("other registries keep their answers", async () => {
  const w = await world({ seed: { secrets: [TEAM, OTHER] } });
  await w.get();
  await w.get(OTHER.host);
  w.clock.advance(SECOND_MS);
  w.erase();
  expect(await w.ask(OTHER.host)).toBe("other:one ()");
  expect(await w.get()).toBe("demo:first");
});

it("NF is forgotten too", async () => {
  const w = await world();
  expect(await w.get("new.example.test")).toBe("none");
  await w.change({ do: "addSecret", secret: { name: "NEW", host: "new.example.test", value: "new:one" } });
  w.clock.advance(1);
  w.erase("new.example.test");
  expect(await w.get("new.example.test")).toBe("new:one");
});

it("a failure of before the erase does not answer after it", async () => {
  const w = await world({ seed: { secrets: [{ ...TEAM, value: "bad" }] } });
  expect(await w.get()).toBe("failed value-invalid managed");
  await w.change({ do: "setValue", secret: "TEAM", value: "demo:second", session: false });
  w.clock.advance(1);
  w.erase();
  expect(await w.get()).toBe("demo:second");
});

it("the stale answer is gone: an outage after the erase is a failure", async () => {
  const w = await world();
  await w.get();
  await w.fail(OUTAGE);
  w.clock.advance(1);
  w.erase();
  expect(await w.get()).toMatch(/^failed platform-unreachable/);
});

describe("while another run is asking", () => {
  it.each(["GetEnvironment", "GetSecretValue"] as const)(
    "held up at %s: its answer is not taken for one",
    async (method) => {
      const w = await world();
      await w.change({ do: "fault", fault: { method, times: 1, kind: "slowHeaders", delayMs: 400 } });
      const asking = w.get();
      await expect.poll(() => w.platform.journal.count(method)).toBe(1);
      w.clock.advance(10);
      w.erase();
      await w.change({ do: "setValue", secret: "TEAM", value: "demo:second", session: false });
      await asking;
      w.requests();
      w.clock.advance(10);
      expect(await w.ask()).toBe("demo:second (GetEnvironment GetSecretValue)");
    },
  );

  it("in the same millisecond", async () => {
    const w = await world();
    await w.change({
      do: "fault",
      fault: { method: "GetSecretValue", times: 1, kind: "slowHeaders", delayMs: 400 },
    });
    const asking = w.get();
    await expect.poll(() => w.platform.journal.count("GetSecretValue")).toBe(1);
    w.erase();
    await w.change({ do: "setValue", secret: "TEAM", value: "demo:second", session: false });
    await asking;
    w.clock.advance(1);
    expect(await w.get()).toBe("demo:second");
  });

  it("and one that began after the erase waits for nobody's older answer", async () => {
    const w = await world();
    await w.get();
    await w.change({ do: "setValue", secret: "TEAM", value: "demo:second" });
    w.clock.advance(MINUTE_MS);
    await w.change({
      do: "fault",
      fault: { method: "GetEnvironment", times: 1, kind: "slowHeaders", delayMs: 300 },
    });
    const first = w.get();
    await expect.poll(() => w.platform.journal.count()).toBe(3);
    w.clock.advance(10);
    w.erase();
    w.clock.advance(10);
    expect(await w.get()).toBe("demo:second");
    await first;
    w.clock.advance(10);
    expect(await w.get()).toBe("demo:second");
  });
});

it("the history of values survives: a login with an older value is still recognised", async () => {
  const w = await world();
  await w.get();
  w.erase();
  const { secretCache } = w.local();
  expect(isInHistory(refOf(HOST), credential("demo", "first"), secretCache)).toBe(true);
  expect(isInHistory(refOf(HOST), credential("demo", "second"), secretCache)).toBe(false);
});
