// The small steps between what the platform says of a registry and what the cache keeps of it.

import type { AnswerEntry } from "../../core/platform-entries.ts";
import type { PlatformAnswer } from "../../core/platform-result.ts";

const NEVER_MS = Number.NEGATIVE_INFINITY;

export function noneAt(atMs: number): AnswerEntry {
  return { atMs, kind: "none", credential: undefined, ref: "", verbatim: true, outcomes: [] };
}

export function erasedAtMs(answer: AnswerEntry | undefined): number {
  return answer?.kind === "erased" ? answer.atMs : NEVER_MS;
}

export function toResult(answer: AnswerEntry): PlatformAnswer {
  const { atMs, credential } = answer;
  if (answer.kind === "credential" && credential !== undefined) {
    return { kind: "credential", credential, atMs };
  }
  return { kind: answer.kind === "native" ? "native" : "none", atMs };
}
