// The order of several secrets for one registry: the same however the server sorted its list.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Candidate, rankedGroups } from "../../../src/core/candidate.ts";
import { SCOPES, type Scope } from "../../../src/core/config.ts";
import { numRuns } from "./runs.ts";

let made = 0;
function candidate(scope: Scope | undefined, name: string, id = `id-${++made}`): Candidate {
  return { id, ref: id, name, scope, revision: "s", verbatim: true, registry: "r.example" };
}

const names = (groups: readonly (readonly Candidate[])[]): string[][] =>
  groups.map((group) => group.map(({ scope, name, id }) => `${scope ?? "none"}/${name}/${id}`));

const all = [
  candidate("runner", "A", "1"),
  candidate(undefined, "A", "2"),
  candidate("organization", "B", "3"),
  candidate("organization", "A", "5"),
  candidate("organization", "A", "4"),
  candidate("project", "a", "6"),
  candidate("project", "Z", "7"),
  candidate("serviceAccount", "A", "8"),
  candidate("user", "Ä", "9"),
  candidate("user", "z", "10"),
];

const inDefaultOrder = [
  ["user/z/10", "user/Ä/9"],
  ["serviceAccount/A/8"],
  ["project/Z/7", "project/a/6"],
  ["organization/A/4", "organization/A/5", "organization/B/3"],
  ["runner/A/1"],
  ["none/A/2"],
];

it("by scope, then name, then id, whatever the locale", () => {
  expect(names(rankedGroups(all, undefined))).toEqual(inDefaultOrder);
});

it("stable over every order of the list", () => {
  const shuffled = fc.shuffledSubarray(all, { minLength: all.length });
  fc.assert(
    fc.property(
      shuffled,
      (list) => JSON.stringify(names(rankedGroups(list, undefined))) === JSON.stringify(inDefaultOrder),
    ),
    { numRuns: numRuns(1000) },
  );
});

describe("precedence", () => {
  it.each<[readonly Scope[], string[]]>([
    [
      ["project", "user"],
      ["project", "user"],
    ],
    [["runner"], ["runner"]],
    [
      ["organization", "runner", "project", "serviceAccount", "user"],
      ["organization", "runner", "project", "serviceAccount", "user"],
    ],
  ])("%j: only these, in this order", (precedence, expected) => {
    expect(rankedGroups(all, precedence).map(([first]) => first?.scope)).toEqual(expected);
  });

  it("a scope that is not there leaves no group", () => {
    expect(rankedGroups([candidate("user", "A")], ["project", "runner"])).toEqual([]);
    expect(rankedGroups([], undefined)).toEqual([]);
  });

  it("every candidate is in exactly one group, and the list is left as it was", () => {
    const list = [...all];
    const groups = rankedGroups(list, [...SCOPES]);
    expect(groups.flat()).toHaveLength(all.length - 1);
    expect(list).toEqual(all);
  });
});

it("a secret that stands in the list twice is one candidate", () => {
  const once = candidate("project", "A", "7");
  const twice = [{ ...once, revision: "older" }, once, candidate("project", "B", "8")];
  for (const list of [twice, twice.toReversed()]) {
    const [group = []] = rankedGroups(list, undefined);
    expect(group.map(({ ref, revision }) => `${ref} ${revision}`)).toEqual(["7 s", "8 s"]);
  }
  const elsewhere = { ...once, scope: "user" as const };
  expect(rankedGroups([once, elsewhere], undefined).flat()).toEqual([elsewhere]);
});
