// What an export holds after a round: what was found, and of what it held before only that of which nothing new is known
// and whose end has not come.

import type { FailureCode } from "../failures.ts";
import type { ExportEntry } from "./entry.ts";

export interface RoundOutcome {
  readonly found: readonly ExportEntry[];
  /** Keys of registries whose credential could not be had this time. */
  readonly undecided: ReadonlySet<string>;
  /** The platform could not be asked which registries there are, so that one that is not named may still be ours. */
  readonly mayBeMore: boolean;
  /** The registries that this export is about; undefined: every one. */
  readonly only: ReadonlySet<string> | undefined;
}

/** After these codes nothing of a registry is kept: the platform has answered, and its answer gives no credential. */
const FINAL_CODES: ReadonlySet<FailureCode> = new Set([
  "value-invalid",
  "native-unsupported",
  "secret-missing",
  "permission-denied",
]);

/** False: the old credential may well be right still. */
export const isFinal = (code: FailureCode): boolean => FINAL_CODES.has(code);

export function inForce(
  outcome: RoundOutcome,
  previous: readonly ExportEntry[],
  nowMs: number,
): readonly ExportEntry[] {
  const { found, undecided, mayBeMore, only } = outcome;
  const isAlive = ({ expiresAtMs }: ExportEntry): boolean => expiresAtMs === undefined || expiresAtMs > nowMs;
  const known = new Set(found.map(({ registry }) => registry.key));
  const kept = previous.filter((entry) => {
    const { key } = entry.registry;
    const isMeant = only === undefined || only.has(key);
    return (
      isMeant &&
      !known.has(key) &&
      isAlive(entry) &&
      (undecided.has(key) || (mayBeMore && only === undefined))
    );
  });
  return [...found.filter(isAlive), ...kept];
}
