// Where the answer for a registry comes from when somebody has to be asked: a local login, then the configuration, then
// the platform's secret, then nothing. The sources know nothing of each other.

import type { RegistryRule } from "./core/config.ts";
import { Failure, toFailure } from "./core/failures.ts";
import type { IdentityBase } from "./core/identity.ts";
import { mintPlan } from "./core/mint-plan.ts";
import type { RegistryRef } from "./core/registry.ts";
import { ruleFor } from "./core/registry-rules.ts";
import type { Session } from "./remote.ts";
import { isSettled, NONE, type Resolution, resolveNow } from "./resolve-now.ts";
import { isSameLogin, type LocalLogin } from "./store/logins.ts";

/** The credential for `ref`. Never throws. */
export async function resolveCredential(ref: RegistryRef, session: Session): Promise<Resolution> {
  const now = resolveNow(ref, session);
  if (now !== undefined) return now;
  const login = await currentLogin(ref, session);
  if (login !== undefined) return { kind: "found", credential: login.credential };
  if (ref.kind === "opaque") return NONE;
  const { broken, config } = session.loaded;
  if (broken !== undefined)
    return (await isDeclaredOurs(ref, session)) ? { kind: "failed", failure: broken } : NONE;
  const rule = ruleFor(config.rules, ref);
  try {
    return await fromSources(ref, rule, session);
  } catch (error) {
    return { kind: rule?.onFailure === "anonymous" ? "anonymous" : "failed", failure: toFailure(error) };
  }
}

/** Throws a Failure for a registry that is ours. */
async function fromSources(
  ref: RegistryRef,
  rule: RegistryRule | undefined,
  session: Session,
): Promise<Resolution> {
  const source = rule?.source ?? "platform";
  if (source === "none") return NONE;
  if (source !== "platform") return mint(ref, rule, "default-chain", session);
  if (!session.seesPlatform) return NONE;
  const result = await session.platform(ref);
  switch (result.kind) {
    case "credential":
      return { kind: "found", credential: result.credential };
    case "none":
      return NONE;
    case "native":
      return mint(ref, rule, "machine", session);
    case "failed":
      // An entry of our configuration that names just this registry makes it ours, as a `credHelpers` entry does.
      if (result.managed || rule?.wildcards === 0 || (await isDeclaredOurs(ref, session)))
        throw result.failure;
      return NONE;
  }
}

async function mint(
  ref: RegistryRef,
  rule: RegistryRule | undefined,
  base: IdentityBase,
  session: Session,
): Promise<Resolution> {
  const plan = mintPlan(ref, rule, base, session.config);
  if (plan === undefined) {
    throw new Failure(
      "native-unsupported",
      "its secret says runner-native, but it is no ECR or Google registry",
      {
        hint: "store user:password in the secret, or set aliasOf for this registry in the configuration",
      },
    );
  }
  return { kind: "found", credential: await session.minted(plan, ref) };
}

/** The local login, compared first with what the platform gives if it was made while that could not be asked. */
async function currentLogin(ref: RegistryRef, session: Session): Promise<LocalLogin | undefined> {
  const login = session.logins.find(ref);
  if (login === undefined || isSettled(login, ref, session)) return login;
  const { compareLogin } = await import("./compare-login.ts");
  const comparison = await compareLogin(ref, login.credential, session, "get");
  const now = session.logins.find(ref);
  if (!isSameLogin(now, login)) return now;
  try {
    if (comparison === "equal") session.logins.remove(ref);
    if (comparison === "different") session.logins.confirm(ref, login);
  } catch {
    // A state directory that cannot be written now: the comparison is made again next time.
  }
  return comparison === "equal" ? undefined : login;
}

async function isDeclaredOurs(ref: RegistryRef, session: Session): Promise<boolean> {
  const { isDeclared } = await import("./docker/cred-helpers.ts");
  const { env, uid, suffixes } = session.machine;
  return isDeclared(ref, env, session.places, uid, suffixes);
}
