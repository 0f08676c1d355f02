// Trying again: how often, after how long, and what a Retry-After means, whichever server says it.

import { describe, expect, it } from "vitest";
import { type Deadline, deadlineAfter } from "../../../src/edge/clock.ts";
import type { HttpResponse } from "../../../src/edge/http.ts";
import { retryAfterMs, sendWithRetries, withRetries } from "../../../src/edge/retry.ts";
import { TransportError } from "../../../src/edge/transport-error.ts";
import { ManualClock } from "./manual-clock.ts";

class RecordingClock extends ManualClock {
  readonly waits: number[] = [];

  override async sleep(ms: number): Promise<void> {
    this.waits.push(ms);
    await super.sleep(ms);
  }
}

interface Tried {
  readonly end: string;
  readonly attempts: number;
  readonly waits: readonly number[];
}

/** Steps are answers, or errors to be thrown; `again` says which are tried again and after how long. */
async function tried(
  steps: readonly (string | Error)[],
  again: ReadonlyMap<unknown, number>,
  limitMs = 10_000,
): Promise<Tried> {
  const clock = new RecordingClock();
  const deadline: Deadline = deadlineAfter(clock, limitMs);
  let attempts = 0;
  const attempt = async (): Promise<string> => {
    const step = steps[Math.min(attempts, steps.length - 1)] ?? "";
    attempts += 1;
    if (typeof step === "string") return step;
    throw step;
  };
  const judge = (outcome: unknown) => {
    const afterMs = again.get(outcome);
    return afterMs === undefined ? undefined : { afterMs };
  };
  const end = await withRetries({ clock, deadline }, attempt, judge, judge).catch(
    (error: unknown) => `threw ${(error as Error).message}`,
  );
  return { end, attempts, waits: clock.waits };
}

const down = new Error("down");

describe("the loop", () => {
  it.each<[string, readonly (string | Error)[], ReadonlyMap<unknown, number>, string, number]>([
    ["a good answer is the end", ["good"], new Map(), "good", 1],
    ["an error that is final is thrown at once", [down], new Map(), "threw down", 1],
    ["an answer that is final is given at once", ["bad"], new Map([["busy", 0]]), "bad", 1],
    ["a passing error", [down, "good"], new Map([[down, 0]]), "good", 2],
    ["a passing answer", ["busy", "good"], new Map([["busy", 0]]), "good", 2],
    [
      "an error, then a passing answer",
      [down, "busy", "good"],
      new Map<unknown, number>([
        [down, 0],
        ["busy", 0],
      ]),
      "good",
      3,
    ],
    ["never more than twice again: an error", [down], new Map([[down, 0]]), "threw down", 3],
    ["never more than twice again: an answer", ["busy"], new Map([["busy", 0]]), "busy", 3],
    [
      "the last result counts, not the first",
      [down, "busy"],
      new Map<unknown, number>([
        [down, 0],
        ["busy", 0],
      ]),
      "busy",
      3,
    ],
    ["a wait beyond the deadline is not begun", ["busy"], new Map([["busy", 10_000]]), "busy", 1],
  ])("%s", async (_, steps, again, end, attempts) => {
    expect(await tried(steps, again)).toMatchObject({ end, attempts });
  });

  it.each<[string, number, readonly number[]]>([
    ["150 ms, then 300", 0, [150, 300]],
    ["what the server asks for, where that is longer", 2000, [2000, 2000]],
    ["no less than our own where the server asks for less", 200, [200, 300]],
  ])("waits with up to a quarter more: %s", async (_, afterMs, least) => {
    const { waits } = await tried(["busy"], new Map([["busy", afterMs]]));
    expect(waits).toHaveLength(least.length);
    for (const [index, ms] of least.entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(ms);
      expect(waits[index]).toBeLessThanOrEqual(ms * 1.25);
    }
  });

  it("does not wait for a deadline that is nearer than the wait", async () => {
    expect(await tried([down], new Map([[down, 0]]), 100)).toEqual({
      end: "threw down",
      attempts: 1,
      waits: [],
    });
  });
});

describe("Retry-After", () => {
  const NOW_MS = Date.UTC(1994, 10, 6, 8, 49, 37);

  it.each<[string, string | undefined, number | undefined]>([
    ["seconds", "2", 2000],
    ["no seconds", "0", 0],
    ["white space around", " 3 ", 3000],
    ["a fraction of a second", "0.5", 500],
    ["a date", "Sun, 06 Nov 1994 08:49:47 GMT", 10_000],
    ["a date as RFC 850 had it", "Sunday, 06-Nov-94 08:49:47 GMT", 10_000],
    ["a date as C writes it", "Sun Nov  6 08:49:47 1994", 10_000],
    ["this very moment", "Sun, 06 Nov 1994 08:49:37 GMT", 0],
    ["a date that has passed", "Sun, 06 Nov 1994 08:49:00 GMT", 0],
    ["no header", undefined, undefined],
    ["an empty one", "", undefined],
    ["a word", "soon", undefined],
    ["a number below zero", "-5", undefined],
    ["a number with a sign", "+5", undefined],
    ["an exponent", "1e3", undefined],
    ["hexadecimal", "0x10", undefined],
    ["two headers in one", "2, 4", undefined],
    ["more than days", "10000000", undefined],
    ["a date of ISO", "1994-11-06T08:49:47Z", undefined],
    ["a year, which runtimes take for a date", "1994.5.5", undefined],
    ["a day's name and nothing else", "Sunday, ", undefined],
    ["a day's name and nonsense", "Sun, 99 Nov 1994 99:99:99 GMT", undefined],
  ])("%s", (_, header, expected) => expect(retryAfterMs(header, NOW_MS)).toBe(expected));
});

describe("a server on the machine's own link", () => {
  const answer = (status: number): HttpResponse => ({ status, headers: {}, body: Buffer.alloc(0) });

  it.each<[string, readonly (HttpResponse | TransportError)[], string, number]>([
    ["200", [answer(200)], "200", 1],
    ["404 is an answer", [answer(404)], "404", 1],
    ["401 is an answer", [answer(401)], "401", 1],
    ["429, then 200", [answer(429), answer(200)], "200", 2],
    ["500, then 200", [answer(500), answer(200)], "200", 2],
    ["503 for ever", [answer(503)], "503", 3],
    ["a connection that breaks", [new TransportError("broken", "h", ""), answer(200)], "200", 2],
    ["nobody there: asked once", [new TransportError("connect", "h", "ECONNREFUSED")], "connect", 1],
    ["silence: asked once", [new TransportError("timeout", "h", "")], "timeout", 1],
  ])("%s", async (_, steps, end, attempts) => {
    const clock = new ManualClock();
    let sent = 0;
    const send = async (): Promise<HttpResponse> => {
      const step = steps[Math.min(sent, steps.length - 1)];
      sent += 1;
      if (step === undefined || step instanceof TransportError) throw step;
      return step;
    };
    const time = { clock, deadline: deadlineAfter(clock, 10_000) };
    const ended = await sendWithRetries(time, send).then(
      ({ status }) => String(status),
      (error: unknown) => (error as TransportError).kind,
    );
    expect([ended, sent]).toEqual([end, attempts]);
  });
});
