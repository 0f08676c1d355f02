// The report as people read it: findings first, lines that fit, symbols and colour on a terminal only.

import { describe, expect, it } from "vitest";
import type { Report } from "../../../../src/commands/doctor/examine.ts";
import { fitted, showReport } from "../../../../src/commands/doctor/screen.ts";
import { createOutput } from "../../../../src/edge/output.ts";

describe("fitted", () => {
  it.each<[string, string, number, number, string[]]>([
    ["short text", "a b c", 10, 2, ["a b c"]],
    ["the very width", "aaaa bbbbb", 10, 2, ["aaaa bbbbb"]],
    ["one more", "aaaa bbbbbb", 10, 2, ["aaaa", "  bbbbbb"]],
    ["the first line's own indent", "  aaaa bbbbbb", 10, 4, ["  aaaa", "    bbbbbb"]],
    [
      "a word that is too long stays whole",
      "see /a/very/long/path now",
      10,
      2,
      ["see", "  /a/very/long/path", "  now"],
    ],
    ["nothing", "", 10, 2, [""]],
  ])("%s", (_, text, columns, indent, lines) => {
    expect(fitted(text, columns, indent)).toEqual(lines);
  });
});

const report: Report = {
  findings: [
    {
      code: "login-refused",
      severity: "error",
      subjects: ["ghcr.io"],
      message: "ghcr.io refuses the login",
      cause: "The password is wrong.",
      remedy: "set another",
    },
    {
      code: "aws-denied",
      severity: "warning",
      subjects: ["a.example.test", "b.example.test"],
      message: "AWS refused",
      cause: "No permission.",
      remedy: "allow it",
    },
  ],
  sections: [
    {
      name: "x",
      checked: { facts: [{ name: "token", value: "from X", details: ["more"] }], data: {}, seen: [] },
    },
  ],
  registries: [
    {
      registry: "ghcr.io",
      managed: true,
      proven: false,
      facts: [{ name: "from", value: "a secret" }],
      data: {},
      seen: [],
    },
  ],
};

function shown(one: Report, isTerminal: boolean, env: Record<string, string> = {}): string {
  let text = "";
  const target = {
    write: (fd: 1 | 2, more: string) => {
      if (fd === 1) text += more;
    },
    isTerminal: () => isTerminal,
    columns: () => 80,
  };
  showReport(one, createOutput(env, target));
  return text;
}

it("plain", () => {
  expect(shown(report, false)).toBe(`2 findings, worst first

error: ghcr.io refuses the login [login-refused]
  why: The password is wrong.
  do:  set another

warning: a.example.test, b.example.test: AWS refused [aws-denied]
  why: No permission.
  do:  allow it

Set-up
  token           from X
                  more

ghcr.io
  from            a secret
`);
});

it("on a terminal symbols and colour, on one without colour symbols alone", () => {
  expect(shown(report, true)).toContain(
    "\u001b[31m\u2717 ghcr.io refuses the login [login-refused]\u001b[39m\n",
  );
  const plain = shown(report, true, { NO_COLOR: "1" });
  expect(plain).toContain("\u2717 ghcr.io refuses the login [login-refused]\n");
  expect(plain).not.toContain("\u001b");
});

it("nothing found, nothing managed", () => {
  const text = shown({ ...report, findings: [], registries: [] }, false);
  expect(text).toMatch(/^no findings\n\nSet-up\n/);
  expect(text).toMatch(/No registry is managed here/);
});
