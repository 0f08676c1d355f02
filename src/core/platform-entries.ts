// The cache entries about the platform, and what they still allow at a given time. All times are milliseconds since
// 1970; `atMs` is when the platform was asked, so that freshness counts from the request.

import type { Candidate, Outcome } from "./candidate.ts";
import { isRecord, isText, isTime } from "./entry.ts";
import { FAILURE_CODES, Failure, type FailureCode } from "./failures.ts";
import type { SkippedSecret } from "./platform-answers.ts";
import { type Credential, Secret } from "./secret.ts";

/** A value is read again after this long even when its revision did not change. */
export const VALUE_LIFE_MS = 15 * 60_000;
export const OUTAGE_MEMORY_MS = 15_000;
export const FAILURE_MEMORY_MS = 5_000;

/** What is known of one candidate's value. */
export interface KnownOutcome {
  readonly ref: string;
  readonly revision: string;
  readonly outcome: Outcome;
  readonly readAtMs: number;
}

/** The answer for one registry. `erased`: nothing asked for until `atMs` may be used. */
export interface AnswerEntry {
  readonly atMs: number;
  readonly kind: "credential" | "native" | "none" | "erased";
  readonly credential: Credential | undefined;
  /** The winner's reference; empty for `none` and `erased`. */
  readonly ref: string;
  /** False: never served during an outage. */
  readonly verbatim: boolean;
  readonly outcomes: readonly KnownOutcome[];
}

export interface ListEntry {
  readonly atMs: number;
  readonly candidates: readonly Candidate[];
  readonly skipped: readonly SkippedSecret[];
}

export interface FailureEntry {
  readonly atMs: number;
  readonly code: FailureCode;
  readonly message: string;
  readonly hint: string | undefined;
  /** How long the platform was given before it counted as silent, in milliseconds. */
  readonly grantedMs: number;
}

/** Hashes of values that the platform has given for a registry. */
export interface HistoryEntry {
  readonly atMs: number;
  readonly hashes: readonly string[];
}

export function answerFields(entry: AnswerEntry): { readonly atMs: number } {
  const { credential, ...rest } = entry;
  return credential === undefined
    ? rest
    : Object.assign(rest, { username: credential.username, secret: credential.secret.expose() });
}

export function parseAnswerEntry(value: unknown): AnswerEntry | undefined {
  if (!isRecord(value) || !isTime(value.atMs) || !isText(value.ref) || !Array.isArray(value.outcomes))
    return undefined;
  const { atMs, kind, ref, username, secret } = value;
  const verbatim = value.verbatim === true;
  const outcomes: KnownOutcome[] = [];
  // Loops, here and elsewhere on the way of a warm answer: `filter` and its like are made at their first use.
  for (const outcome of value.outcomes) if (isKnownOutcome(outcome)) outcomes.push(outcome);
  if (kind === "none" || kind === "erased" || kind === "native") {
    return { atMs, kind, ref, verbatim, outcomes, credential: undefined };
  }
  if (kind !== "credential" || !isText(username) || !isText(secret)) return undefined;
  return { atMs, kind, ref, verbatim, outcomes, credential: { username, secret: new Secret(secret) } };
}

export function parseListEntry(value: unknown): ListEntry | undefined {
  if (!isRecord(value) || !isTime(value.atMs)) return undefined;
  if (!Array.isArray(value.candidates) || !Array.isArray(value.skipped)) return undefined;
  if (!value.candidates.every(isCandidate) || !value.skipped.every(isSkipped)) return undefined;
  return { atMs: value.atMs, candidates: value.candidates, skipped: value.skipped };
}

export function failureFields(atMs: number, failure: Failure, grantedMs = 0): FailureEntry {
  return { atMs, code: failure.code, message: failure.message, hint: failure.hint, grantedMs };
}

export function parseFailureEntry(value: unknown): FailureEntry | undefined {
  if (!isRecord(value) || !isTime(value.atMs) || !isText(value.message)) return undefined;
  const code = FAILURE_CODES.find((known) => known === value.code);
  const hint = isText(value.hint) ? value.hint : undefined;
  if (code === undefined) return undefined;
  return {
    atMs: value.atMs,
    code,
    message: value.message,
    hint,
    grantedMs: isTime(value.grantedMs) ? value.grantedMs : 0,
  };
}

/** It says that it is remembered and when it was met, so that nobody takes it for the outcome of a new question. */
export function toRememberedFailure(entry: FailureEntry, nowMs: number): Failure {
  const agoS = Math.max(0, Math.round((nowMs - entry.atMs) / 1000));
  const message = `${entry.message} (remembered, asked ${agoS} s ago)`;
  return new Failure(entry.code, message, entry.hint === undefined ? {} : { hint: entry.hint });
}

export function parseHistoryEntry(value: unknown): HistoryEntry | undefined {
  if (!isRecord(value) || !isTime(value.atMs) || !Array.isArray(value.hashes)) return undefined;
  return { atMs: value.atMs, hashes: value.hashes.filter(isText) };
}

function isOutcome(value: unknown): value is Outcome {
  switch (value) {
    case "explicit":
    case "native":
    case "bad":
    case "refused":
    case "missing":
      return true;
    default:
      return false;
  }
}

function isKnownOutcome(value: unknown): value is KnownOutcome {
  if (!isRecord(value)) return false;
  return isOutcome(value.outcome) && isText(value.ref) && isText(value.revision) && isTime(value.readAtMs);
}

function isCandidate(value: unknown): value is Candidate {
  if (!isRecord(value)) return false;
  const texts = [value.id, value.ref, value.name, value.revision, value.registry].every(isText);
  return texts && typeof value.verbatim === "boolean" && (value.scope === undefined || isText(value.scope));
}

function isSkipped(value: unknown): value is SkippedSecret {
  return isRecord(value) && isText(value.name);
}
