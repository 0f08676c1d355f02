// One credential on its way into a file for others, and what such files cannot carry.

import type { RegistryRef } from "../registry.ts";
import type { Credential } from "../secret.ts";

export interface ExportEntry {
  readonly registry: RegistryRef;
  readonly credential: Credential;
  /** Milliseconds since 1970; undefined when it has no end that is known. */
  readonly expiresAtMs: number | undefined;
}

/** Docker's name for a user whose secret is an identity token. */
export const IDENTITY_TOKEN_USER = "<token>";

/**
 * `user:secret` in base64, as `auths` and the Authorization header have it. Undefined when the user name has a colon,
 * at which every reader would split it (RFC 7617, section 2).
 */
export function basicAuth({ username, secret }: Credential): string | undefined {
  return username.includes(":") ? undefined : base64(`${username}:${secret.expose()}`);
}

/** Of the text's UTF-8. */
export function base64(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(binary);
}

/** The text whose UTF-8 `encoded` is; undefined when it is none. */
export function fromBase64(encoded: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Sorted by key, so that the same credentials always give the same bytes. */
export function inOrder(entries: readonly ExportEntry[]): readonly ExportEntry[] {
  return entries.toSorted((a, b) =>
    a.registry.key < b.registry.key ? -1 : a.registry.key > b.registry.key ? 1 : 0,
  );
}
