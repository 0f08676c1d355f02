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
  ["kitten", "sitting", 3],
])("%s is %s with %i changes", (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

it.each([
  ["confgure", "configure"],
  ["docter", "doctor"],
  ["exprot", "export"],
  ["x", undefined],
  ["something", undefined],
  ["", undefined],
  ["q".repeat(10_000), undefined],
])("%s means %s", (word, meant) => {
  expect(nearest(word, ["configure", "doctor", "export", "exec"])).toBe(meant);
});
