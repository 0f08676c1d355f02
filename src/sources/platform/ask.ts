// Asking the platform: under a lease, so that of many processes one asks; with a short limit when a last known answer
// is at hand; and with every result written down for the others.

import { Failure, Outage, toFailure } from "../../core/failures.ts";
import type { ListEntry } from "../../core/platform-entries.ts";
import type { PlatformResult } from "../../core/platform-result.ts";
import type { RegistryRef } from "../../core/registry.ts";
import type { SecretValue } from "../../core/secret-value.ts";
import { within } from "../../edge/clock.ts";
import type { Cache } from "../../store/cache.ts";
import { withLease } from "../../store/lease.ts";
import { Evaluation } from "./evaluation.ts";
import { keepList, lastKnown, wasManaged } from "./known-secrets.ts";
import { type ReadOptions, readValue } from "./read-value.ts";
import { keepFailure, keepOutage, recentFailure } from "./recent-failures.ts";
import { erasedAtMs, toResult } from "./result.ts";
import type { SecretCache } from "./secret-cache.ts";
import { fetchSecretList } from "./secret-list.ts";

/** How long the platform gets when a last known answer could serve instead, in milliseconds. */
const REVALIDATE_LIMIT_MS = 2000;

export interface PlatformRequest extends ReadOptions {
  readonly environmentId: string | undefined;
  readonly cache: Cache;
}

/** The platform's answer for `ref`, from whoever asks first. Never throws. */
export async function fetchSecret(ref: RegistryRef, options: PlatformRequest): Promise<PlatformResult> {
  const { secretCache, cache, clock } = options;
  // With a last known answer at hand nobody waits long for another process either.
  const hasStale = lastKnown(ref, secretCache) !== undefined;
  const deadline = hasStale ? within(clock, options.deadline, REVALIDATE_LIMIT_MS) : options.deadline;
  const poll = (): PlatformResult | undefined => {
    cache.refresh();
    return secretCache.settled(ref) ?? fromFailure(ref, secretCache);
  };
  const path = cache.leasePath(secretCache.answerKey(ref));
  return withLease({ path, clock, deadline, poll }, () => ask(ref, options));
}

/** `complete`: no candidate's value was refused. */
export interface AllValues {
  readonly values: readonly SecretValue[];
  readonly complete: boolean;
}

/** Every value that the platform gives for `ref` now, winner and losers. Throws a Failure. */
export async function fetchAllValues(
  ref: RegistryRef,
  options: PlatformRequest,
  mayRemember: boolean,
): Promise<AllValues> {
  const { secretCache } = options;
  const values: SecretValue[] = [];
  let complete = true;
  let isAtValues = false;
  try {
    const list = askedInThisRun(secretCache) ?? (await newList(options));
    isAtValues = true;
    for (const candidate of secretCache.groups(ref, list).flat()) {
      const read = await readValue(ref, candidate, options);
      if ("value" in read) values.push(read.value);
      else if (read.kind === "refused") complete = false;
    }
    return { values, complete };
  } catch (error) {
    const failure = toFailure(error);
    if (mayRemember) remember(isAtValues ? ref : undefined, failure, secretCache);
    throw failure;
  }
}

/** Hundreds of logins are compared with one list, if it was asked for since the run began. */
function askedInThisRun(secretCache: SecretCache): ListEntry | undefined {
  const list = secretCache.list();
  return list !== undefined && list.atMs >= secretCache.options.startedAtMs ? list : undefined;
}

async function newList(options: PlatformRequest): Promise<ListEntry> {
  const { config, environmentId, secretCache, client, clock, deadline } = options;
  const atMs = clock.nowMs();
  const list = { atMs, ...(await fetchSecretList(config, environmentId, client, deadline)) };
  keepList(list, secretCache);
  return list;
}

/**
 * The list of secrets: a fresh one from the cache, or from the platform; or a failure that another process has written down,
 * perhaps a moment ago. Throws a Failure of its own.
 */
