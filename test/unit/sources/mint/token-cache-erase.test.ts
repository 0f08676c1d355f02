// Minted tokens after `erase`, at once from several runs, and on clocks that jump.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Secret } from "../../../../src/core/secret.ts";
import { deadlineAfter, systemClock } from "../../../../src/edge/clock.ts";
import { eraseMinted, isMinted, mintedToken } from "../../../../src/sources/mint/token-cache.ts";
import { createCache } from "../../../../src/store/cache.ts";
import { numRuns } from "../../core/runs.ts";
import { uid } from "../../store/scratch.ts";
import { denied, HOUR_MS, KEY, MINUTE_MS, Mint } from "./mint-cloud.ts";

describe("erase", () => {
  it("the next run mints, and a token that was asked for before is not taken up", async () => {
    const m = new Mint();
    await m.ask();
    m.clock.advance(1000);
    eraseMinted(KEY, m.cache(), m.clock);
    expect(await m.ask()).toBe("token-2");
    m.clock.advance(7 * HOUR_MS);
    m.during = () => {
      m.clock.advance(1);
      eraseMinted(KEY, m.cache(), m.clock);
      m.clock.advance(1);
      m.during = undefined;
    };
    await m.ask();
    expect(await m.ask()).toBe("token-4");
  });

  it("while the first one is on its way", async () => {
    const m = new Mint();
    m.during = () => {
      m.clock.advance(1);
      eraseMinted(KEY, m.cache(), m.clock);
      m.clock.advance(1);
      m.during = undefined;
    };
    expect(await m.ask()).toBe("token-1");
    expect(await m.ask()).toBe("token-2");
  });

  it("a failure of before does not answer after it", async () => {
    const m = new Mint();
    m.failing = denied;
    await m.ask();
    m.failing = undefined;
    m.clock.advance(1);
    eraseMinted(KEY, m.cache(), m.clock);
    expect(await m.ask()).toBe("token-2");
  });

  it("this token and the one before are still recognised, and no other", async () => {
    const m = new Mint();
    const known = (token: string): boolean =>
      isMinted(KEY, { username: "AWS", secret: new Secret(token) }, m.cache());
    expect(known("token-1")).toBe(false);
    await m.ask();
    m.clock.advance(6 * HOUR_MS);
    await m.ask();
    expect([known("token-1"), known("token-2"), known("token-3"), known("")]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    eraseMinted(KEY, m.cache(), m.clock);
    expect(known("token-2")).toBe(true);
    expect(isMinted(KEY, { username: "aws", secret: new Secret("token-2") }, m.cache())).toBe(false);
    expect(isMinted(`${KEY}x`, { username: "AWS", secret: new Secret("token-2") }, m.cache())).toBe(false);
  });
});

it("clocks that jump: an entry from the future is none, and nothing is handed out near its end", async () => {
  const hours = fc.integer({ min: -30 * 24, max: 30 * 24 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(hours, { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      async (jumps, failing) => {
        const m = new Mint();
        const endsMs = new Map<string, number>();
        const check = async (): Promise<boolean> => {
          const before = m.minted;
          const nowMs = m.clock.nowMs();
          const token = await m.ask();
          if (m.minted > before) endsMs.set(`token-${m.minted}`, nowMs + m.lifeMs);
          if (!token.startsWith("token-")) return failing;
          const leftMs = (endsMs.get(token) ?? 0) - m.clock.nowMs();
          return leftMs > MINUTE_MS && leftMs <= m.lifeMs;
        };
        if (!(await check())) return false;
        if (failing) m.failing = denied;
        for (const jump of jumps) {
          m.clock.jump(jump * HOUR_MS);
          if (!(await check())) return false;
        }
        return true;
      },
    ),
    { numRuns: numRuns(60) },
  );
});

it("twenty at once: one mints, the others take its token", async () => {
  const m = new Mint();
  const cache = createCache([{ dir: m.dir, parents: true }], uid, systemClock);
  let minted = 0;
  const one = (): Promise<string> =>
    mintedToken(
      KEY,
      { cache, clock: systemClock, deadline: deadlineAfter(systemClock, 30_000), settings: () => "" },
      async () => {
        minted += 1;
        await systemClock.sleep(50);
        const nowMs = systemClock.nowMs();
        return {
          username: "AWS",
          secret: new Secret(`t${minted}`),
          obtainedAtMs: nowMs,
          expiresAtMs: nowMs + HOUR_MS,
          refreshAtMs: nowMs + HOUR_MS / 2,
        };
      },
    ).then(({ credential }) => credential.secret.expose());
  const tokens = await Promise.all(Array.from({ length: 20 }, one));
  expect([new Set(tokens), minted]).toEqual([new Set(["t1"]), 1]);
});
