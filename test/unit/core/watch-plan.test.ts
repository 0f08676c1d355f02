// When `--watch` looks again: the ends of each span, and what never happens however long something fails.

import { describe, expect, it } from "vitest";
import {
  FIRST_SPACING_MS,
  nextSpacingMs,
  pauseAfterEventMs,
  pauseAfterStreamMs,
  pauseMs,
  reconnectMs,
  renewalAtMs,
  SILENT_STREAM_MS,
  untilDueMs,
} from "../../../src/core/watch-plan.ts";

const S = 1000;
const MIN = 60 * S;

describe("the next round that nothing asks for", () => {
  it.each([
    ["while events come, at the earliest", true, 90 * S, 0, 5.5 * MIN],
    ["while events come, at the latest", true, 90 * S, 1, 6.5 * MIN],
    ["without events, when the list is no longer fresh", false, 90 * S, 0, 90 * S],
    ["without events, at the latest", false, 90 * S, 1, 92 * S],
    ["where nothing stays fresh", false, 0, 0, 2 * S],
    ["where nothing stays fresh, at the latest", false, 0, 1, 4 * S],
  ] as const)("%s", (_, isLive, freshMs, random, expected) => {
    expect(pauseMs(isLive, freshMs, random)).toBe(expected);
  });

  it("comes several times before a silent stream is given up", () => {
    expect(SILENT_STREAM_MS).toBeGreaterThan(4 * pauseMs(true, 0, 1));
  });
});

it.each([
  ["at once", 90 * S, 0, 0],
  ["while the list is fresh", 90 * S, 1, 90 * S],
  ["within two seconds where nothing stays fresh", 0, 1, 2 * S],
])("after the end of a stream: %s", (_, freshMs, random, expected) => {
  expect(pauseAfterStreamMs(freshMs, random)).toBe(expected);
});

it.each([
  ["a second after a look that has just begun", 0, 0, S],
  ["the rest of that second", 400, 0, 600],
  ["at once when the last look is long ago", MIN, 0, 0],
  ["spread over a second and a half", MIN, 1, 1500],
  ["the longer of the two", 0, 1, 1500],
])("after an event: %s", (_, sinceMs, random, expected) => {
  expect(pauseAfterEventMs(sinceMs, random)).toBe(expected);
});

it("doubtful events are looked at ever more rarely, up to once a minute, until one was right", () => {
  const spacings = [FIRST_SPACING_MS];
  for (let n = 0; n < 7; n += 1) spacings.push(nextSpacingMs(spacings.at(-1) ?? 0, true));
  expect(spacings.map((ms) => ms / S)).toEqual([3, 6, 12, 24, 48, 60, 60, 60]);
  expect(nextSpacingMs(MIN, false)).toBe(3 * S);
});

it.each([
  ["a stream that lasted: at once", 0, 0, 0],
  ["a stream that lasted, at the latest", 0, 1, 5 * S],
  ["the first failure, at the earliest", 1, 0, 5 * S],
  ["the first failure, at the latest", 1, 1, 15 * S],
  ["the second failure", 2, 0.5, 20 * S],
  ["the third failure", 3, 0.5, 40 * S],
  ["the fourth failure", 4, 0.5, MIN],
  ["after days, at the earliest", 2000, 0, 30 * S],
  ["after days, at the latest", 2000, 1, 90 * S],
])("the next stream after %s", (_, failures, random, expected) => {
  expect(reconnectMs(failures, random)).toBe(expected);
});

it.each([
  ["nothing is due", undefined, Number.POSITIVE_INFINITY],
  ["due in a while", 16 * S, 6 * S],
  ["due now", 10 * S, S],
  ["long overdue", 0, S],
])("%s", (_, dueAtMs, expected) => {
  expect(untilDueMs(dueAtMs, 10 * S)).toBe(expected);
});

it.each([
  ["past half of what remains", 1000 * S, 900 * S, 0, 950 * S],
  ["at the latest a tenth later", 1000 * S, 900 * S, 1, 960 * S],
  ["31 s before its end", 1000 * S, 969 * S, 0, 984.5 * S],
  ["30 s before its end: at the end", 1000 * S, 970 * S, 0, 1000 * S],
  ["after its end: at once", 1000 * S, 1005 * S, 1, 1000 * S],
])("a token is renewed %s", (_, expiresAtMs, nowMs, random, expected) => {
  expect(renewalAtMs(expiresAtMs, nowMs, random)).toBe(expected);
});
