// `list`: which registries have a credential, and under which user name where that is known without reading a value.
// It must come within three seconds and never fails: callers drop every credential when it does.

import type { Config, RegistryRule } from "../core/config.ts";
import { dockerKey, type RegistryRef, recognizeCloud } from "../core/registry.ts";
import type { Session } from "../session.ts";
import { answer, type Reply } from "./reply.ts";

/** What the platform may take of the three seconds, in milliseconds. */
const ASK_LIMIT_MS = 2200;

export async function list(session: Session): Promise<Reply> {
  const users = new Map<string, string>();
  for (const rule of exactRules(session.config)) {
    const ref: RegistryRef = { key: rule.pattern, kind: "registry" };
    if (rule.source !== "none") users.set(dockerKey(ref), mintedUser(rule));
  }
  const unmanaged = new Set(
    exactRules(session.config)
      .filter(({ source }) => source !== "platform")
      .map(({ pattern }) => pattern),
  );
  for (const key of await platformRegistries(session)) {
    const ref: RegistryRef = { key, kind: "registry" };
    if (!unmanaged.has(key)) users.set(dockerKey(ref), platformUser(ref, session));
  }
  for (const login of session.logins.all()) {
    const key = dockerKey({ key: login.registry, kind: "registry" });
    users.set(key, login.credential.username);
  }
  return answer(`${JSON.stringify(Object.fromEntries(users))}\n`);
}

function exactRules(config: Config): readonly RegistryRule[] {
  return config.rules.filter(({ wildcards }) => wildcards === 0);
}

function mintedUser(rule: RegistryRule): string {
  if (rule.source === "ecr") return "AWS";
  return rule.source === "gar" ? "oauth2accesstoken" : "";
}

function platformUser(ref: RegistryRef, session: Session): string {
  const known = session.memory.answer(ref);
  if (known?.kind === "credential") return known.credential?.username ?? "";
  if (known?.kind !== "native") return "";
  const rule = exactRules(session.config).find(({ pattern }) => pattern === ref.key);
  const cloud = rule?.aliasOf ?? recognizeCloud(ref);
  if (cloud === undefined) return "";
  return cloud.kind === "gar" ? "oauth2accesstoken" : "AWS";
}

/** From a fresh list, else from the platform, else from the last list that is known. */
async function platformRegistries(session: Session): Promise<readonly string[]> {
  if (!session.seesPlatform || session.loaded.broken !== undefined) return [];
  const { memory } = session;
  const cached = memory.list();
  const secrets = cached !== undefined && memory.isFresh(cached) ? cached : await asked(session);
  return (secrets ?? cached)?.candidates.map(({ registry }) => registry) ?? [];
}

async function asked(session: Session): Promise<ReturnType<Session["memory"]["list"]>> {
  try {
    const { currentList } = await import("../sources/platform-ask.ts");
    const { within } = await import("../edge/clock.ts");
    const deadline = within(session.machine.clock, session.deadline, ASK_LIMIT_MS);
    return await currentList({ ...(await session.askOptions()), deadline }, true);
  } catch {
    return undefined;
  }
}
