// Where the answer for a registry comes from when somebody has to be asked: a local login, then the configuration, then
// the platform's secret, then nothing. The sources know nothing of each other.

import type { RegistryRule } from "./core/config.ts";
import { Failure, toFailure } from "./core/failures.ts";
import type { IdentityBase } from "./core/identity.ts";
import { mintPlan } from "./core/mint-plan.ts";
import type { RegistryRef } from "./core/registry.ts";
import { ruleFor } from "./core/registry-rules.ts";
import type { Local } from "./local.ts";
import type { Remote } from "./remote.ts";
import { foundLogin, foundToken, isSettled, NONE, type Resolution, resolveNow } from "./resolve-now.ts";
import { isSameLogin, type LocalLogin } from "./store/logins.ts";

/** The credential for `ref`. Never throws. */
export async function resolveCredential(ref: RegistryRef, local: Local, remote: Remote): Promise<Resolution> {
  const now = resolveNow(ref, local);
  if (now !== undefined) return now;
  const login = await currentLogin(ref, local, remote);
  if (login !== undefined) return foundLogin(login);
  if (ref.kind === "opaque") return NONE;
  const { broken, config } = local.loaded;
  if (broken !== undefined)
    return (await isOurs(ref, local, remote)) ? { kind: "failed", failure: broken } : NONE;
  const rule = ruleFor(config.rules, ref);
  try {
    return await fromSources(ref, rule, local, remote);
  } catch (error) {
    return { kind: rule?.onFailure === "anonymous" ? "anonymous" : "failed", failure: toFailure(error) };
  }
}

/** Throws a Failure for a registry that is ours. */
async function fromSources(
  ref: RegistryRef,
  rule: RegistryRule | undefined,
  local: Local,
  remote: Remote,
): Promise<Resolution> {
  const source = rule?.source ?? "platform";
  if (source === "none") return NONE;
  if (source !== "platform") return mint(ref, rule, "default-chain", local, remote);
  if (!local.seesPlatform) return NONE;
  const result = await remote.platform(ref);
  switch (result.kind) {
    case "credential":
      return { kind: "found", credential: result.credential, expiresAtMs: undefined };
    case "none":
      return NONE;
    case "native":
      return mint(ref, rule, "machine", local, remote);
    case "failed":
      // An entry of our configuration that names just this registry makes it ours, as a `credHelpers` entry does.
      if (result.managed || rule?.wildcards === 0 || (await isOurs(ref, local, remote))) throw result.failure;
      return NONE;
  }
}

async function mint(
  ref: RegistryRef,
  rule: RegistryRule | undefined,
  base: IdentityBase,
  local: Local,
  remote: Remote,
): Promise<Resolution> {
  const plan = mintPlan(ref, rule, base, local.config);
  if (plan === undefined) {
    throw new Failure(
      "native-unsupported",
      "its secret says runner-native, but it is no ECR or Google registry",
      {
        hint: "store user:password in the secret, or set aliasOf for this registry in the configuration",
      },
    );
  }
  return foundToken(await remote.minted(plan, ref));
}

/** The local login, compared first with what the platform gives if it was made while that could not be asked. */
async function currentLogin(ref: RegistryRef, local: Local, remote: Remote): Promise<LocalLogin | undefined> {
  const login = local.logins.find(ref);
  if (login === undefined || isSettled(login, ref, local)) return login;
  const { compareLogin } = await import("./compare-login.ts");
  const comparison = await compareLogin(ref, login.credential, local, remote, "get");
  const now = local.logins.find(ref);
  if (!isSameLogin(now, login)) return now;
  try {
    if (comparison === "equal") local.logins.remove(ref);
    if (comparison === "different") local.logins.confirm(ref, login);
  } catch {
    // A state directory that cannot be written now: the comparison is made again next time.
  }
  return comparison === "equal" ? undefined : login;
}

async function isOurs(ref: RegistryRef, local: Local, remote: Remote): Promise<boolean> {
  const { isDelegatedToUs } = await import("./docker/cred-helpers.ts");
  const { env, uid } = local.context;
  return isDelegatedToUs(ref, env, local.directories, uid, remote.options.helperNames);
}
