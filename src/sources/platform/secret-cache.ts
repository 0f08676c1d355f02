// What the cache knows of the platform's answers: the whole of a warm `get`. It opens no socket, takes no lock and
// loads nothing; what only an asking run needs of the same entries is in known-secrets.ts, and asking is ask.ts.

import { type Candidate, type Outcome, rankedGroups } from "../../core/candidate.ts";
import { type Config, DEFAULT_CONFIG } from "../../core/config.ts";
import { decide } from "../../core/decide.ts";
import {
  type AnswerEntry,
  answerFields,
  FAILURE_MEMORY_MS,
  type KnownOutcome,
  type ListEntry,
  parseAnswerEntry,
  parseListEntry,
  VALUE_LIFE_MS,
} from "../../core/platform-entries.ts";
import type { PlatformResult } from "../../core/platform-result.ts";
import type { RegistryRef } from "../../core/registry.ts";
import type { Clock } from "../../edge/clock.ts";
import type { Cache } from "../../store/cache.ts";
import { erasedAtMs, noneAt, toResult } from "./result.ts";
import type { Settings } from "./settings-fingerprint.ts";

export interface SecretCacheOptions {
  readonly config: Config;
  /** The platform's base URL and who asks it: what no two users of one directory may share. */
  readonly owner: string;
  readonly base: string;
  readonly cache: Cache;
  readonly clock: Clock;
  /** Wall-clock start of this run: what was asked for since is fresh whatever `freshSeconds` says. */
  readonly startedAtMs: number;
  /** A mark of what the user can change; part of the keys of failures. */
  readonly settings?: Settings;
  /** Only what was asked for since the start of this run is fresh, failures included. */
  readonly asksAnew?: boolean;
  /** How long a value counts as read while its secret's revision stays the same. */
  readonly valueLifeMs?: number | undefined;
}

export class SecretCache {
  readonly options: SecretCacheOptions;
  private readonly policy: string;

  constructor(options: SecretCacheOptions) {
    this.options = options;
    // Short in the usual case: the key is digested on the warm path.
    this.policy = isUsual(options.config) ? "" : policyText(options.config);
  }

  /** The cache key of an entry about `registry`, or with none about all of them. */
  key(kind: "answer" | "list" | "failure" | "history", registry: string): string {
    return `${kind}\n${this.options.base}\n${this.options.owner}\n${this.policy}\n${registry}`;
  }

  answerKey(ref: RegistryRef): string {
    return this.key("answer", ref.key);
  }

  listKey(): string {
    return this.key("list", "");
  }

  answer(ref: RegistryRef): AnswerEntry | undefined {
    return this.options.cache.read(this.answerKey(ref), parseAnswerEntry);
  }

  list(): ListEntry | undefined {
    return this.options.cache.read(this.listKey(), parseListEntry);
  }

  isFresh(entry: { readonly atMs: number }): boolean {
    const { clock, config, startedAtMs, asksAnew } = this.options;
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
    if (groups.length === 0) return this.keepAnswer(ref, noneAt(list.atMs));
    if (answer === undefined || answer.kind === "erased") return undefined;
    const decision = decide(groups, (candidate) => this.outcomeOf(candidate, answer.outcomes));
    if (decision.kind !== "winner" || decision.candidate.ref !== answer.ref) return undefined;
    return this.keepAnswer(ref, { ...answer, atMs: list.atMs });
  }

  groups(ref: RegistryRef, list: ListEntry): readonly (readonly Candidate[])[] {
    const candidates = list.candidates.filter((candidate) => candidate.registry === ref.key);
    return rankedGroups(candidates, this.options.config.precedence);
  }

  /** What is known of a candidate's value: of the same revision, young enough, of a verbatim value. */
  outcomeOf(candidate: Candidate, outcomes: readonly KnownOutcome[]): Outcome | undefined {
    const known = outcomes.find(
      ({ ref, revision }) => ref === candidate.ref && revision === candidate.revision,
    );
    if (known === undefined) return undefined;
    const ageMs = this.options.clock.nowMs() - known.readAtMs;
    const refused = known.outcome === "refused" || known.outcome === "missing";
    const lifeMs = refused ? FAILURE_MEMORY_MS : (this.options.valueLifeMs ?? VALUE_LIFE_MS);
    const usable = known.readAtMs >= this.options.startedAtMs || (candidate.verbatim && ageMs < lifeMs);
    return usable && ageMs >= 0 ? known.outcome : undefined;
  }

  /** Writes `entry` down; the cache keeps what is there if the registry was erased since it was asked for. */
  keepAnswer(ref: RegistryRef, entry: AnswerEntry): AnswerEntry {
    this.options.cache.write(this.answerKey(ref), answerFields(entry));
    return entry;
  }
}

/** What decides which secret answers. */
function policyText({ lookup, scopeIds, precedence, valueFormat }: Config): string {
  return JSON.stringify([lookup, scopeIds, precedence ?? null, valueFormat]);
}

function isUsual(config: Config): boolean {
  return config.scopeIds === DEFAULT_CONFIG.scopeIds
    ? config.lookup === "auto" && config.precedence === undefined && config.valueFormat === "auto"
    : policyText(config) === policyText(DEFAULT_CONFIG);
}
