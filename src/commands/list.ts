// `list`: which registries have a credential, and under which user name where that is known without reading a value.
// It must come within three seconds and never fails: callers drop every credential when it does.

import type { RegistryRule } from "../core/config.ts";
import { dockerKey, type RegistryRef, recognizeCloud } from "../core/registry.ts";
import { ruleFor } from "../core/registry-rules.ts";
import { printableJson } from "../core/text.ts";
import type { Session } from "../remote.ts";
import { answer, type Reply } from "./reply.ts";

/** What the platform may take of the three seconds, in milliseconds. */
const ASK_LIMIT_MS = 2200;
const AWS_USER = "AWS";
const GOOGLE_USER = "oauth2accesstoken";

export async function list(session: Session): Promise<Reply> {
  const users = new Map<string, string>();
  const { rules } = session.config;
  const named = rules.filter(({ wildcards }) => wildcards === 0).map(({ pattern }) => pattern);
  for (const key of new Set([...named, ...(await platformRegistries(session))])) {
    const ref: RegistryRef = { key, kind: "registry" };
    const rule = ruleFor(rules, ref);
    if (rule?.source !== "none") users.set(dockerKey(ref), userOf(ref, rule, session));
  }
  for (const login of session.logins.all()) {
    const key = dockerKey({ key: login.registry, kind: "registry" });
    users.set(key, login.credential.username);
  }
  return answer(`${printableJson(Object.fromEntries(users))}\n`);
}

/** The user name as far as it is known without asking. */
function userOf(ref: RegistryRef, rule: RegistryRule | undefined, session: Session): string {
  const source = rule?.source ?? "platform";
  if (source !== "platform") return source === "gar" ? GOOGLE_USER : AWS_USER;
  const known = session.seesPlatform ? session.memory.answer(ref) : undefined;
  if (known?.kind === "credential") return known.credential?.username ?? "";
  const cloud = known?.kind === "native" ? (rule?.aliasOf ?? recognizeCloud(ref)) : undefined;
  if (cloud === undefined) return "";
  return cloud.kind === "gar" ? GOOGLE_USER : AWS_USER;
}

/** From a fresh list, else from the platform, else from the last list that is known. */
async function platformRegistries(session: Session): Promise<readonly string[]> {
  if (!session.seesPlatform || session.loaded.broken !== undefined) return [];
  const { memory } = session;
  const cached = memory.list();
  const secrets =
    cached !== undefined && memory.isFresh(cached) ? cached : ((await asked(session)) ?? cached);
  return secrets === undefined ? [] : memory.registries(secrets);
}

async function asked(session: Session): Promise<ReturnType<Session["memory"]["list"]>> {
  try {
    const { currentList } = await import("../sources/platform/ask.ts");
    const { within } = await import("../edge/clock.ts");
    const deadline = within(session.machine.clock, session.deadline, ASK_LIMIT_MS);
    return await currentList({ ...(await session.askOptions()), deadline }, true);
  } catch {
    return undefined;
  }
}
