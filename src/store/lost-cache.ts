// An outage for which no earlier answer could stand in, because a directory for the cache was passed over: the line says so.

import { clouds } from "../core/clouds/clouds.ts";
import { Failure, type FailureCode } from "../core/failures.ts";
import type { CacheDirectory } from "./cache.ts";
import { lookAtDirectory } from "./look-at-directory.ts";

/** Failures in which the last known answer stands in, if the cache has one. */
const LAST_ANSWER_WOULD_SERVE: ReadonlySet<FailureCode> = new Set([
  "platform-unreachable",
  "platform-timeout",
  "platform-tls",
  "platform-rate-limited",
  "platform-bad-answer",
  "platform-redirect",
  "imds-no-answer",
  ...Object.values(clouds()).map(({ codes }) => `${codes}-unreachable` as const),
]);

/** `failure`, with the directory that was passed over in its hint where that may be why nothing could stand in. */
export function withLostCache(
  failure: Failure,
  directories: readonly CacheDirectory[],
  uid: number,
): Failure {
  const lost = LAST_ANSWER_WOULD_SERVE.has(failure.code) ? passedOver(directories, uid) : undefined;
  if (lost === undefined) return failure;
  const hint = failure.hint === undefined ? lost : `${failure.hint}; ${lost}`;
  return new Failure(failure.code, failure.message, { hint, cause: failure });
}

/** The first directory that is there and cannot be used, in words. */
function passedOver(directories: readonly CacheDirectory[], uid: number): string | undefined {
  for (const { dir, parents } of directories) {
    const { state, owner, reason } = lookAtDirectory(dir, uid, parents);
    if (state !== "not used") return undefined;
    if (owner !== undefined) return `the cache directory ${dir} was not used: ${reason}`;
  }
  return undefined;
}
