// Closing names in the bytes of a runtime: strings of native code are closed, texts are left and have to be explained.

import { describe, expect, it } from "vitest";
import { closeVariables, type VariableRules } from "../../../build/variables.ts";

const rules = (change: Partial<VariableRules> = {}): VariableRules => ({
  prefixes: ["RUN_", "UV_"],
  open: [],
  texts: [],
  expected: [],
  ...change,
});

function closing(
  text: string,
  change: Partial<VariableRules> = {},
): [after: string, closed: readonly string[]] {
  const bytes = Buffer.from(text, "latin1");
  const closed = closeVariables(bytes, rules(change));
  return [bytes.toString("latin1"), closed];
}

describe("closed:", () => {
  it.each([
    ["a string between NULs", "\0RUN_TRACE\0", "\0\0UN_TRACE\0", ["RUN_TRACE"]],
    ["a short one", "\0RUN_A\0", "\0\0UN_A\0", ["RUN_A"]],
    ["at the very ends of the file", "RUN_TRACE", "\0UN_TRACE", ["RUN_TRACE"]],
    ["one with small letters", "\0RUN_dumpAll\0", "\0\0UN_dumpAll\0", ["RUN_dumpAll"]],
    [
      "two strings without anything between",
      "\0RUN_TRACERUN_DEBUG\0",
      "\0\0UN_TRACE\0UN_DEBUG\0",
      ["RUN_DEBUG", "RUN_TRACE"],
    ],
    ["in a run, with a word before", "binaryRUN_TRACE.", "binary\0UN_TRACE.", ["RUN_TRACE"]],
    ["in a run, with a word behind", ".RUN_TRACEregistry", ".\0UN_TRACEregistry", ["RUN_TRACE"]],
    [
      "one that has another class's name in it",
      "\0RUN_ON_UV_STUB\0",
      "\0\0UN_ON_UV_STUB\0",
      ["RUN_ON_UV_STUB"],
    ],
    ["every occurrence", "\0RUN_TRACE\0\0RUN_TRACE\0", "\0\0UN_TRACE\0\0\0UN_TRACE\0", ["RUN_TRACE"]],
  ])("%s", (_, before, after, closed) => {
    expect(closing(before)).toEqual([after, closed]);
  });
});

describe("left as it is:", () => {
  it.each([
    ["eight letters that may be a number in machine code", "\xb8RUN_TRAC\xff"],
    ["a name that only ends so", "\0MY_RUN_TRACE\0"],
    ["another class", "\0RAN_TRACE\0"],
    ["nothing at all", ""],
  ])("%s", (_, text) => {
    expect(closing(text)).toEqual([text, []]);
  });

  it.each([
    ["a script", "env.RUN_TRACE)"],
    ["a message", "set $RUN_TRACE to 1"],
    ["a literal", '"RUN_TRACE"'],
  ])("%s, which has to be explained", (_, text) => {
    expect(() => closing(text)).toThrow("neither closed nor explained: RUN_TRACE");
    expect(() => closing(text, { texts: [["why", "RUN_TRAC"]] })).toThrow("RUN_TRACE");
    expect(closing(text, { texts: [["why", "RUN_TRACE"]] })).toEqual([text, []]);
    expect(closing(text, { texts: [["why", "RUN_*"]] })).toEqual([text, []]);
  });

  it("what is meant to stay open, strings too", () => {
    expect(closing("\0UV_EOF\0", { open: [["a constant", "UV_E*"]] })).toEqual(["\0UV_EOF\0", []]);
  });
});

it("a text does not excuse the string of the same name", () => {
  const [after, closed] = closing("env.RUN_TRACE;\0RUN_TRACE\0", { texts: [["why", "RUN_TRACE"]] });
  expect([after, closed]).toEqual(["env.RUN_TRACE;\0\0UN_TRACE\0", ["RUN_TRACE"]]);
});

it("a name that was there and is gone fails the build", () => {
  expect(() => closing("\0RUN_TRACE\0", { expected: ["RUN_TRACE", "RUN_DEBUG"] })).toThrow(
    "not in the runtime, look at its start again: RUN_DEBUG",
  );
});
