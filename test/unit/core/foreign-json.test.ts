// JSON of others: what is no deeper than sixty-four is as JSON.parse reads it, everything else is refused before it is parsed.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseForeignJson } from "../../../src/core/foreign-json.ts";
import { numRuns } from "./runs.ts";

const nested = (depth: number, open = "[", close = "]"): string => open.repeat(depth) + close.repeat(depth);

describe("refused", () => {
  it.each([
    ["arrays, 65 deep", nested(65)],
    ["objects, 65 deep", nested(65, '{"a":', "}").replace(":}", ":1}")],
    ["a million brackets", "[".repeat(1_000_000)],
    ["brackets after a text that ends in a backslash", `["\\\\",${nested(65)}]`],
    ["brackets after an escaped quote", `["\\"",${nested(65)}]`],
    ["what is no JSON", "<html>"],
    ["nothing", ""],
    ["a text without an end", '"[[['],
  ])("%s", (_, text) => expect(() => parseForeignJson(text)).toThrow(SyntaxError));
});

describe("read", () => {
  it.each([
    ["arrays, 64 deep", nested(64)],
    ["many brackets side by side", `[${Array.from({ length: 1000 }, () => "[]").join(",")}]`],
    ["brackets in a text", JSON.stringify("[".repeat(100))],
    ["brackets in a text after a quote", JSON.stringify(`"${"{".repeat(100)}`)],
    ["brackets in a name", JSON.stringify({ ["[".repeat(100)]: "\\" })],
  ])("%s", (_, text) => expect(parseForeignJson(text)).toEqual(JSON.parse(text)));

  it("whatever JSON.parse reads, if it is not too deep", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        expect(parseForeignJson(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: numRuns(500) },
    );
  });
});
