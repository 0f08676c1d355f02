// Asking the platform: under a lease, so that of many processes one asks; with a short limit when a last known answer
// is at hand; and with every result written down for the others.

import { type Failure, toFailure } from "../../core/failures.ts";
import type { ListEntry } from "../../core/platform-entries.ts";
import type { RegistryRef } from "../../core/registry.ts";
import type { SecretValue } from "../../core/secret-value.ts";
import { within } from "../../edge/clock.ts";
import type { Cache } from "../../store/cache.ts";
import { withLease } from "../../store/lease.ts";
import { Outage } from "./errors.ts";
import { Evaluation } from "./evaluation.ts";
import { erasedAtMs, type PlatformResult, toResult } from "./result.ts";
import type { PlatformMemory } from "./secret-cache.ts";
import { fetchSecretList } from "./secret-list.ts";
import { type ReadOptions, readValue, ValueTrouble } from "./secret-value.ts";

/** How long the platform gets when a last known answer could serve instead, in milliseconds. */
const HASTY_LIMIT_MS = 2000;

export interface AskOptions extends ReadOptions {
  readonly environmentId: string | undefined;
  readonly cache: Cache;
}

/** The platform's answer for `ref`, from whoever asks first. Never throws. */
export async function askPlatform(ref: RegistryRef, options: AskOptions): Promise<PlatformResult> {
  const { memory, cache, clock } = options;
  // With a last known answer at hand nobody waits long for another process either.
  const hasty = memory.lastKnown(ref) !== undefined;
  const deadline = hasty ? within(clock, options.deadline, HASTY_LIMIT_MS) : options.deadline;
  const poll = (): PlatformResult | undefined => memory.settled(ref) ?? fromFailure(ref, memory);
  const path = cache.leasePath(memory.answerKey(ref));
  return withLease({ path, clock, deadline, poll }, () => ask(ref, options));
}

/** `complete`: no candidate's value was refused. */
export interface AllValues {
  readonly values: readonly SecretValue[];
  readonly complete: boolean;
}

/** Every value that the platform gives for `ref` now, winner and losers. Throws a Failure. */
export async function askAllValues(
  ref: RegistryRef,
  options: AskOptions,
  mayRemember: boolean,
): Promise<AllValues> {
  const { config, memory, client, clock, deadline } = options;
  const values: SecretValue[] = [];
  let complete = true;
  try {
    const atMs = clock.nowMs();
    const list = { atMs, ...(await fetchSecretList(config, options.environmentId, client, deadline)) };
    memory.keepList(list);
    for (const candidate of memory.groups(ref, list).flat()) {
      const read = await readValue(ref, candidate, options);
      if ("value" in read) values.push(read.value);
      else if (read.kind === "refused") complete = false;
    }
    return { values, complete };
  } catch (error) {
    const atValue = error instanceof ValueTrouble;
    const failure = atValue ? error.failure : toFailure(error);
    if (mayRemember) remember(atValue ? ref : undefined, failure, memory);
    throw failure;
  }
}

/** The list of secrets: a fresh one from the cache, or from the platform. Throws a Failure. */
export async function currentList(
  options: AskOptions,
  hasty: boolean,
  notBeforeMs = Number.NEGATIVE_INFINITY,
): Promise<ListEntry> {
  const { config, memory, cache, clock, client, deadline } = options;
  const poll = (): ListEntry | undefined => {
    const list = memory.list();
    if (list !== undefined && memory.isFresh(list) && list.atMs > notBeforeMs) return list;
    // Another process has just learnt that nothing is to be had; waiting on would only ask once more.
    const remembered = memory.rememberedFailure(undefined, hasty);
    if (remembered !== undefined) throw new Remembered(remembered.failure);
    return undefined;
  };
  const path = cache.leasePath(memory.listKey());
  return withLease({ path, clock, deadline, poll }, async () => {
    const atMs = Math.max(clock.nowMs(), notBeforeMs + 1);
    try {
      const list = { atMs, ...(await fetchSecretList(config, options.environmentId, client, deadline)) };
      memory.keepList(list);
      return list;
    } catch (error) {
      // Before the lease is given back, so that the next holder sees it.
      remember(undefined, toFailure(error), memory);
      throw error;
    }
  });
}

/** A failure that was written down by somebody else, perhaps a moment ago. */
class Remembered extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** A failure of a moment ago, softened by the last known answer where that is allowed. */
function fromFailure(ref: RegistryRef, memory: PlatformMemory): PlatformResult | undefined {
  const lastKnown = memory.lastKnown(ref);
  const remembered = memory.rememberedFailure(ref, lastKnown !== undefined);
  if (remembered === undefined) return undefined;
  if (remembered.outage && lastKnown !== undefined) return lastKnown;
  return { kind: "failed", failure: remembered.failure, managed: memory.wasManaged(ref) };
}

async function ask(ref: RegistryRef, all: AskOptions): Promise<PlatformResult> {
  const { memory, clock } = all;
  const answer = memory.answer(ref);
  const hasty = memory.lastKnown(ref) !== undefined;
  try {
    await all.client.prepare(all.deadline);
    const options = hasty ? { ...all, deadline: within(clock, all.deadline, HASTY_LIMIT_MS) } : all;
    const list = await currentList(options, hasty, erasedAtMs(answer));
    const confirmed = memory.confirm(ref, list, answer);
    return toResult(confirmed ?? (await new Evaluation(ref, list, answer, options).run()));
  } catch (error) {
    if (error instanceof Remembered) return fromFailure(ref, memory) ?? unasked(ref, error.failure, memory);
    if (!(error instanceof ValueTrouble)) return afterTrouble(ref, toFailure(error), memory);
    remember(ref, error.failure, memory);
    const result = afterTrouble(ref, error.failure, memory);
    return result.kind === "failed" ? { ...result, managed: true } : result;
  }
}

function remember(ref: RegistryRef | undefined, failure: Failure, memory: PlatformMemory): void {
  if (failure instanceof Outage) memory.rememberOutage(failure, failure.grantedMs);
  else memory.rememberFailure(ref, failure);
}

function afterTrouble(ref: RegistryRef, failure: Failure, memory: PlatformMemory): PlatformResult {
  const lastKnown = failure instanceof Outage ? memory.lastKnown(ref) : undefined;
  return lastKnown ?? unasked(ref, failure, memory);
}

function unasked(ref: RegistryRef, failure: Failure, memory: PlatformMemory): PlatformResult {
  return { kind: "failed", failure, managed: memory.wasManaged(ref) };
}
