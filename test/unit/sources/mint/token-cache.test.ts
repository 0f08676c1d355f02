// Minted tokens in the cache: when one is renewed, when it still serves, and that none is ever handed out near its end
// or past it, whatever fails.

import { describe, expect, it } from "vitest";
import { Failure } from "../../../../src/core/failures.ts";
import { Secret } from "../../../../src/core/secret.ts";
import { noCache } from "../../../../src/store/cache.ts";
import { denied, HOUR_MS, MINUTE_MS, Mint } from "./mint-cloud.ts";

describe("a token", () => {
  it("serves until half of its life, and is then renewed", async () => {
    const m = new Mint();
    expect(await m.ask()).toBe("token-1");
    m.clock.advance(6 * HOUR_MS - 1);
    expect(await m.ask()).toBe("token-1");
    m.clock.advance(1);
    expect(await m.ask()).toBe("token-2");
    expect(await m.ask()).toBe("token-2");
    expect(m.minted).toBe(2);
  });

  it("its own time of renewal counts: a metadata server's token stays the same until shortly before its end", async () => {
    const m = new Mint();
    m.lifeMs = HOUR_MS;
    m.refreshAfterMs = HOUR_MS - 4 * MINUTE_MS;
    await m.ask();
    m.clock.advance(55 * MINUTE_MS);
    expect(await m.ask()).toBe("token-1");
    m.clock.advance(MINUTE_MS);
    expect(await m.ask()).toBe("token-2");
  });

  it("without a cache every run mints", async () => {
    const m = new Mint();
    expect([await m.ask(noCache), await m.ask(noCache)]).toEqual(["token-1", "token-2"]);
  });

  it("one that is as good as over when it comes is a failure", async () => {
    const m = new Mint();
    for (const lifeMs of [0, -HOUR_MS, MINUTE_MS]) {
      m.lifeMs = lifeMs;
      expect(await m.ask()).toBe("failed token-expired");
      m.clock.advance(10_000);
    }
    m.lifeMs = MINUTE_MS + 1;
    expect(await m.ask()).toMatch(/^token-/);
  });
});

describe("a renewal that brings no later end", () => {
  it("is not tried again before half of what remains", async () => {
    const m = new Mint();
    m.lifeMs = HOUR_MS;
    const startMs = m.clock.nowMs();
    m.fixed = {
      username: "AWS",
      secret: new Secret("same"),
      obtainedAtMs: startMs,
      expiresAtMs: startMs + HOUR_MS,
      refreshAtMs: startMs + HOUR_MS / 2,
    };
    for (const [atMinute, minted] of [
      [0, 1],
      [29, 1],
      [30, 2],
      [44, 2],
      [45, 3],
      [52, 3],
      [53, 4],
    ] as const) {
      m.clock.advance(startMs + atMinute * MINUTE_MS - m.clock.nowMs());
      expect(await m.ask()).toBe("same");
      expect(m.minted, `minute ${atMinute}`).toBe(minted);
    }
  });

  it("down to its end it is asked for a bounded number of times, and then is not handed out", async () => {
    const m = new Mint();
    const startMs = m.clock.nowMs();
    m.fixed = {
      username: "AWS",
      secret: new Secret("same"),
      obtainedAtMs: startMs,
      expiresAtMs: startMs + HOUR_MS,
      refreshAtMs: startMs + HOUR_MS / 2,
    };
    while (m.clock.nowMs() < startMs + 59 * MINUTE_MS) {
      expect(await m.ask()).toBe("same");
      m.clock.advance(1000);
    }
    expect(m.minted).toBeLessThan(12);
    expect(await m.ask()).toBe("failed token-expired");
  });
});

describe("while a renewal fails", () => {
  it("the old token serves, the cloud is asked every 5 s at most and given less time", async () => {
    const m = new Mint();
    await m.ask();
    m.failing = denied;
    m.clock.advance(6 * HOUR_MS);
    expect(await m.ask()).toBe("token-1");
    expect(m.lastLimitMs).toBeLessThanOrEqual(4000);
    expect(await m.ask()).toBe("token-1");
    expect(m.minted).toBe(2);
    m.clock.advance(5000);
    expect(await m.ask()).toBe("token-1");
    expect(m.minted).toBe(3);
    m.failing = undefined;
    m.clock.advance(5000);
    expect(await m.ask()).toBe("token-4");
  });

  it("as long as it is valid, less a minute, and not a moment longer", async () => {
    const m = new Mint();
    m.lifeMs = HOUR_MS;
    await m.ask();
    m.failing = denied;
    m.clock.advance(59 * MINUTE_MS - 1);
    expect(await m.ask()).toBe("token-1");
    m.clock.advance(1);
    expect(await m.ask()).toBe("failed aws-denied");
    m.clock.advance(HOUR_MS);
    expect(await m.ask()).toBe("failed aws-denied");
  });

  it("without an old token the failure is said, and remembered 5 s", async () => {
    const m = new Mint();
    m.failing = denied;
    expect([await m.ask(), await m.ask(), m.minted]).toEqual(["failed aws-denied", "failed aws-denied", 1]);
    m.clock.advance(5000);
    m.failing = undefined;
    expect(await m.ask()).toBe("token-2");
  });

  it("a failure under other settings is none: what the user has changed may have mended it", async () => {
    const m = new Mint();
    m.failing = denied;
    expect(await m.ask()).toBe("failed aws-denied");
    m.settings = "another proxy";
    expect([await m.ask(), await m.ask(), m.minted]).toEqual(["failed aws-denied", "failed aws-denied", 2]);
    m.failing = undefined;
    m.settings = "a third proxy";
    expect(await m.ask()).toBe("token-3");
    m.settings = "as they were";
    expect(await m.ask()).toBe("token-3");
  });

  it("our own deadline says nothing to others", async () => {
    const m = new Mint();
    m.failing = new Failure("deadline", "too late");
    expect(await m.ask()).toBe("failed deadline");
    m.failing = undefined;
    expect(await m.ask()).toBe("token-2");
  });

  it("an error that nobody expected is folded, not thrown", async () => {
    const m = new Mint();
    m.failing = new TypeError("c4nary");
    expect(await m.ask()).toBe("failed internal");
  });

  it("a token that is over by the time the failure comes does not serve", async () => {
    const m = new Mint();
    m.lifeMs = HOUR_MS;
    await m.ask();
    m.failing = denied;
    m.clock.advance(58 * MINUTE_MS);
    m.during = () => m.clock.advance(2 * MINUTE_MS);
    expect(await m.ask()).toBe("failed aws-denied");
  });
});
