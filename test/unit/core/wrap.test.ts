// Lines of a bounded width.

import { expect, it } from "vitest";
import { wrapped } from "../../../src/core/wrap.ts";

it.each([
  ["a line that fits to the last column", "ab cd", 5, ["ab cd"]],
  ["one column less", "ab cd", 4, ["ab", "  cd"]],
  ["the indent counts", "ab cd ef", 6, ["ab cd", "  ef"]],
  ["more behind the indent", "abcdef gh ij kl", 7, ["abcdef", "  gh ij", "  kl"]],
  ["a word that is longer than a line", "a abcdefgh b", 4, ["a", "  abcdefgh", "  b"]],
  ["the first word is longer", "abcdefgh b", 4, ["abcdefgh", "  b"]],
  ["nothing", "", 4, [""]],
])("%s", (_, text, columns, lines) => {
  expect(wrapped(text, columns, "  ")).toEqual(lines);
});
