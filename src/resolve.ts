// The loop of a `get`: it asks the policy, does what the policy asks for, and asks it again, until there is an answer. It
// decides nothing itself.

import { type Failure, toFailure } from "./core/failures.ts";
import { nextStep, type Resolution } from "./core/policy.ts";
import type { RegistryRef } from "./core/registry.ts";
import { KnownFacts } from "./known-facts.ts";
import type { Local } from "./local.ts";
import type { Remote } from "./remote.ts";
import type { LocalLogin } from "./store/login-entry.ts";
import { localLogins } from "./store/logins.ts";

export interface ResolveOptions {
  /** Leave local logins out: what would be answered without them? */
  readonly withoutLogins?: boolean;
}

/** The credential for `ref`, within `remote`'s deadline. Never throws. */
export async function resolveCredential(
  ref: RegistryRef,
  local: Local,
  remote: Remote,
  { withoutLogins = false }: ResolveOptions = {},
): Promise<Resolution> {
  const facts = new KnownFacts(ref, local);
  if (withoutLogins) facts.setLogin(undefined, true);
  try {
    return await answered(ref, facts, local, remote);
  } catch (error) {
    return withUnreadableLogins(ref, toFailure(error), local, remote);
  }
}

/**
 * Nobody knows whether there is a login, which would win over all the rest. A registry that is ours has failed; of any
 * other there is nothing to be had, whatever the state of the logins.
 */
async function withUnreadableLogins(
  ref: RegistryRef,
  failure: Failure,
  local: Local,
  remote: Remote,
): Promise<Resolution> {
  const failed: Resolution = { kind: "failed", failure, why: { by: "local-login" } };
  if (await isDelegated(ref, local, remote)) return failed;
  const facts = new KnownFacts(ref, local);
  facts.setLogin(undefined, true);
  const rest = await answered(ref, facts, local, remote);
  return rest.kind === "none" ? rest : failed;
}

async function answered(
  ref: RegistryRef,
  facts: KnownFacts,
  local: Local,
  remote: Remote,
): Promise<Resolution> {
  for (;;) {
    const step = nextStep(ref, facts);
    switch (step.kind) {
      case "compare-login":
        facts.setLogin(await comparedLogin(ref, facts.storedLogin, local, remote), true);
        break;
      case "ask-platform":
        facts.secret = await remote.platform(ref);
        break;
      case "mint":
        facts.minted = await remote.minted(step.plan, ref).catch(toFailure);
        break;
      case "is-delegated":
        facts.delegated = await isDelegated(ref, local, remote);
        break;
      default:
        return step;
    }
  }
}

/** The login that counts after a comparison with what the platform gives; undefined when it gives the same. */
async function comparedLogin(
  ref: RegistryRef,
  login: LocalLogin | undefined,
  local: Local,
  remote: Remote,
): Promise<LocalLogin | undefined> {
  if (login === undefined) return undefined;
  const { compareLogin } = await import("./compare-login.ts");
  const comparison = await compareLogin(ref, login.credential, local, remote, "get");
  try {
    if (comparison === "equal") localLogins(local.loginPlace).drop(login);
    if (comparison === "different") localLogins(local.loginPlace).confirm(login);
  } catch {
    // A state directory that cannot be written now: the comparison is made again next time.
  }
  // Meanwhile somebody may have logged in anew, or out.
  const now = localLogins(local.loginPlace).find(ref);
  return comparison === "equal" && now?.version === login.version ? undefined : now;
}

async function isDelegated(ref: RegistryRef, local: Local, remote: Remote): Promise<boolean> {
  const { isDelegatedToUs } = await import("./docker/cred-helpers.ts");
  const { env, uid } = local.context;
  return isDelegatedToUs(ref, env, local.directories, uid, remote.options.helperNames);
}
