// What the platform says of a registry, and the small steps between that and what the cache keeps of it.

import type { Failure } from "../../core/failures.ts";
import type { AnswerEntry } from "../../core/platform-entries.ts";
import type { Credential } from "../../core/secret.ts";

/** What the platform says of a registry. `failed`: `managed` tells whether a secret is known to be there. */
export type PlatformResult =
  | { readonly kind: "credential"; readonly credential: Credential }
  | { readonly kind: "native" }
  | { readonly kind: "none" }
  | { readonly kind: "failed"; readonly failure: Failure; readonly managed: boolean };

const NEVER_MS = Number.NEGATIVE_INFINITY;

export function noneAt(atMs: number): AnswerEntry {
  return { atMs, kind: "none", credential: undefined, ref: "", verbatim: true, outcomes: [] };
}

export function erasedAtMs(answer: AnswerEntry | undefined): number {
  return answer?.kind === "erased" ? answer.atMs : NEVER_MS;
}

export function toResult(answer: AnswerEntry): PlatformResult {
  if (answer.kind === "credential" && answer.credential !== undefined) {
    return { kind: "credential", credential: answer.credential };
  }
  return { kind: answer.kind === "native" ? "native" : "none" };
}
