// Single members of a JSON text change; every other byte stays.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type JsonValue,
  membersOf,
  parseJsonObject,
  withMembers,
  withoutMembers,
  withValue,
} from "../../../src/core/json-edit.ts";
import { numRuns } from "./runs.ts";

const nodeAt = (text: string, key: string | undefined) => {
  const root = parseJsonObject(text);
  if (key === undefined) return root;
  const found = membersOf(root).find((member) => member.key === key);
  if (found === undefined) throw new Error(`no ${key}`);
  return found.value;
};
const added = (text: string, entries: readonly (readonly [string, JsonValue])[], key?: string): string =>
  withMembers(text, nodeAt(text, key), key === undefined ? 0 : 1, entries);
const removed = (text: string, keys: readonly string[], key?: string): string =>
  withoutMembers(text, nodeAt(text, key), (member) => keys.includes(member.key));

describe("adding follows the layout that is there", () => {
  it.each<[string, string, string]>([
    ["an empty object: as Docker writes", "{}", '{\n\t"n": "v"\n}'],
    ["space in an empty object", " { } \n", ' {\n\t"n": "v"\n} \n'],
    ["tabs", '{\n\t"a": 1\n}\n', '{\n\t"a": 1,\n\t"n": "v"\n}\n'],
    ["two spaces", '{\n  "a": 1\n}', '{\n  "a": 1,\n  "n": "v"\n}'],
    ["line ends of Windows", '{\r\n  "a": 1\r\n}\r\n', '{\r\n  "a": 1,\r\n  "n": "v"\r\n}\r\n'],
    ["one line without spaces", '{"a":1}', '{"a":1,"n":"v"}'],
    ["one line with spaces", '{"a": 1, "b": 2}', '{"a": 1, "b": 2, "n": "v"}'],
    ["one member with a space behind its colon", '{"a": 1}', '{"a": 1, "n": "v"}'],
    ["spaces inside of the braces", '{ "a": 1 }', '{ "a": 1, "n": "v" }'],
    ["space in front of colons", '{\n  "a" : 1\n}', '{\n  "a" : 1,\n  "n" : "v"\n}'],
    ["commas in front", '{\n  "a": 1\n, "b": 2\n}', '{\n  "a": 1\n, "b": 2\n, "n": "v"\n}'],
    ["no indentation", '{\n"a": 1\n}', '{\n"a": 1,\n"n": "v"\n}'],
    ["a key that ends in an escape", '{"a\\\\":1}', '{"a\\\\":1,"n":"v"}'],
  ])("%s", (_, before, after) => {
    expect(added(before, [["n", "v"]])).toBe(after);
    expect(JSON.parse(after)).toMatchObject({ n: "v" });
  });

  it.each<[string, string, string]>([
    [
      "an empty object further in",
      '{\n  "h": {},\n  "a": 1\n}',
      '{\n  "h": {\n    "n": "v"\n  },\n  "a": 1\n}',
    ],
    ["on one line further in", '{"h":{},"a":1}', '{"h":{"n":"v"},"a":1}'],
    ["a neighbour's layout counts", '{\n\t"h": { "x": "y" }\n}', '{\n\t"h": { "x": "y", "n": "v" }\n}'],
  ])("%s", (_, before, after) => {
    expect(added(before, [["n", "v"]], "h")).toBe(after);
  });

  it("an object of entries", () => {
    const entries = [
      ["x", "1"],
      ["y", "2"],
    ] as const;
    expect(added('{\n\t"a": 1\n}', [["h", entries]])).toBe(
      '{\n\t"a": 1,\n\t"h": {\n\t\t"x": "1",\n\t\t"y": "2"\n\t}\n}',
    );
    expect(added('{"a":1}', [["h", entries]])).toBe('{"a":1,"h":{"x":"1","y":"2"}}');
    expect(added('{"a": 1, "b": 2}', [["h", entries]])).toBe('{"a": 1, "b": 2, "h": {"x": "1", "y": "2"}}');
  });

  it("no entries: no change", () => {
    expect(added('{"a":1}', [])).toBe('{"a":1}');
  });
});

describe("removing", () => {
  it.each<[string, string, readonly string[], string]>([
    ["the only one", '{\n\t"a": 1\n}\n', ["a"], "{}\n"],
    ["the first", '{\n  "a": 1,\n  "b": 2\n}', ["a"], '{\n  "b": 2\n}'],
    ["the last", '{\n  "a": 1,\n  "b": 2\n}', ["b"], '{\n  "a": 1\n}'],
    ["one between", '{"a":1, "b":2 ,"c":3}', ["b"], '{"a":1 ,"c":3}'],
    ["the first two", '{"a":1,"b":2,"c":3}', ["a", "b"], '{"c":3}'],
    ["first and last", '{"a":1,"b":2,"c":3}', ["a", "c"], '{"b":2}'],
    ["the last two", '{"a":1,"b":2,"c":3}', ["b", "c"], '{"a":1}'],
    ["all", '{"a":1,"b":2,"c":3}', ["a", "b", "c"], "{}"],
    ["none", '{"a":1,"b":2}', ["x"], '{"a":1,"b":2}'],
    ["a key that stands twice", '{"a":1,"b":2,"a":3}', ["a"], '{"b":2}'],
    ["a key with an escape", '{"\\u0061":1,"b":2}', ["a"], '{"b":2}'],
  ])("%s", (_, before, keys, after) => {
    expect(removed(before, keys)).toBe(after);
  });
});

