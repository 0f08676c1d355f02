// The answers that need no asking: all of a warm `get`, and nothing that waits. The order of the sources is the policy
// of the program; resolve.ts follows the same order where something has to be asked.

import type { RegistryRule } from "./core/config.ts";
import type { Failure } from "./core/failures.ts";
import type { IdentityBase } from "./core/identity.ts";
import { mintPlan } from "./core/mint-plan.ts";
import type { RegistryRef } from "./core/registry.ts";
import { ruleFor } from "./core/registry-rules.ts";
import type { Credential } from "./core/secret.ts";
import type { View } from "./local.ts";
import type { LocalLogin } from "./store/logins.ts";

/** `failed`: the registry is ours and its credential could not be had. `anonymous`: the same, but the user said
 * `onFailure: anonymous`. */
export type Resolution =
  | { readonly kind: "found"; readonly credential: Credential }
  | { readonly kind: "none" }
  | { readonly kind: "failed" | "anonymous"; readonly failure: Failure };

export const NONE: Resolution = { kind: "none" };

/** The answer from local logins, configuration and cache; undefined when somebody has to be asked. Never throws. */
export function resolveNow(ref: RegistryRef, view: View): Resolution | undefined {
  const login = view.logins.find(ref);
  if (login !== undefined) {
    return isSettled(login, ref, view) ? { kind: "found", credential: login.credential } : undefined;
  }
  if (ref.kind === "opaque") return NONE;
  if (view.loaded.broken !== undefined) return undefined;
  const rule = ruleFor(view.config.rules, ref);
  const source = rule?.source ?? "platform";
  if (source === "none") return NONE;
  if (source !== "platform") return tokenNow(ref, rule, "default-chain", view);
  if (!view.seesPlatform) return NONE;
  const settled = view.memory.settled(ref);
  switch (settled?.kind) {
    case "credential":
      return { kind: "found", credential: settled.credential };
    case "none":
      return NONE;
    case "native":
      return tokenNow(ref, rule, "machine", view);
    default:
      return undefined;
  }
}

/** True when a login need not be compared with what the platform gives. */
export function isSettled(login: LocalLogin, ref: RegistryRef, view: View): boolean {
  return login.confirmed || ref.kind === "opaque" || !view.seesPlatform;
}

function tokenNow(
  ref: RegistryRef,
  rule: RegistryRule | undefined,
  base: IdentityBase,
  view: View,
): Resolution | undefined {
  const plan = mintPlan(ref, rule, base, view.config);
  const credential = plan === undefined ? undefined : view.mintedNow(plan);
  return credential === undefined ? undefined : { kind: "found", credential };
}
