// The order of findings: worst first, the root before what follows from it, one cause once.

import { describe, expect, it } from "vitest";
import { Failure } from "../../../src/core/failures.ts";
import { type Finding, fromFailure, ranked } from "../../../src/core/findings.ts";

const finding = (
  code: Finding["code"],
  severity: Finding["severity"],
  subject: string,
  message = "m",
): Finding => ({
  code,
  severity,
  subjects: [subject],
  message,
  cause: "c",
  remedy: "r",
});

const order = (...findings: Finding[]): string[] => ranked(findings).map(({ code }) => code);

describe("the order", () => {
  it.each<[string, Finding[], string[]]>([
    ["nothing", [], []],
    [
      "an error before a warning before a note",
      [
        finding("secret-propagating", "note", "a"),
        finding("cache-not-used", "warning", "a"),
        finding("login-refused", "error", "a"),
      ],
      ["login-refused", "cache-not-used", "secret-propagating"],
    ],
    [
      "the root before what follows from it",
      [
        finding("image-denied", "error", "a"),
        finding("registry-tls", "error", "a"),
        finding("aws-denied", "error", "a"),
        finding("registry-not-configured", "error", "a"),
        finding("platform-unreachable", "error", "a"),
        finding("token-refused", "error", "a"),
        finding("config-unsafe", "error", "a"),
        finding("ca-file-unusable", "error", "a"),
      ],
      [
        "config-unsafe",
        "ca-file-unusable",
        "token-refused",
        "platform-unreachable",
        "registry-not-configured",
        "aws-denied",
        "registry-tls",
        "image-denied",
      ],
    ],
    [
      "what is no root comes last among its like",
      [finding("check-unfinished", "warning", "a"), finding("near-miss", "warning", "a")],
      ["near-miss", "check-unfinished"],
    ],
  ])("%s", (_, findings, codes) => {
    expect(order(...findings)).toEqual(codes);
    expect(order(...findings.toReversed())).toEqual(codes);
  });
});

describe("one cause with many effects", () => {
  it("is one finding about all of them, each once", () => {
    const same = ["a", "b", "a"].map((subject) => finding("aws-denied", "error", subject));
    expect(ranked(same)).toEqual([{ ...finding("aws-denied", "error", "a"), subjects: ["a", "b"] }]);
  });

  it("two causes of one code, two severities of one cause stay apart", () => {
    const findings = [
      finding("aws-denied", "error", "a", "one"),
      finding("aws-denied", "error", "b", "two"),
      finding("aws-denied", "warning", "c", "one"),
    ];
    expect(ranked(findings)).toHaveLength(3);
  });
});

it("a failure's hint is the step that mends it; without one the table has it", () => {
  const failure = new Failure("no-token", "none", { hint: "set it" });
  expect(fromFailure("x", failure)).toEqual({
    code: "no-token",
    severity: "error",
    subject: "x",
    message: "none",
    remedy: "set it",
  });
  expect(fromFailure("x", new Failure("no-token", "none"), "note")).not.toHaveProperty("remedy");
});
