// Lengths of time as a person says them.

import { describe, expect, it } from "vitest";
import { inWords, relative } from "../../../src/core/duration.ts";

const S = 1000;
const MIN = 60 * S;
const H = 60 * MIN;
const DAY = 24 * H;

describe("inWords", () => {
  it.each<[number, string]>([
    [0, "0 s"],
    [999, "0 s"],
    [S, "1 s"],
    [59 * S + 999, "59 s"],
    [MIN, "1 min"],
    [MIN + S, "1 min 1 s"],
    [12 * MIN, "12 min"],
    [5 * H + 12 * MIN, "5 h 12 min"],
    [5 * H + 12 * MIN + 59 * S, "5 h 12 min"],
    [5 * H + 59 * S, "5 h"],
    [DAY, "1 day"],
    [DAY + 3 * H, "1 day 3 h"],
    [2 * DAY + 4 * S, "2 days"],
    [-40 * S, "40 s"],
    [Number.POSITIVE_INFINITY, "for ever"],
  ])("%d ms is %s", (ms, words) => {
    expect(inWords(ms)).toBe(words);
  });
});

it("what is to come and what has been", () => {
  expect(relative(6 * H + 12 * MIN, H)).toBe("in 5 h 12 min");
  expect(relative(H, H + 40 * S)).toBe("40 s ago");
  expect(relative(0, 0)).toBe("0 s ago");
});
