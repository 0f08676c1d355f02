// The strict JSON reader against JSON.parse: it takes nothing that JSON.parse refuses, gives the same values, and is
// stricter in three ways only: keys that stand twice, depth, and saying where.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidInput } from "../../../src/core/failures.ts";
import { parseStrictJson } from "../../../src/core/strict-json.ts";
import { numRuns } from "./runs.ts";

function errorIn(text: string): InvalidInput {
  try {
    parseStrictJson(text);
  } catch (error) {
    if (error instanceof InvalidInput) return error;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
}

const whereAndWhy = (text: string): [number, number, string] => {
  const { position, message } = errorIn(text);
  expect(message).toContain(`line ${position?.line}, column ${position?.column}: `);
  return [position?.line ?? 0, position?.column ?? 0, message];
};

describe("where a text is wrong", () => {
  it.each<[string, string, number, number, RegExp]>([
    ["nothing", "", 1, 1, /end/],
    ["only space", " \n ", 2, 2, /end/],
    ["a word", "no", 1, 1, /value/],
    ["a comma before the end", '{"a": 1,\n}', 2, 1, /string/],
    ["no colon", '{"a" 1}', 1, 6, /':'/],
    ["no comma", '{"a": 1\n  "b": 2}', 2, 3, /','/],
    ["no end of an object", '{"a": 1', 1, 8, /end/],
    ["no end of a string", '{"a": "b}', 1, 7, /string/],
    ["a second value", "{} {}", 1, 4, /after/],
    ["a comment", '{\n  // no\n  "a": 1\n}', 2, 3, /string/],
    ["single quotes", "{'a': 1}", 1, 2, /string/],
    ["a key that stands twice", '{\n "a": 1,\n  "a": 2}', 3, 3, /"a" stands twice/],
    ["the same key by escape", '{"a":1,"\\u0061":2}', 1, 8, /twice/],
    ["a byte-order mark", "\uFEFF{}", 1, 1, /value/],
    ["a leading zero", "[01]", 1, 3, /','/],
    ["a plus", "[+1]", 1, 2, /value/],
    ["a bare point", "[.5]", 1, 2, /value/],
    ["NaN", "[NaN]", 1, 2, /value/],
    ["a line end in a string", '["a\nb"]', 1, 2, /string/],
    ["an odd escape", '["\\x41"]', 1, 2, /string/],
    ["a short escape", '["\\u00"]', 1, 2, /string/],
    ["CRLF counts one line", '{\r\n"a": x}', 2, 6, /value/],
  ])("%s", (_, text, line, column, message) => {
    expect(whereAndWhy(text)).toEqual([line, column, expect.stringMatching(message)]);
  });
});

it("objects have no prototype, and __proto__ is a key like another", () => {
  const value = parseStrictJson('{"__proto__":{"a":1},"constructor":2,"toString":3}') as Record<
    string,
    unknown
  >;
  expect(Object.getPrototypeOf(value)).toBeNull();
  expect(Object.keys(value)).toEqual(["__proto__", "constructor", "toString"]);
  expect(({} as { a?: unknown }).a).toBeUndefined();
  expect(errorIn('{"__proto__":1,"__proto__":2}').message).toMatch(/twice/);
});

describe("depth", () => {
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

  it("twenty levels are more than any configuration has", () => {
    expect(parseStrictJson(nested(20))).toHaveLength(1);
  });

  it.each([22, 1000, 100_000])("%i levels are refused, without a stack overflow", (depth) => {
    expect(errorIn(nested(depth)).message).toMatch(/deep/);
    expect(errorIn('{"a":'.repeat(depth)).message).toMatch(/deep/);
  });
});

it("a string of a megabyte is read whole", () => {
  const text = "é\\n".repeat(200_000);
  expect(parseStrictJson(`"${text}"`)).toBe(JSON.parse(`"${text}"`));
  expect(errorIn(`"${"a".repeat(1_000_000)}`).position?.column).toBe(1);
});

describe("against JSON.parse", () => {
  const byParse = (text: string): { value: unknown } | undefined => {
    try {
      return { value: JSON.parse(text) };
    } catch {
      return undefined;
    }
  };
  const byUs = (text: string): { value: unknown } | undefined => {
    try {
      return { value: parseStrictJson(text) };
    } catch (error) {
      if (error instanceof InvalidInput) return undefined;
      throw error;
    }
  };
  const agrees = (text: string): boolean => {
    const ours = byUs(text);
    const theirs = byParse(text);
    if (ours !== undefined) return theirs !== undefined && shape(ours.value) === shape(theirs.value);
    return theirs === undefined || /twice|deep/.test(errorIn(text).message);
  };
  const shape = (value: unknown): string => JSON.stringify(value);

  it("every value that JSON can hold is the same, however it is laid out", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.nat(4), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        return shape(byUs(text)?.value) === shape(byParse(text)?.value);
      }),
      { numRuns: numRuns(2000) },
    );
  });

  const pieces = [
    ...'{}[]",:\\/ \t\n\r\0-+.eE0123456789abntfu',
    "true",
    "false",
    "null",
    '"a"',
    "\u2028",
    "é",
    "\ud800",
  ];

  it("random text: never anything but a InvalidInput, never more than JSON.parse takes", () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...pieces), maxLength: 40 }), agrees), {
      numRuns: numRuns(10_000),
    });
  });

  it("one edit of valid text: the same", () => {
    const edited = fc
      .tuple(
        fc.jsonValue({ maxDepth: 4 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom("", ...pieces),
      )
      .map(([value, where, piece]) => {
        const text = JSON.stringify(value);
        const at = Math.floor(where * text.length);
        return text.slice(0, at) + piece + text.slice(at + (piece === "" ? 1 : 0));
      });
    fc.assert(fc.property(edited, agrees), { numRuns: numRuns(5000) });
  });
});
