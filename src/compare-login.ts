// Is a credential that somebody logged in with only what the platform or a cloud gives anyway? Then it is not kept:
// the automatic login at an environment's start must never hide a later update of the secret.

import { mintPlan } from "./core/mint-plan.ts";
import type { RegistryRef } from "./core/registry.ts";
import { ruleFor } from "./core/registry-rules.ts";
import { type Credential, isSameCredential } from "./core/secret.ts";
import type { Local } from "./local.ts";
import type { Remote } from "./remote.ts";
import { isMinted } from "./sources/mint/token-cache.ts";
import { recentFailure } from "./sources/platform/recent-failures.ts";
import { isInHistory } from "./sources/platform/secret-history.ts";

/** `unasked`: the platform could not be asked, so the question stays open. */
export type Comparison = "equal" | "different" | "unasked";

/** How long the platform may take for a comparison, in milliseconds. */
const ASK_LIMIT_MS = 3000;

export async function compareLogin(
  ref: RegistryRef,
  credential: Credential,
  local: Local,
  remote: Remote,
  verb: "get" | "store",
): Promise<Comparison> {
  if (ref.kind === "opaque" || !local.seesPlatform) return "unasked";
  if (isOwnToken(ref, credential, local)) return "equal";
  if (isInHistory(ref, credential, local.secretCache)) return "equal";
  const rule = ruleFor(local.config.rules, ref);
  if (local.loaded.broken !== undefined) return "unasked";
  if (rule !== undefined && rule.source !== "platform") return "different";
  // A login is rare and worth asking for; a `get` of it may be one of many.
  if (verb === "get" && recentFailure(ref, true, local.secretCache) !== undefined) return "unasked";
  try {
    const { values, complete } = await remote.platformValues(ref, ASK_LIMIT_MS, verb === "get");
    const equal = values.some(
      (value) => value.kind === "credential" && isSameCredential(value.credential, credential),
    );
    if (equal) return "equal";
    // A value that was not given may be the very one; the question stays open.
    return complete ? "different" : "unasked";
  } catch {
    return "unasked";
  }
}

/** The minted token of this registry, the current one or the one before. Nothing is minted for this. */
function isOwnToken(ref: RegistryRef, credential: Credential, local: Local): boolean {
  const rule = ruleFor(local.config.rules, ref);
  for (const base of ["machine", "default-chain"] as const) {
    const plan = mintPlan(ref, rule, base, local.config);
    if (plan === undefined) return false;
    if (isMinted(local.mintKey(plan), credential, local.cache)) return true;
  }
  return false;
}
