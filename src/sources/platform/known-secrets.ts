// What the cache's entries about the platform still say when the platform cannot be asked, or to a person: the last known
// answer, whether a registry was managed, which secrets were considered. Not for the warm path.

import type { AnswerEntry, ListEntry } from "../../core/platform-entries.ts";
import type { PlatformAnswer } from "../../core/platform-result.ts";
import type { RegistryRef } from "../../core/registry.ts";
import { erasedAtMs, noneAt, toResult } from "./result.ts";
import type { SecretCache } from "./secret-cache.ts";

/** The last answer that may stand in while the platform cannot be asked, NF included. */
export function lastKnown(ref: RegistryRef, secretCache: SecretCache): PlatformAnswer | undefined {
  const { clock, config } = secretCache.options;
  const mayServe = ({ atMs }: { readonly atMs: number }): boolean => clock.nowMs() - atMs <= config.staleMs;
  const answer = secretCache.answer(ref);
  const erasedMs = erasedAtMs(answer);
  const list = secretCache.list();
  const usableList = list !== undefined && list.atMs > erasedMs && mayServe(list) ? list : undefined;
  const usableAnswer =
    answer !== undefined && answer.kind !== "erased" && mayServe(answer) ? answer : undefined;
  if (usableList === undefined || (usableAnswer !== undefined && usableAnswer.atMs >= usableList.atMs)) {
    return usableAnswer === undefined || !usableAnswer.verbatim ? undefined : asStale(usableAnswer);
  }
  const candidates = secretCache.groups(ref, usableList).flat();
  if (candidates.length === 0) return asStale(noneAt(usableList.atMs));
  const still = candidates.some((candidate) => candidate.ref === usableAnswer?.ref);
  return usableAnswer?.verbatim && still ? asStale(usableAnswer) : undefined;
}

/** True when the cache shows that a secret was there for `ref`, however long ago. */
export function wasManaged(ref: RegistryRef, secretCache: SecretCache): boolean {
  const kind = secretCache.answer(ref)?.kind;
  if (kind === "credential" || kind === "native") return true;
  const list = secretCache.list();
  return list !== undefined && secretCache.groups(ref, list).length > 0;
}

/** Every registry that `list` has a usable secret for. */
export function listedRegistries(list: ListEntry, { options }: SecretCache): readonly string[] {
  const { precedence } = options.config;
  const usable = list.candidates.filter(
    ({ scope }) => precedence === undefined || (scope !== undefined && precedence.includes(scope)),
  );
  return [...new Set(usable.map(({ registry }) => registry))];
}

export function keepList(entry: ListEntry, secretCache: SecretCache): void {
  secretCache.options.cache.write(secretCache.listKey(), entry);
}

/** From now on nothing that was asked for earlier counts for `ref`, not even from a process still asking. */
export function eraseSecret(ref: RegistryRef, secretCache: SecretCache): void {
  const { clock, cache } = secretCache.options;
  const fields = { kind: "erased", credential: undefined, ref: "", verbatim: true, outcomes: [] } as const;
  secretCache.keepAnswer(ref, { atMs: clock.nowMs(), ...fields });
  // On a full disk at least what is there goes.
  if (secretCache.answer(ref)?.kind !== "erased") cache.remove(secretCache.answerKey(ref));
}

const asStale = (answer: AnswerEntry): PlatformAnswer => ({ ...toResult(answer), stale: true });
