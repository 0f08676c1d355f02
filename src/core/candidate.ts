// The secrets that could answer for a registry, and their order: by scope, within a scope explicit before native,
// then by name, then by id. The order does not depend on how the server sorted its list.

import type { Scope } from "./config.ts";
import { SCOPES } from "./config.ts";

/** A registry secret as the platform lists it, without its value. */
export interface Candidate {
  readonly id: string;
  /** What GetSecretValue is asked for first. */
  readonly ref: string;
  readonly name: string;
  /** Undefined: none given, or one we do not know. */
  readonly scope: Scope | undefined;
  /** Changes when the value does: the environment's `session`, in list mode `updatedAt`. */
  readonly revision: string;
  /** False for a value that another system makes up at every read. */
  readonly verbatim: boolean;
  /** Canonical registry. */
  readonly registry: string;
}

/** What became of reading a value. `bad`: it was given, but it is no credential. */
export type Outcome = "explicit" | "native" | "bad" | "refused" | "missing";

/** The candidates in groups of equal scope, best group first; a scope that `precedence` leaves out is not used. */
export function rankedGroups(
  candidates: readonly Candidate[],
  precedence: readonly Scope[] | undefined,
): readonly (readonly Candidate[])[] {
  const order: readonly (Scope | undefined)[] = precedence ?? [...SCOPES, undefined];
  // One secret that a list names twice is one candidate: what is known of its value is filed under its reference.
  const seen = new Set<string>();
  return order
    .map((scope) =>
      candidates
        .filter((candidate) => candidate.scope === scope)
        .toSorted(byNameThenId)
        .filter(({ ref }) => !seen.has(ref) && seen.add(ref)),
    )
    .filter((group) => group.length > 0);
}

/** Of two entries of one secret the newer revision comes first. */
function byNameThenId(a: Candidate, b: Candidate): number {
  return compare(a.name, b.name) || compare(a.id, b.id) || compare(b.revision, a.revision);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
