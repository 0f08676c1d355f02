// What the cache would answer for a registry now: how old it is, why the platform would or would not be asked, what failed
// a moment ago. It is only looked at; `doctor` itself asks anew.

import { inWords } from "../../core/duration.ts";
import { mintPlan } from "../../core/mint-plan.ts";
import type { RegistryRef } from "../../core/registry.ts";
import { ruleFor } from "../../core/registry-rules.ts";
import { readyToken } from "../../sources/mint/token-cache.ts";
import { recentFailure } from "../../sources/platform/recent-failures.ts";
import type { Fact, Json } from "./check.ts";
import type { Scene } from "./scene.ts";

export function rememberedFacts(
  ref: RegistryRef,
  scene: Scene,
): { readonly facts: readonly Fact[]; readonly data: Readonly<Record<string, Json>> } {
  const { remembered, context, local } = scene;
  const nowMs = context.clock.nowMs();
  const answer = remembered.answer(ref);
  const list = remembered.list();
  const atMs = Math.max(answer?.kind === "erased" ? 0 : (answer?.atMs ?? 0), list?.atMs ?? 0);
  const failure = recentFailure(ref, true, remembered);
  const token = tokenEnd(ref, scene);
  const ageMs = nowMs - atMs;
  const fresh = atMs > 0 && ageMs < local.config.freshMs;
  const facts: Fact[] = [
    ...(atMs > 0 ? [{ name: "cached", value: cachedWords(ageMs, fresh, local.config) }] : []),
    ...(token === undefined ? [] : [{ name: "cached token", value: `ends in ${inWords(token - nowMs)}` }]),
    ...(failure === undefined
      ? []
      : [{ name: "remembered", value: `${failure.failure.message} [${failure.failure.code}]` }]),
  ];
  return {
    facts,
    data: {
      cachedAt: atMs > 0 ? new Date(atMs).toISOString() : null,
      fresh,
      cachedTokenExpiresAt: token === undefined ? null : new Date(token).toISOString(),
      rememberedFailure: failure?.failure.code ?? null,
    },
  };
}

function cachedWords(
  ageMs: number,
  fresh: boolean,
  { freshMs, staleMs }: { freshMs: number; staleMs: number },
): string {
  const asked = `the platform was asked ${inWords(ageMs)} ago`;
  if (fresh) return `${asked}; that serves for another ${inWords(freshMs - ageMs)}`;
  return ageMs < staleMs
    ? `${asked}; the next pull asks again, and during an outage that serves for ${inWords(staleMs - ageMs)}`
    : `${asked}; too long ago to serve during an outage`;
}

/** When the token ends that `get` would hand out without asking; in milliseconds since 1970. */
function tokenEnd(ref: RegistryRef, { local, cache, context }: Scene): number | undefined {
  const rule = ruleFor(local.config.rules, ref);
  const base = rule === undefined || rule.source === "platform" ? "machine" : "default-chain";
  const plan = mintPlan(ref, rule, base, local.config);
  return plan === undefined ? undefined : readyToken(local.mintKey(plan), cache, context.clock)?.expiresAtMs;
}
