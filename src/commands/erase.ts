// `erase`: forgets the local login and the cached answers of a registry. It never touches the platform, and what it
// does not know is no error.

import { Failure, failureLine } from "../core/failures.ts";
import { mintPlan } from "../core/mint-plan.ts";
import { readServerUrl } from "../core/protocol.ts";
import { parseRegistry, type RegistryRef } from "../core/registry.ts";
import { ruleFor } from "../core/registry-rules.ts";
import type { Local } from "../local.ts";
import { eraseMinted } from "../sources/mint/token-cache.ts";
import { eraseSecret } from "../sources/platform/known-secrets.ts";
import { localLogins } from "../store/logins.ts";
import { done, type Reply, refuse } from "./reply.ts";

export function erase(stdin: Uint8Array, local: Local): Reply {
  const ref = parseRegistry(readServerUrl(stdin));
  if (ref === undefined) return done;
  forgetAnswers(ref, local);
  try {
    localLogins(local.loginPlace).remove(ref);
    return done;
  } catch (error) {
    if (error instanceof Failure) return refuse(failureLine(ref.key, error));
    throw error;
  }
}

function forgetAnswers(ref: RegistryRef, local: Local): void {
  if (ref.kind === "opaque" || !local.seesPlatform) return;
  eraseSecret(ref, local.secretCache);
  const rule = ruleFor(local.config.rules, ref);
  for (const base of ["machine", "default-chain"] as const) {
    const plan = mintPlan(ref, rule, base, local.config);
    if (plan === undefined) return;
    eraseMinted(local.mintKey(plan), local.cache, local.context.clock);
  }
}
