// `list`: which registries have a credential, and under which user name where that is known without reading a value.
// It must come within three seconds and never fails: callers drop every credential when it does. The limit is `remote`'s.

import { clouds, isProvider, providerOf, recognizeCloud } from "../core/clouds/clouds.ts";
import { dockerKey, type RegistryRef } from "../core/registry.ts";
import { ruleFor } from "../core/registry-rules.ts";
import { printableJson } from "../core/text.ts";
import type { Local } from "../local.ts";
import { managedRegistries } from "../managed.ts";
import type { Remote } from "../remote.ts";
import { localLogins } from "../store/logins.ts";
import { answer, type Reply } from "./reply.ts";

export async function list(local: Local, remote: Remote): Promise<Reply> {
  const users = new Map<string, string>();
  const { registries } = await managedRegistries(local, remote);
  for (const ref of registries) users.set(dockerKey(ref), userOf(ref, local));
  for (const login of localLogins(local.loginPlace).all()) {
    const key = dockerKey({ key: login.registry, kind: "registry" });
    users.set(key, login.credential.username);
  }
  return answer(`${printableJson(Object.fromEntries(users))}\n`);
}

/** The user name as far as it is known without asking. */
function userOf(ref: RegistryRef, local: Local): string {
  const rule = ruleFor(local.config.rules, ref);
  const source = rule?.source ?? "platform";
  if (isProvider(source)) return clouds()[source].tokenUser;
  const known = local.seesPlatform ? local.secretCache.answer(ref) : undefined;
  if (known?.kind === "credential") return known.credential?.username ?? "";
  const cloud = known?.kind === "native" ? (rule?.aliasOf ?? recognizeCloud(ref)) : undefined;
  return cloud === undefined ? "" : clouds()[providerOf(cloud)].tokenUser;
}
