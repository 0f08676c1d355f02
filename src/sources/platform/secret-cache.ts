// What the cache knows of the platform's answers: all of a warm `get`. It opens no socket, takes no lock, loads nothing.

import { type Candidate, rankedGroups } from "../../core/candidate.ts";
import type { Config } from "../../core/config.ts";
import { type Decision, decide, type Outcome } from "../../core/decide.ts";
import type { Failure } from "../../core/failures.ts";
import {
  type AnswerEntry,
  answerFields,
  FAILURE_MEMORY_MS,
  type FailureEntry,
  failureFields,
  type KnownOutcome,
  type ListEntry,
  OUTAGE_MEMORY_MS,
  parseAnswerEntry,
  parseFailureEntry,
  parseHistoryEntry,
  parseListEntry,
  toRememberedFailure,
  VALUE_LIFE_MS,
} from "../../core/platform-entries.ts";
import type { RegistryRef } from "../../core/registry.ts";
import type { Credential } from "../../core/secret.ts";
import type { Clock } from "../../edge/clock.ts";
import type { Cache } from "../../store/cache.ts";
import { credentialHash } from "../../store/credential-hash.ts";
import { erasedAtMs, noneAt, type PlatformResult, toResult } from "./result.ts";

export interface SecretCacheOptions {
  readonly config: Config;
  /** The platform's base URL and who asks it: what no two users of one directory may share. */
  readonly owner: string;
  readonly base: string;
  readonly cache: Cache;
  readonly clock: Clock;
  /** Wall-clock start of this run: what was asked for since is fresh whatever `freshSeconds` says. */
  readonly startedAtMs: number;
  readonly asksAnew?: boolean;
  readonly valueLifeMs?: number;
}

const MAX_HISTORY = 32;
const USUAL_POLICY = '["auto",{},null,"auto"]';
/** A platform that is silent for so long is silent for every run. */
const ENOUGH_TIME_MS = 4000;
const NEVER_MS = Number.NEGATIVE_INFINITY;

export class SecretCache {
  readonly #options: SecretCacheOptions;
  readonly #policy: string;

  constructor(options: SecretCacheOptions) {
    this.#options = options;
    const { lookup, scopeIds, precedence, valueFormat } = options.config;
    const policy = JSON.stringify([lookup, scopeIds, precedence ?? null, valueFormat]);
    // Short in the usual case: the key is digested on the way of every warm answer.
    this.#policy = policy === USUAL_POLICY ? "" : policy;
  }

  answerKey(ref: RegistryRef): string {
    return this.#key("answer", ref.key);
  }

  listKey(): string {
    return this.#key("list", "");
  }

  answer(ref: RegistryRef): AnswerEntry | undefined {
    return this.#options.cache.read(this.answerKey(ref), parseAnswerEntry);
  }

  list(): ListEntry | undefined {
    return this.#options.cache.read(this.listKey(), parseListEntry);
  }

  isFresh(entry: { readonly atMs: number }): boolean {
    const { clock, config, startedAtMs, asksAnew } = this.#options;
    return (!asksAnew && clock.nowMs() - entry.atMs < config.freshMs) || entry.atMs >= startedAtMs;
  }

  /** The answer that needs no asking: fresh, or confirmed by a fresh list. Undefined: ask. */
  settled(ref: RegistryRef): PlatformResult | undefined {
    const answer = this.answer(ref);
    if (answer !== undefined && answer.kind !== "erased" && this.isFresh(answer)) return toResult(answer);
    const list = this.list();
    if (list === undefined || !this.isFresh(list) || list.atMs <= erasedAtMs(answer)) return undefined;
    const confirmed = this.confirm(ref, list, answer);
    return confirmed === undefined ? undefined : toResult(confirmed);
  }

