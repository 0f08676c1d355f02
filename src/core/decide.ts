// Which candidate answers for a registry, told from what is known of their values so far. Values are asked for one by
// one and only as far as the decision needs.

import type { Candidate, Outcome } from "./candidate.ts";
import type { Considered } from "./platform-result.ts";

export type Decision =
  | { readonly kind: "read"; readonly candidate: Candidate }
  | { readonly kind: "winner"; readonly candidate: Candidate }
  | { readonly kind: "nobody" };

/**
 * The next step. A candidate that answers beats one that is refused or missing; within a scope an explicit value
 * beats a native one. A bad value answers too: it must not silently give way to another scope's secret.
 */
export function decide(
  groups: readonly (readonly Candidate[])[],
  outcomeOf: (candidate: Candidate) => Outcome | undefined,
): Decision {
  for (const group of groups) {
    let native: Candidate | undefined;
    for (const candidate of group) {
      const outcome = outcomeOf(candidate);
      if (outcome === undefined) return { kind: "read", candidate };
      if (outcome === "explicit" || outcome === "bad") return { kind: "winner", candidate };
      if (outcome === "native") native ??= candidate;
    }
    if (native !== undefined) return { kind: "winner", candidate: native };
  }
  return { kind: "nobody" };
}

/** The same for people: every candidate with what became of it. `wonRef`: the winner's reference. */
export function considered(
  groups: readonly (readonly Candidate[])[],
  outcomeOf: (candidate: Candidate) => Outcome | undefined,
  wonRef: string | undefined,
  reasonOf: (candidate: Candidate) => string | undefined = () => undefined,
): readonly Considered[] {
  return groups.flat().map((candidate) => {
    const { id, name, scope, ref } = candidate;
    const outcome = outcomeOf(candidate) ?? "unread";
    return { id, name, scope, outcome, reason: reasonOf(candidate), won: ref === wonRef };
  });
}
