// A hash by which a credential is recognised again without keeping it.

import type { Credential } from "../core/secret.ts";
import { sha256 } from "../core/sha256.ts";

/** Where something is minted or asked, loading node:crypto takes about as long as so many characters without it. */
const SHORT = 1000;

export function credentialHash(credential: Credential): string {
  const text = JSON.stringify([credential.username, credential.secret.expose()]);
  if (text.length <= SHORT) return sha256(text);
  return process.getBuiltinModule("node:crypto").createHash("sha256").update(text, "utf8").digest("hex");
}

export function textHash(text: string): string {
  return sha256(text);
}
