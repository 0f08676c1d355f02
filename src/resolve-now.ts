// The answers that need no asking: all of a warm `get`, and nothing that waits. The order of the sources is the policy
// of the program; resolve.ts follows the same order where something has to be asked.

import type { RegistryRule } from "./core/config.ts";
import type { Failure } from "./core/failures.ts";
import type { IdentityBase } from "./core/identity.ts";
import { mintPlan } from "./core/mint-plan.ts";
import type { RegistryRef } from "./core/registry.ts";
import { ruleFor } from "./core/registry-rules.ts";
import type { Credential } from "./core/secret.ts";
import type { Local } from "./local.ts";
import type { CachedToken } from "./sources/mint/token-cache.ts";
import type { LocalLogin } from "./store/logins.ts";

/** `failed`: the registry is ours and its credential could not be had. `anonymous`: the same, but the user said
 * `onFailure: anonymous`. */
export type Resolution =
  | {
      readonly kind: "found";
      readonly credential: Credential;
      /** Milliseconds since 1970; undefined for a password that does not end by itself. */
      readonly expiresAtMs: number | undefined;
    }
  | { readonly kind: "none" }
  | { readonly kind: "failed" | "anonymous"; readonly failure: Failure };

export const NONE: Resolution = { kind: "none" };

/** The answer from local logins, configuration and cache; undefined when somebody has to be asked. Never throws. */
export function resolveNow(ref: RegistryRef, local: Local): Resolution | undefined {
  const login = local.logins.find(ref);
  if (login !== undefined) {
    return isSettled(login, ref, local) ? foundLogin(login) : undefined;
  }
  if (ref.kind === "opaque") return NONE;
  if (local.loaded.broken !== undefined) return undefined;
  const rule = ruleFor(local.config.rules, ref);
  const source = rule?.source ?? "platform";
  if (source === "none") return NONE;
  if (source !== "platform") return tokenNow(ref, rule, "default-chain", local);
  if (!local.seesPlatform) return NONE;
  const settled = local.secretCache.settled(ref);
  switch (settled?.kind) {
    case "credential":
      return { kind: "found", credential: settled.credential, expiresAtMs: undefined };
    case "none":
      return NONE;
    case "native":
      return tokenNow(ref, rule, "machine", local);
    default:
      return undefined;
  }
}

/** True when a login need not be compared with what the platform gives. */
export function isSettled(login: LocalLogin, ref: RegistryRef, local: Local): boolean {
  return login.confirmed || ref.kind === "opaque" || !local.seesPlatform;
}

function tokenNow(
  ref: RegistryRef,
  rule: RegistryRule | undefined,
  base: IdentityBase,
  local: Local,
): Resolution | undefined {
  const plan = mintPlan(ref, rule, base, local.config);
  const token = plan === undefined ? undefined : local.mintedNow(plan);
  return token === undefined ? undefined : foundToken(token);
}

export function foundLogin({ credential, endMs }: LocalLogin): Resolution {
  return { kind: "found", credential, expiresAtMs: Number.isFinite(endMs) ? endMs : undefined };
}

export function foundToken({ credential, expiresAtMs }: CachedToken): Resolution {
  return { kind: "found", credential, expiresAtMs };
}
