// Hashes of the values that the platform once gave for a registry, so that a later `store` of one is not taken for a
// login. No value is kept.

import { parseHistoryEntry } from "../../core/platform-entries.ts";
import type { RegistryRef } from "../../core/registry.ts";
import type { Credential } from "../../core/secret.ts";
import { credentialHash } from "../../store/credential-hash.ts";
import type { SecretCache } from "./secret-cache.ts";

const MAX_HISTORY = 32;

export function addToHistory(ref: RegistryRef, credential: Credential, secretCache: SecretCache): void {
  const { cache, clock } = secretCache.options;
  const hash = credentialHash(credential);
  const known = hashes(ref, secretCache);
  if (known.includes(hash)) return;
  cache.write(secretCache.key("history", ref.key), {
    atMs: clock.nowMs(),
    hashes: [hash, ...known].slice(0, MAX_HISTORY),
  });
}

export function isInHistory(ref: RegistryRef, credential: Credential, secretCache: SecretCache): boolean {
  return hashes(ref, secretCache).includes(credentialHash(credential));
}

function hashes(ref: RegistryRef, secretCache: SecretCache): readonly string[] {
  const key = secretCache.key("history", ref.key);
  return secretCache.options.cache.read(key, parseHistoryEntry)?.hashes ?? [];
}
