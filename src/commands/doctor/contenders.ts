// The secrets that could answer for one registry, each with the reason why it wins or loses.

import type { Candidate } from "../../core/candidate.ts";
import type { Read } from "../../sources/platform/read-value.ts";

/** A secret for this registry, and what became of it. */
export interface Contender {
  readonly candidate: Candidate;
  readonly wins: boolean;
  /** Why it lost; for the winner what its value is. */
  readonly reason: string;
}

/** The winner first. `reads`: what is known of the values, by reference. */
export function contendersOf(
  own: readonly Candidate[],
  groups: readonly (readonly Candidate[])[],
  reads: ReadonlyMap<string, Read>,
  winner: Candidate | undefined,
): readonly Contender[] {
  const ranked = groups.flat();
  const left = own.filter(({ ref }) => !ranked.some((one) => one.ref === ref));
  return [
    ...ranked.map((candidate) => {
      const wins = candidate.ref === winner?.ref;
      return {
        candidate,
        wins,
        reason: wins ? kindWords(reads.get(candidate.ref)) : lost(candidate, winner, reads),
      };
    }),
    ...left.map((candidate) => ({ candidate, wins: false, reason: "precedence leaves its scope out" })),
  ].toSorted((a, b) => Number(b.wins) - Number(a.wins));
}

function lost(candidate: Candidate, winner: Candidate | undefined, reads: ReadonlyMap<string, Read>): string {
  const read = reads.get(candidate.ref);
  if (read?.kind === "refused") return "its value is refused";
  if (read?.kind === "missing") return "its value is gone";
  if (winner === undefined) return "not read";
  if (candidate.scope !== winner.scope)
    return `the scope ${winner.scope ?? "unknown"} goes before ${candidate.scope ?? "unknown"}`;
  if (read?.kind === "native") return "user and password go before runner-native";
  return candidate.name === winner.name
    ? "of two of one name the first id wins"
    : `${winner.name} goes before it by name`;
}

function kindWords(read: Read | undefined): string {
  if (read?.kind === "native") return "runner-native";
  return read?.kind === "bad" ? "no user and password" : "user and password";
}