async function currentList(
  options: PlatformRequest,
  hasStale: boolean,
  notBeforeMs = Number.NEGATIVE_INFINITY,
): Promise<ListEntry | Failure> {
  const { secretCache, cache, clock, deadline } = options;
  const poll = (): ListEntry | Failure | undefined => {
    cache.refresh();
    const list = secretCache.list();
    if (list !== undefined && secretCache.isFresh(list) && list.atMs > notBeforeMs) return list;
    // Another process has just learnt that nothing is to be had; waiting on would only ask once more.
    return recentFailure(undefined, hasStale, secretCache)?.failure;
  };
  const path = cache.leasePath(secretCache.listKey());
  return withLease({ path, clock, deadline, poll }, () => freshList(options, notBeforeMs));
}

/** The list of secrets as the platform gives it now, whatever the cache knows. Throws a Failure. */
export async function freshList(
  { config, environmentId, secretCache, clock, client, deadline }: PlatformRequest,
  notBeforeMs = Number.NEGATIVE_INFINITY,
): Promise<ListEntry> {
  const atMs = Math.max(clock.nowMs(), notBeforeMs + 1);
  try {
    const list = { atMs, ...(await fetchSecretList(config, environmentId, client, deadline)) };
    keepList(list, secretCache);
    return list;
  } catch (error) {
    // Before a lease is given back, so that the next holder sees it.
    remember(undefined, toFailure(error), secretCache);
    throw error;
  }
}

/** The list that tells which registries are managed; `fresh` as in managed.ts. Throws a Failure. */
export async function managedList(options: PlatformRequest, fresh: boolean): Promise<ListEntry> {
  const list = await (fresh ? freshList(options) : currentList(options, true));
  if (list instanceof Failure) throw list;
  return list;
}

/** A failure of a moment ago, softened by the last known answer where that is allowed. */
function fromFailure(ref: RegistryRef, secretCache: SecretCache): PlatformResult | undefined {
  const stale = lastKnown(ref, secretCache);
  const remembered = recentFailure(ref, stale !== undefined, secretCache);
  if (remembered === undefined) return undefined;
  if (remembered.outage && stale !== undefined) return stale;
  return { kind: "failed", failure: remembered.failure, managed: wasManaged(ref, secretCache) };
}

async function ask(ref: RegistryRef, all: PlatformRequest): Promise<PlatformResult> {
  const { secretCache, clock } = all;
  const answer = secretCache.answer(ref);
  const hasStale = lastKnown(ref, secretCache) !== undefined;
  try {
    await all.client.prepare(all.deadline);
    const options = hasStale ? { ...all, deadline: within(clock, all.deadline, REVALIDATE_LIMIT_MS) } : all;
    const list = await currentList(options, hasStale, erasedAtMs(answer));
    if (list instanceof Failure) return fromFailure(ref, secretCache) ?? unasked(ref, list, secretCache);
    const confirmed = secretCache.confirm(ref, list, answer);
    if (confirmed !== undefined) return toResult(confirmed);
    return await evaluate(ref, new Evaluation(ref, list, answer, options), secretCache);
  } catch (error) {
    return afterFailure(ref, toFailure(error), secretCache);
  }
}

async function evaluate(
  ref: RegistryRef,
  evaluation: Evaluation,
  secretCache: SecretCache,
): Promise<PlatformResult> {
  try {
    const answer = await evaluation.run();
    return { ...toResult(answer), considered: evaluation.considered(answer) };
  } catch (error) {
    const failure = toFailure(error);
    remember(ref, failure, secretCache);
    const result = afterFailure(ref, failure, secretCache);
    if (result.kind !== "failed") return result;
    return { ...result, managed: true, considered: evaluation.considered() };
  }
}

function remember(ref: RegistryRef | undefined, failure: Failure, secretCache: SecretCache): void {
  if (failure instanceof Outage) keepOutage(failure, failure.grantedMs, secretCache);
  else keepFailure(ref, failure, secretCache);
}

function afterFailure(ref: RegistryRef, failure: Failure, secretCache: SecretCache): PlatformResult {
  // While the platform was waited for, somebody may have erased what is known.
  secretCache.options.cache.refresh();
  const stale = failure instanceof Outage ? lastKnown(ref, secretCache) : undefined;
  return stale ?? unasked(ref, failure, secretCache);
}

function unasked(ref: RegistryRef, failure: Failure, secretCache: SecretCache): PlatformResult {
  return { kind: "failed", failure, managed: wasManaged(ref, secretCache) };
}
