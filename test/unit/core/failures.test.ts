// What a failure says: one printable line, whatever went into it; and what it never says.

import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FAILURE_CODES, Failure, failureLine, toFailure } from "../../../src/core/failures.ts";
import { Secret } from "../../../src/core/secret.ts";
import { anyText, numRuns } from "./runs.ts";

const CANARY = "c4nary-secret";

it("codes are lower-case words, each once", () => {
  expect(new Set(FAILURE_CODES).size).toBe(FAILURE_CODES.length);
  for (const code of FAILURE_CODES) expect(code).toMatch(/^[a-z]+(-[a-z0-9]+)*$/);
});

it("the line names the registry, the cause, the next step and the code, in that order", () => {
  const failure = new Failure("platform-timeout", "the platform did not answer", { hint: "try again" });
  expect(failureLine("ghcr.io", failure)).toBe(
    "ghcr.io: the platform did not answer; try again [platform-timeout]",
  );
  expect(failureLine("ghcr.io", new Failure("deadline", "too long"))).toBe("ghcr.io: too long [deadline]");
});

it("what a terminal cannot show is one blank, however long it is", () => {
  expect(failureLine("r", new Failure("deadline", "aä\u202e\nb é"))).toBe("r: a b   [deadline]");
});

it("whatever text goes in, one line of printable ASCII comes out, with the code at its end", () => {
  const text = anyText();
  fc.assert(
    fc.property(
      text,
      text,
      fc.option(text, { nil: undefined }),
      fc.constantFrom(...FAILURE_CODES),
      (...parts) => {
        const [subject, message, hint, code] = parts;
        const line = failureLine(subject, new Failure(code, message, hint === undefined ? {} : { hint }));
        return /^[\x20-\x7e]*$/.test(line) && line.endsWith(` [${code}]`);
      },
    ),
    { numRuns: numRuns(2000) },
  );
});

describe("an unknown error", () => {
  it.each<[string, unknown]>([
    ["an Error with a secret in it", new Error(CANARY)],
    ["a TypeError", new TypeError(CANARY)],
    ["a text", CANARY],
    ["an object", { secret: CANARY }],
    ["nothing", undefined],
    ["null", null],
  ])("%s is folded without its own text", (_, thrown) => {
    const failure = toFailure(thrown);
    expect(failure.code).toBe("internal");
    expect(failureLine("r", failure)).not.toContain(CANARY);
  });

  it("says its kind and what to do, and keeps the error as its cause", () => {
    const error = new TypeError(CANARY);
    const failure = toFailure(error);
    expect(failure.message).toBe("unexpected TypeError");
    expect(failure.hint).toMatch(/report it/);
    expect(failure.cause).toBe(error);
    expect(toFailure("text").message).toBe("unexpected string");
    expect(new Failure("deadline", "m")).not.toHaveProperty("cause");
  });

  it("a Failure stays itself", () => {
    const failure = new Failure("no-token", "no token");
    expect(toFailure(failure)).toBe(failure);
  });
});

describe("a Secret", () => {
  const secret = new Secret(CANARY);
  const nested = { credential: { username: "u", secret }, list: [secret], map: new Map([["a", secret]]) };

  it.each<[string, () => string]>([
    ["concatenation", () => `${secret} ${String(secret)}`],
    ["JSON", () => JSON.stringify(nested)],
    ["inspection", () => inspect(nested, { depth: 10, showHidden: true })],
    ["inspection without custom functions", () => inspect(nested, { depth: 10, customInspect: false })],
    ["its keys", () => JSON.stringify([Object.getOwnPropertyNames(secret), Object.entries(secret)])],
    ["a copy", () => inspect({ ...secret }) + JSON.stringify(Object.assign({}, secret))],
    ["an error's cause", () => inspect(new Failure("internal", "m", { cause: nested }), { depth: 10 })],
  ])("does not show in %s", (_, show) => {
    expect(show()).not.toContain(CANARY);
  });

  it("is given out by expose() alone", () => expect(secret.expose()).toBe(CANARY));
});
