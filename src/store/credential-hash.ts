// A hash by which a credential is recognised again without keeping it.

import type { Credential } from "../core/secret.ts";
import { sha256 } from "../core/sha256.ts";

export function credentialHash(credential: Credential): string {
  return sha256(JSON.stringify([credential.username, credential.secret.expose()]));
}

export function textHash(text: string): string {
  return sha256(text);
}
