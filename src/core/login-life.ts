// How long a local login lives. Tokens of the clouds that somebody logged in with by hand (`aws ecr
// get-login-password | docker login`) end by themselves; everything else lives until it is erased.

import { isRecord } from "./entry.ts";
import { recognizeCloud } from "./registry.ts";
import type { Credential } from "./secret.ts";

const ECR_TOKEN_LIFE_MS = 12 * 3_600_000;
const GOOGLE_TOKEN_LIFE_MS = 3_600_000;

/** When a login ends, in milliseconds since 1970; infinity for an ordinary one. */
export function loginEndMs(login: { registry: string; credential: Credential; madeAtMs: number }): number {
  const cloud = recognizeCloud({ key: login.registry, kind: "registry" });
  const { username, secret } = login.credential;
  if (username === "AWS" && (cloud?.kind === "ecr" || cloud?.kind === "ecr-public")) {
    return ecrTokenEndMs(secret.expose()) ?? login.madeAtMs + ECR_TOKEN_LIFE_MS;
  }
  if (username === "oauth2accesstoken" && cloud?.kind === "gar") return login.madeAtMs + GOOGLE_TOKEN_LIFE_MS;
  return Number.POSITIVE_INFINITY;
}

/** An ECR password is base64 of a JSON object that tells its own end in seconds. */
function ecrTokenEndMs(password: string): number | undefined {
  try {
    const fields: unknown = JSON.parse(atob(password));
    const expiration = isRecord(fields) ? Number(fields.expiration) : Number.NaN;
    return Number.isFinite(expiration) && expiration > 0 ? expiration * 1000 : undefined;
  } catch {
    return undefined;
  }
}
