// Settings and tokens as people write them.

import { expect, it } from "vitest";
import { setting, tokenSetting } from "../../../src/core/setting.ts";

it.each([
  [undefined, undefined],
  ["", undefined],
  [" \t\r\n", undefined],
  [" a b\n", "a b"],
  ["x", "x"],
])("%j is %j", (text, value) => {
  expect(setting(text)).toBe(value);
});

it.each([
  ["a token", "abc.DEF-1_~+/=", "abc.DEF-1_~+/="],
  ["white space around it", " \tabc\r\n", "abc"],
  ["a byte-order mark in front", "\ufeffabc", "abc"],
  ["Bearer in front", "Bearer abc", "abc"],
  ["bearer and more space", "bearer \t abc\n", "abc"],
  ["Bearer and a tab", "Bearer\tabc", "abc"],
  ["another word in front", "abcdef ghi", "unusable"],
  ["the signs at both ends of what a token may have", "!~", "!~"],
  ["a word that begins like it", "Bearerabc", "Bearerabc"],
  ["nothing", undefined, "unset"],
  ["blank", " \n", "unset"],
  ["Bearer alone", "Bearer ", "unset"],
  ["Bearer twice", "Bearer Bearer abc", "unusable"],
  ["a space inside", "abc def", "unusable"],
  ["a line end inside", "abc\ndef", "unusable"],
  ["a tab inside", "abc\tdef", "unusable"],
  ["NUL", "abc\0", "unusable"],
  ["DEL", "abc\x7f", "unusable"],
  ["a letter that is not ASCII", "abcä", "unusable"],
  ["a soft hyphen", "ab\u00adc", "unusable"],
])("%s", (_, text, expected) => {
  const result = tokenSetting(text);
  expect(result.kind === "token" ? result.token : result.kind).toBe(expected);
});

it.each([
  ["abc def", "has a space inside"],
  ["abc\tdef", "has a character that no token has"],
  ["abcä", "has a character that no token has"],
])("%j is of no use, and says why without a word of it", (text, reason) => {
  expect(tokenSetting(text)).toEqual({ kind: "unusable", reason });
});