  /** The answer that follows from `list` without reading a value; it is written down as of the list's time. */
  confirm(ref: RegistryRef, list: ListEntry, answer: AnswerEntry | undefined): AnswerEntry | undefined {
    const groups = this.groups(ref, list);
    if (groups.length === 0) return this.#keep(ref, noneAt(list.atMs));
    if (answer === undefined || answer.kind === "erased") return undefined;
    const decision = this.decide(groups, answer.outcomes);
    if (decision.kind !== "winner" || decision.candidate.ref !== answer.ref) return undefined;
    return this.#keep(ref, { ...answer, atMs: list.atMs });
  }

  groups(ref: RegistryRef, list: ListEntry): readonly (readonly Candidate[])[] {
    const candidates = list.candidates.filter((candidate) => candidate.registry === ref.key);
    return rankedGroups(candidates, this.#options.config.precedence);
  }

  /** Every registry that `list` has a usable secret for. */
  registries(list: ListEntry): readonly string[] {
    const { precedence } = this.#options.config;
    const usable = list.candidates.filter(
      ({ scope }) => precedence === undefined || (scope !== undefined && precedence.includes(scope)),
    );
    return [...new Set(usable.map(({ registry }) => registry))];
  }

  /** The decision that `outcomes` allow. */
  decide(groups: readonly (readonly Candidate[])[], outcomes: readonly KnownOutcome[]): Decision {
    return decide(groups, (candidate) => this.outcomeOf(candidate, outcomes));
  }

  /** What is known of a candidate's value: of the same session, young enough, of a verbatim value. */
  outcomeOf(candidate: Candidate, outcomes: readonly KnownOutcome[]): Outcome | undefined {
    const known = outcomes.find(({ ref, session }) => ref === candidate.ref && session === candidate.session);
    if (known === undefined) return undefined;
    const ageMs = this.#options.clock.nowMs() - known.readAtMs;
    const refused = known.outcome === "refused" || known.outcome === "missing";
    const lifeMs = refused ? FAILURE_MEMORY_MS : (this.#options.valueLifeMs ?? VALUE_LIFE_MS);
    const usable = known.readAtMs >= this.#options.startedAtMs || (candidate.verbatim && ageMs < lifeMs);
    return usable && ageMs >= 0 ? known.outcome : undefined;
  }

  /** The last answer that may stand in while the platform cannot be asked, NF included. */
  lastKnown(ref: RegistryRef): PlatformResult | undefined {
    const answer = this.answer(ref);
    const erasedMs = erasedAtMs(answer);
    const list = this.list();
    const usableList = list !== undefined && list.atMs > erasedMs && this.#mayServe(list) ? list : undefined;
    const usableAnswer =
      answer !== undefined && answer.kind !== "erased" && this.#mayServe(answer) ? answer : undefined;
    if (usableList === undefined || (usableAnswer !== undefined && usableAnswer.atMs >= usableList.atMs)) {
      return usableAnswer === undefined || !usableAnswer.verbatim ? undefined : toResult(usableAnswer);
    }
    const candidates = this.groups(ref, usableList).flat();
    if (candidates.length === 0) return { kind: "none" };
    const still = candidates.some((candidate) => candidate.ref === usableAnswer?.ref);
    return usableAnswer?.verbatim && still ? toResult(usableAnswer) : undefined;
  }

  /** True when the cache shows that a secret was there for `ref`, however long ago. */
  wasManaged(ref: RegistryRef): boolean {
    const kind = this.answer(ref)?.kind;
    if (kind === "credential" || kind === "native") return true;
    const list = this.list();
    return list !== undefined && this.groups(ref, list).length > 0;
  }

  /** A failure of a moment ago, so that nobody asks again at once. `ref` undefined: of the lookup. */
  recentFailure(
    ref: RegistryRef | undefined,
    hasLastKnown: boolean,
  ): { failure: Failure; outage: boolean } | undefined {
    const outage = this.#remembered(this.#outageKey(), OUTAGE_MEMORY_MS);
    // Silence within a short limit does not tell what a run with more time would have found.
    const enoughMs = Math.min(ENOUGH_TIME_MS, this.#options.config.deadlineMs * 0.8);
    if (outage !== undefined && (hasLastKnown || outage.grantedMs >= enoughMs)) {
      return { failure: toRememberedFailure(outage), outage: true };
    }
    const notBeforeMs = ref === undefined ? NEVER_MS : erasedAtMs(this.answer(ref));
    for (const key of [this.#failureKey(ref), this.#failureKey(undefined)]) {
      const entry = this.#remembered(key, FAILURE_MEMORY_MS);
      if (entry !== undefined && entry.atMs > notBeforeMs)
        return { failure: toRememberedFailure(entry), outage: false };
    }
    return undefined;
  }

  rememberOutage(failure: Failure, grantedMs: number): void {
    this.#remember(this.#outageKey(), failure, grantedMs);
  }

  /** `ref` undefined: the lookup itself failed, for every registry. */
  rememberFailure(ref: RegistryRef | undefined, failure: Failure): void {
    if (failure.code !== "deadline") this.#remember(this.#failureKey(ref), failure, 0);
  }

  keepAnswer(ref: RegistryRef, entry: AnswerEntry): void {
    this.#keep(ref, entry);
  }

  keepList(entry: ListEntry): void {
    this.#options.cache.write(this.listKey(), entry);
  }

  /** From now on nothing that was asked for earlier counts for `ref`, not even from a process still asking. */
  erase(ref: RegistryRef): void {
    const atMs = this.#options.clock.nowMs();
    this.#keep(ref, { atMs, kind: "erased", credential: undefined, ref: "", verbatim: true, outcomes: [] });
    // On a full disk at least what is there goes.
    if (this.answer(ref)?.kind !== "erased") this.#options.cache.remove(this.answerKey(ref));
  }

  /** Remembers that the platform once gave this value, so that a later `store` of it is not taken for a login. */
  addToHistory(ref: RegistryRef, credential: Credential): void {
    const key = this.#key("history", ref.key);
    const hash = credentialHash(credential);
    const known = this.#options.cache.read(key, parseHistoryEntry)?.hashes ?? [];
    if (known.includes(hash)) return;
    this.#options.cache.write(key, {
      atMs: this.#options.clock.nowMs(),
      hashes: [hash, ...known].slice(0, MAX_HISTORY),
    });
  }

  isInHistory(ref: RegistryRef, credential: Credential): boolean {
    const known = this.#options.cache.read(this.#key("history", ref.key), parseHistoryEntry);
    return known?.hashes.includes(credentialHash(credential)) ?? false;
  }

  #mayServe(entry: { readonly atMs: number }): boolean {
    return this.#options.clock.nowMs() - entry.atMs <= this.#options.config.staleMs;
  }

  #keep(ref: RegistryRef, entry: AnswerEntry): AnswerEntry {
    // In the same millisecond the cache would let the later writer win.
    if (entry.kind !== "erased" && erasedAtMs(this.answer(ref)) >= entry.atMs) return entry;
    this.#options.cache.write(this.answerKey(ref), answerFields(entry));
    return entry;
  }

  #remember(key: string, failure: Failure, grantedMs: number): void {
    this.#options.cache.write(key, failureFields(this.#options.clock.nowMs(), failure, grantedMs));
  }

  #remembered(key: string, lifeMs: number): FailureEntry | undefined {
    const entry = this.#options.cache.read(key, parseFailureEntry);
    return entry !== undefined && this.#options.clock.nowMs() - entry.atMs < lifeMs ? entry : undefined;
  }

  #outageKey(): string {
    return ["outage", this.#options.base].join("\n");
  }

  #failureKey(ref: RegistryRef | undefined): string {
    return this.#key("failure", ref?.key ?? "");
  }

  #key(kind: string, registry: string): string {
    return [kind, this.#options.base, this.#options.owner, this.#policy, registry].join("\n");
  }
}
