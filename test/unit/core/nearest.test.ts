// The word that was meant.

import { expect, it } from "vitest";
import { editDistance, nearest } from "../../../src/core/nearest.ts";

it.each([
  ["", "", 0],
  ["a", "", 1],
  ["", "ab", 2],
  ["doctor", "doctor", 0],
  ["dcotor", "doctor", 1],
  ["docto", "doctor", 1],
  ["doctorr", "doctor", 1],
  ["dokter", "doctor", 2],
  ["ab", "xa", 2],
  ["abc", "bca", 2],
  ["ab", "ba", 1],
  ["kitten", "sitting", 3],
])("%s is %s with %i changes", (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

it.each([
  ["confgure", "configure"],
  ["cnofigrue", "configure"],
  ["xec", "exec"],
  ["xe", undefined],
  ["docter", "doctor"],
  ["exprot", "export"],
  ["x", undefined],
  ["something", undefined],
  ["", undefined],
  ["q".repeat(10_000), undefined],
])("%s means %s", (word, meant) => {
  expect(nearest(word, ["configure", "doctor", "export", "exec"])).toBe(meant);
});

it("of no words none is meant, and words of more than 100 letters are not compared", () => {
  const [most, more] = ["a".repeat(100), "a".repeat(101)];
  expect(nearest("x", [])).toBeUndefined();
  expect(nearest(most, [`${most}b`])).toBe(`${most}b`);
  expect(nearest(more, [`${more}b`])).toBeUndefined();
});
