// How long a local login lives. Tokens of the clouds that somebody logged in with by hand (`aws ecr
// get-login-password | docker login`) end by themselves; everything else lives until it is erased.

import { isRecord } from "./entry.ts";
import { Failure } from "./failures.ts";
import { parseForeignJson } from "./foreign-json.ts";
import { recognizeCloud } from "./registry.ts";
import type { Credential } from "./secret.ts";

const ECR_TOKEN_LIFE_MS = 12 * 3_600_000;
const GOOGLE_TOKEN_LIFE_MS = 3_600_000;

/** When a login ends, in milliseconds since 1970; infinity for an ordinary one. */
export function loginEndMs(login: { registry: string; credential: Credential; madeAtMs: number }): number {
  const cloud = recognizeCloud({ key: login.registry, kind: "registry" });
  const { username, secret } = login.credential;
  if (username === "AWS" && (cloud?.kind === "ecr" || cloud?.kind === "ecr-public")) {
    // What the token says is believed up to the documented life: milliseconds taken for seconds would last for ever.
    const longestMs = login.madeAtMs + ECR_TOKEN_LIFE_MS;
    return Math.min(ecrTokenEndMs(secret.expose()) ?? longestMs, longestMs);
  }
  if (username === "oauth2accesstoken" && cloud?.kind === "gar") return login.madeAtMs + GOOGLE_TOKEN_LIFE_MS;
  return Number.POSITIVE_INFINITY;
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

/** An ECR password is base64 of a JSON object that tells its own end in seconds. */
function ecrTokenEndMs(password: string): number | undefined {
  try {
    const fields = parseForeignJson(atob(password));
    const expiration = isRecord(fields) ? Number(fields.expiration) : Number.NaN;
    return Number.isFinite(expiration) && expiration > 0 ? expiration * 1000 : undefined;
  } catch {
    return undefined;
  }
}
