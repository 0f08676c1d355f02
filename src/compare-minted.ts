// Is a login in somebody's file the very token that a cloud gives this machine anyway? A token is minted to find out, since
// metadata servers give the same one again and again; never where it would come to lie on disk.

import { clouds } from "./core/clouds/clouds.ts";
import { mintPlan } from "./core/mint-plan.ts";
import type { RegistryRef } from "./core/registry.ts";
import { ruleFor } from "./core/registry-rules.ts";
import { type Credential, isSameCredential } from "./core/secret.ts";
import type { Local } from "./local.ts";
import { prefetchObstacle } from "./prefetch.ts";
import type { Remote } from "./remote.ts";

/** False also when no token can be had. Never throws. */
export async function isMintedLogin(
  ref: RegistryRef,
  credential: Credential,
  local: Local,
  remote: Remote,
): Promise<boolean> {
  const isToken = Object.values(clouds()).some(({ tokenUser }) => tokenUser === credential.username);
  if (!isToken || prefetchObstacle(local) !== undefined) return false;
  const rule = ruleFor(local.config.rules, ref);
  const source = rule?.source ?? "platform";
  if (source === "none") return false;
  if (source === "platform" && (await remote.platform(ref)).kind !== "native") return false;
  const plan = mintPlan(ref, rule, source === "platform" ? "machine" : "default-chain", local.config);
  if (plan === undefined) return false;
  try {
    return isSameCredential((await remote.minted(plan, ref)).credential, credential);
  } catch {
    return false;
  }
}
