// Failures of a moment ago, in the cache, so that of many callers not each asks a platform that cannot answer. It never
// decides what is served instead.

import type { Failure } from "../../core/failures.ts";
import {
  FAILURE_MEMORY_MS,
  type FailureEntry,
  failureFields,
  OUTAGE_MEMORY_MS,
  parseFailureEntry,
  toRememberedFailure,
} from "../../core/platform-entries.ts";
import type { RegistryRef } from "../../core/registry.ts";
import { erasedAtMs } from "./result.ts";
import type { SecretCache, SecretCacheOptions } from "./secret-cache.ts";
import { settingsFingerprint } from "./settings-fingerprint.ts";

/** A platform that is silent for so long is silent for every run. */
const ENOUGH_TIME_MS = 4000;
const NEVER_MS = Number.NEGATIVE_INFINITY;

/** `ref` undefined: of the lookup, for every registry. `hasStale`: something could be served instead. */
export function recentFailure(
  ref: RegistryRef | undefined,
  hasStale: boolean,
  secretCache: SecretCache,
): { readonly failure: Failure; readonly outage: boolean } | undefined {
  const nowMs = secretCache.options.clock.nowMs();
  const outage = read(outageKey(secretCache), OUTAGE_MEMORY_MS, secretCache);
  // Silence within a short limit does not tell what a run with more time would have found.
  const enoughMs = Math.min(ENOUGH_TIME_MS, secretCache.options.config.deadlineMs * 0.8);
  if (outage !== undefined && (hasStale || outage.grantedMs >= enoughMs)) {
    return { failure: toRememberedFailure(outage, nowMs), outage: true };
  }
  const sinceMs = ref === undefined ? NEVER_MS : erasedAtMs(secretCache.answer(ref));
  for (const of of ref === undefined ? [undefined] : [ref, undefined]) {
    const entry = read(failureKey(of, secretCache), FAILURE_MEMORY_MS, secretCache);
    if (entry !== undefined && entry.atMs > sinceMs) {
      return { failure: toRememberedFailure(entry, nowMs), outage: false };
    }
  }
  return undefined;
}

/** `grantedMs`: how long the platform had, in milliseconds. */
export function keepOutage(failure: Failure, grantedMs: number, secretCache: SecretCache): void {
  write(outageKey(secretCache), failure, grantedMs, secretCache);
}

/** `ref` undefined: the lookup itself failed, for every registry. */
export function keepFailure(ref: RegistryRef | undefined, failure: Failure, secretCache: SecretCache): void {
  if (failure.code !== "deadline") write(failureKey(ref, secretCache), failure, 0, secretCache);
}

function write(key: string, failure: Failure, grantedMs: number, { options }: SecretCache): void {
  options.cache.write(key, failureFields(options.clock.nowMs(), failure, grantedMs));
}

/** A run that asks anew and at its own pace heeds only what was learnt since it began. */
function read(key: string, lifeMs: number, { options }: SecretCache): FailureEntry | undefined {
  const { cache, clock, asksAnew, startedAtMs } = options;
  const entry = cache.read(key, parseFailureEntry);
  if (entry === undefined || clock.nowMs() - entry.atMs >= lifeMs) return undefined;
  return asksAnew && entry.atMs < startedAtMs ? undefined : entry;
}

/** With what the user can change: a remedy must not look as if it did not help. */
const outageKey = ({ options }: SecretCache): string => ["outage", options.base, markOf(options)].join("\n");

const failureKey = (ref: RegistryRef | undefined, secretCache: SecretCache): string =>
  `${secretCache.key("failure", ref?.key ?? "")}\n${markOf(secretCache.options)}`;

const markOf = ({ settings }: SecretCacheOptions): string =>
  settings === undefined ? "" : settingsFingerprint(settings);
