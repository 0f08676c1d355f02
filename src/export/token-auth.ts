// Tells where containerd is too old for a registry: before 2.1 it sends a header of hosts.toml to the registry and not to
// the token server that the registry points to. Best effort: it says something only when it knows.

import { parseChallenge } from "../core/challenge.ts";
import { type CloudRegistry, recognizeCloud } from "../core/clouds/clouds.ts";
import { parseEndpoint } from "../core/endpoint.ts";
import { endpointsOf } from "../core/export/containerd.ts";
import type { ExportEntry } from "../core/export/entry.ts";
import { HUB_KEY, type RegistryRef } from "../core/registry.ts";
import { runChild } from "../edge/child.ts";
import type { Deadline } from "../edge/clock.ts";
import type { Http } from "../edge/http.ts";

const VERSION_LIMIT_MS = 2000;
const PROBE_LIMIT_MS = 2000;
const CONNECT_LIMIT_MS = 1000;

/** Which registries of a cloud have a token server; the others take the password itself. */
const HAS_TOKENS: Readonly<Record<CloudRegistry["kind"], boolean>> = {
  ecr: false,
  "ecr-public": true,
  gar: true,
};

/** One line for each registry whose images containerd will not get. Never throws. */
export async function tokenAuthNotices(
  entries: readonly ExportEntry[],
  env: Readonly<Record<string, string | undefined>>,
  deadline: Deadline,
  http: () => Promise<Http>,
): Promise<readonly string[]> {
  const version = await containerdVersion(env, deadline);
  if (version !== undefined && isNewEnough(version)) return [];
  const here = version === undefined ? "" : ` (here is ${version})`;
  const notices: string[] = [];
  for (const { registry } of entries) {
    if (!(await usesTokens(registry, http))) continue;
    notices.push(
      `${registry.key}: this registry has token authentication, for which containerd has to be 2.1 or later${here}`,
    );
  }
  return notices;
}

/** `containerd github.com/containerd/containerd 1.6.20~ds1 …`; undefined when there is none on PATH. */
async function containerdVersion(
  env: Readonly<Record<string, string | undefined>>,
  deadline: Deadline,
): Promise<string | undefined> {
  const limitMs = Math.min(VERSION_LIMIT_MS, deadline.remainingMs());
  const result = await runChild("containerd", ["--version"], { env, limitMs });
  return result.kind === "printed" ? /\sv?(\d+\.\d+\.\d+\S*)/.exec(result.stdout)?.[1] : undefined;
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 1);
}

async function usesTokens(registry: RegistryRef, http: () => Promise<Http>): Promise<boolean> {
  if (registry.key === HUB_KEY) return true;
  const cloud = recognizeCloud(registry);
  if (cloud !== undefined) return HAS_TOKENS[cloud.kind];
  for (const origin of endpointsOf(registry)) {
    const endpoint = parseEndpoint(origin);
    if (endpoint === undefined) continue;
    try {
      const answer = await (await http()).send({
        method: "GET",
        endpoint,
        path: "/v2/",
        headers: {},
        timeoutMs: PROBE_LIMIT_MS,
        connectTimeoutMs: CONNECT_LIMIT_MS,
      });
      return parseChallenge(answer.headers["www-authenticate"] ?? "")?.kind === "bearer";
    } catch {
      // The next endpoint, or nothing is known.
    }
  }
  return false;
}
