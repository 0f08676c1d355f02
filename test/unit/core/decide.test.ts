// Which candidate answers, as a table: every outcome of two candidates in one scope and in two, and the properties
// that hold for any number of them.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Candidate, Outcome } from "../../../src/core/candidate.ts";
import { considered, decide } from "../../../src/core/decide.ts";
import { numRuns } from "./runs.ts";

type Known = Outcome | "-";

function candidate(ref: string): Candidate {
  return { id: ref, ref, name: ref, scope: "user", revision: "s", verbatim: true, registry: "r.example" };
}

/** Groups as text: `explicit,- | native` is two groups; `-` has not been read. */
function decision(text: string): string {
  const groups = text.split("|").map((group) => group.trim().split(/,\s*/) as Known[]);
  const outcomes = new Map<string, Outcome>();
  const candidates = groups.map((group, g) =>
    group.map((known, c) => {
      const ref = `${"ABC"[g]}${c + 1}`;
      if (known !== "-") outcomes.set(ref, known);
      return candidate(ref);
    }),
  );
  const result = decide(candidates, ({ ref }) => outcomes.get(ref));
  return result.kind === "nobody" ? "nobody" : `${result.kind} ${result.candidate.ref}`;
}

describe("one scope", () => {
  it.each([
    ["-", "read A1"],
    ["-, -", "read A1"],
    ["explicit, -", "winner A1"],
    ["bad, -", "winner A1"],
    ["native, -", "read A2"],
    ["refused, -", "read A2"],
    ["missing, -", "read A2"],
    ["explicit", "winner A1"],
    ["native", "winner A1"],
    ["bad", "winner A1"],
    ["refused", "nobody"],
    ["missing", "nobody"],
    ["native, explicit", "winner A2"],
    ["native, native", "winner A1"],
    ["native, refused", "winner A1"],
    ["native, missing", "winner A1"],
    ["refused, native", "winner A2"],
    ["missing, explicit", "winner A2"],
    ["refused, missing", "nobody"],
    ["explicit, explicit", "winner A1"],
    ["native, refused, explicit", "winner A3"],
  ])("%s: %s", (text, expected) => {
    expect(decision(text)).toBe(expected);
  });
});

describe("two scopes", () => {
  it.each([
    ["explicit | -", "winner A1"],
    ["native | -", "winner A1"],
    ["native | explicit", "winner A1"],
    ["bad | explicit", "winner A1"],
    ["refused | -", "read B1"],
    ["missing | -", "read B1"],
    ["missing | explicit", "winner B1"],
    ["refused | native", "winner B1"],
    ["refused, missing | missing", "nobody"],
    ["- | explicit", "read A1"],
    ["refused, - | explicit", "read A2"],
    ["missing | refused | explicit", "winner C1"],
  ])("%s: %s", (text, expected) => {
    expect(decision(text)).toBe(expected);
  });
});

it("no candidate at all: nobody", () => {
  expect(decide([], () => "explicit")).toEqual({ kind: "nobody" });
});

it("reading one by one always ends, reads nobody twice, and no more than up to the winner", () => {
  const outcome = fc.constantFrom<Outcome>("explicit", "native", "bad", "refused", "missing");
  fc.assert(
    fc.property(fc.array(fc.array(outcome, { minLength: 1, maxLength: 4 }), { maxLength: 4 }), (table) => {
      const groups = table.map((group, g) => group.map((_, c) => candidate(`${g}.${c}`)));
      const truth = new Map<string, Outcome>(
        table.flatMap((group, g) => group.map((what, c) => [`${g}.${c}`, what] as const)),
      );
      const known = new Map<string, Outcome>();
      for (;;) {
        const result = decide(groups, ({ ref }) => known.get(ref));
        if (result.kind !== "read") {
          const best =
            result.kind === "winner" ? groups.findIndex((group) => group.includes(result.candidate)) : 4;
          return [...known.keys()].every((ref) => Number(ref.split(".")[0]) <= best);
        }
        const { ref } = result.candidate;
        if (known.has(ref)) return false;
        known.set(ref, truth.get(ref) ?? "missing");
      }
    }),
    { numRuns: numRuns(1000) },
  );
});

it("for people: every candidate of every scope in order, what is known of it and why, and which one won", () => {
  const groups = [[candidate("A1"), candidate("A2")], [], [candidate("B1")]];
  const outcomes = new Map<string, Outcome>([
    ["A1", "refused"],
    ["A2", "explicit"],
  ]);
  const table = considered(
    groups,
    ({ ref }) => outcomes.get(ref),
    "A2",
    ({ ref }) => (ref === "A1" ? "no access" : undefined),
  );
  expect(table).toEqual([
    { id: "A1", name: "A1", scope: "user", outcome: "refused", reason: "no access", won: false },
    { id: "A2", name: "A2", scope: "user", outcome: "explicit", reason: undefined, won: true },
    { id: "B1", name: "B1", scope: "user", outcome: "unread", reason: undefined, won: false },
  ]);
  const [first] = considered(groups, ({ ref }) => outcomes.get(ref), undefined);
  expect(first).toMatchObject({ reason: undefined, won: false });
});
