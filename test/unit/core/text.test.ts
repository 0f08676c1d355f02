// Characters that nobody sees: found wherever they stand, and escaped before they are printed.

import { describe, expect, it } from "vitest";
import { hasControl, printableJson, withoutByteOrderMark } from "../../../src/core/text.ts";

describe.each([
  ["NUL", "\0", "\\u0000"],
  ["escape", "\x1b", "\\u001b"],
  ["DEL", "\x7f", "\\u007f"],
  ["the last of C1", "\x9f", "\\u009f"],
  ["a line separator", "\u2028", "\\u2028"],
  ["a turn of direction", "\u202e", "\\u202e"],
  ["an isolate", "\u2066", "\\u2066"],
  ["the Arabic letter mark", "\u061c", "\\u061c"],
])("%s", (_, character, escaped) => {
  it("is found", () => {
    expect(hasControl(`a${character}`)).toBe(true);
  });

  it("is escaped at each place", () => {
    expect(printableJson(`${character}b${character}`)).toBe(`"${escaped}b${escaped}"`);
  });
});

it.each(["", "plain ~", "\u00a0é", "\u2027\u202f", "日本"])("%j has none and is shown as it is", (text) => {
  expect(hasControl(text)).toBe(false);
  expect(printableJson(text)).toBe(JSON.stringify(text));
});

it.each([
  ["\ufeffa", "a"],
  ["\ufeff\ufeffa", "\ufeffa"],
  ["a\ufeff", "a\ufeff"],
  ["", ""],
])("%j without its mark is %j", (text, rest) => {
  expect(withoutByteOrderMark(text)).toBe(rest);
});
