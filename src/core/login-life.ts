// How long a local login lives. Tokens of the clouds that somebody logged in with by hand (`aws ecr
// get-login-password | docker login`) end by themselves; everything else lives until it is erased.

import { clouds, providerOf, recognizeCloud } from "./clouds/clouds.ts";
import { Failure } from "./failures.ts";
import type { Credential } from "./secret.ts";

/** When a login ends, in milliseconds since 1970; infinity for an ordinary one. */
export function loginEndMs(login: { registry: string; credential: Credential; madeAtMs: number }): number {
  const registry = recognizeCloud({ key: login.registry, kind: "registry" });
  const cloud = registry === undefined ? undefined : clouds()[providerOf(registry)];
  const { username, secret } = login.credential;
  if (username !== cloud?.tokenUser) return Number.POSITIVE_INFINITY;
  return cloud.tokenEndMs(secret.expose(), login.madeAtMs);
}

/** Why a login is of no use any more; undefined when it is not over. It shows nothing of the token. */
export function overSince(
  login: { registry: string; credential: Credential },
  nowMs: number,
): Failure | undefined {
  const endMs = loginEndMs({ ...login, madeAtMs: nowMs });
  if (endMs > nowMs) return undefined;
  return new Failure("store-failed", `its token is over since ${new Date(endMs).toISOString()}`, {
    hint: "get a new one and log in with that; if it is a new one, set the clock",
  });
}
