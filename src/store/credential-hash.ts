// A hash by which a credential is recognised again without keeping it.

import { createHash } from "node:crypto";
import type { Credential } from "../core/secret.ts";

export function credentialHash(credential: Credential): string {
  return createHash("sha256")
    .update(JSON.stringify([credential.username, credential.secret.expose()]))
    .digest("hex");
}

export function textHash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
