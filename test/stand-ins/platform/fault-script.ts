// Which scripted fault, if any, hits a call. Counts calls per fault; the first that is due decides.
// It must never count a call twice, or one that a condition excludes: `nth` is what tests rely on.

import type { FaultMatch, FaultSeed, MethodName } from "./fault-seed.ts";
import type { PrincipalKind, ScopeKind } from "./seed.ts";

/** What a call looks like to a fault's conditions. */
export interface CallTraits {
  method: MethodName;
  token: string;
  principal: PrincipalKind | undefined;
  scope: ScopeKind | undefined;
  /** Id and name of the secret asked for. */
  secret: readonly string[];
}

interface ScriptedFault {
  readonly seed: FaultSeed;
  matchedCalls: number;
}

export class FaultScript {
  #faults: ScriptedFault[] = [];

  add(seed: FaultSeed): void {
    this.#faults.push({ seed, matchedCalls: 0 });
  }

  clear(): void {
    this.#faults = [];
  }

  /** Every fault that matches counts the call, also one that an earlier fault takes. */
  next(call: CallTraits): FaultSeed | undefined {
    let decided: FaultSeed | undefined;
    for (const fault of this.#faults.filter(({ seed }) => matches(seed, call))) {
      fault.matchedCalls += 1;
      if (decided === undefined && isDue(fault.seed, fault.matchedCalls)) {
        decided = fault.seed;
      }
    }
    return decided;
  }
}

function matches(match: FaultMatch, call: CallTraits): boolean {
  return (
    (match.method === undefined || match.method === call.method) &&
    (match.token === undefined || match.token === call.token) &&
    (match.principal === undefined || match.principal === call.principal) &&
    (match.scope === undefined || match.scope === call.scope) &&
    (match.secret === undefined || call.secret.includes(match.secret))
  );
}

function isDue({ nth, times }: FaultMatch, count: number): boolean {
  const due = nth === undefined || (Array.isArray(nth) ? nth.includes(count) : nth === count);
  return due && (times === undefined || count <= times);
}