it("a value is replaced where it stands", () => {
  const text = '{"a" : null ,\n "b":1e999}';
  expect(withValue(text, nodeAt(text, "a"), 1, "x")).toBe('{"a" : "x" ,\n "b":1e999}');
  expect(withValue(text, nodeAt(text, "a"), 1, [["k", "v"]])).toBe('{"a" : {"k" : "v"} ,\n "b":1e999}');
});

describe("what is not a strict JSON object is refused without showing any of it", () => {
  it.each<[string, string, RegExp]>([
    ["nothing", "", /line 1, column 1/],
    ["a comment behind a value", '{"canary": 1 // x\n}', /line 1, column 14: comments/],
    ["a comment of its own line", '{\n  # canary\n  "a": 1}', /line 2, column 3: comments/],
    ["a block comment", '{/* canary */"a": 1}', /line 1, column 2: comments/],
    ["a comma at the end", '{"canary": 1,}', /line 1, column 14/],
    ["single quotes", "{'canary': 1}", /line 1/],
    ["no quotes", "{canary: 1}", /line 1/],
    ["cut off", '{"canary": {"auth": "can', /line 1/],
    ["two values", '{"canary": 1} {}', /line 1, column 15/],
    ["a byte-order mark", '\ufeff{"canary": 1}', /byte-order mark/],
    ["a byte 0", '{"canary": "\0"}', /line 1/],
    ["NaN", '{"canary": NaN}', /line 1/],
    ["an array", '["canary"]', /not a JSON object/],
    ["a text", '"canary"', /not a JSON object/],
    ["null", "null", /not a JSON object/],
    [
      "a hundred thousand levels",
      `{"canary":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
      /nested|not valid/,
    ],
  ])("%s", (_, text, message) => {
    let said = "";
    try {
      parseJsonObject(text);
    } catch (error) {
      said = String(error);
    }
    expect(said).toMatch(message);
    expect(said).not.toContain("can");
  });
});

/** A JSON text in a layout that no printer has, with numbers that no number type keeps. */
const jsonText = (): fc.Arbitrary<string> => {
  const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);
  const scalar = fc.oneof(
    fc.constantFrom("12345678901234567890123", "1e999", "-0.0", "1.10", "true", "null", '"\\u0041\\/"'),
    fc.string().map((text) => JSON.stringify(text)),
  );
  const { value } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, scalar, objectOf(tie("value"), space), arrayOf(tie("value"), space)),
  }));
  return fc.tuple(space, objectOf(value, space), space).map((parts) => parts.join(""));
};
const objectOf = (value: fc.Arbitrary<string>, space: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(fc.array(fc.tuple(space, fc.string(), space, space, value, space), { maxLength: 4 }), space)
    .map(([members, inner]) => {
      const parts = members.map(
        ([a, key, b, c, text, d]) => `${a}${JSON.stringify(`k${key}`)}${b}:${c}${text}${d}`,
      );
      return parts.length === 0 ? `{${inner}}` : `{${parts.join(",")}}`;
    });
const arrayOf = (value: fc.Arbitrary<string>, space: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .array(
      fc.tuple(space, value, space).map((parts) => parts.join("")),
      { maxLength: 3 },
    )
    .map((all) => `[${all.join(",")}]`);

describe("for any text", () => {
  it("what was added goes again and leaves the same bytes", () => {
    fc.assert(
      fc.property(jsonText(), (text) => {
        const after = added(text, [
          ["n1", "v"],
          ["n2", [["x", "y"]]],
        ]);
        expect(JSON.parse(after)).toMatchObject({ n1: "v", n2: { x: "y" } });
        const back = removed(after, ["n1", "n2"]);
        const isEmpty = membersOf(parseJsonObject(text)).length === 0;
        expect(back).toBe(isEmpty ? text.replace(/\{\s*\}/, "{}") : text);
      }),
      { numRuns: numRuns(500) },
    );
  });

  it("removing one leaves every other member's bytes", () => {
    fc.assert(
      fc.property(jsonText(), fc.nat(), (text, pick) => {
        const members = membersOf(parseJsonObject(text));
        const gone = members[pick % Math.max(1, members.length)]?.key;
        const rest = members
          .filter(({ key }) => key !== gone)
          .map(({ start, end }) => text.slice(start, end));
        const after = removed(text, gone === undefined ? [] : [gone]);
        const left = membersOf(parseJsonObject(after)).map(({ start, end }) => after.slice(start, end));
        expect(left).toEqual(rest);
      }),
      { numRuns: numRuns(500) },
    );
  });
});
