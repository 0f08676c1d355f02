// Help made from the table of verbs.

import { expect, it } from "vitest";
import { overview, usageLine, verbHelp } from "../../../src/core/help-text.ts";
import { PROTOCOL_VERBS } from "../../../src/core/protocol.ts";
import { VERBS } from "../../../src/verbs.ts";

const lines = (text: string): string[] => text.split("\n");

it("names every verb and stays within 80 columns", () => {
  const text = overview(VERBS, PROTOCOL_VERBS);
  for (const { name } of VERBS) expect(text).toMatch(new RegExp(`^  ${name} +\\S`, "m"));
  for (const line of lines(text)) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(text.endsWith("\n")).toBe(true);
});

it.each(VERBS.map((verb) => [verb.name, verb] as const))(
  "%s: usage, every option with its help, 80 columns",
  (name, verb) => {
    const text = verbHelp(verb);
    expect(text.startsWith(`Usage: docker-credential-ona ${name}`)).toBe(true);
    for (const option of verb.options) {
      expect(text).toMatch(new RegExp(`^  --${option.name}\\b`, "m"));
      expect(usageLine(verb)).toContain(`--${option.name}`);
    }
    for (const line of lines(text)) expect(line.length, line).toBeLessThanOrEqual(80);
  },
);
