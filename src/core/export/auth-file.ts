// An auth file as Docker, Podman, Buildah and Skopeo read it: `auths` and a mark by which we know it for ours again. Docker
// drops the mark when it writes the file anew, and rightly so: what somebody logged in to is no longer ours to replace.

import { isRecord, isTime } from "../entry.ts";
import { parseForeignJson } from "../foreign-json.ts";
import { dockerKey, HUB_KEY, parseRegistry, type RegistryRef } from "../registry.ts";
import { Secret } from "../secret.ts";
import { basicAuth, type ExportEntry, fromBase64, IDENTITY_TOKEN_USER, inOrder } from "./entry.ts";

/** The key of the mark, and what it says to people. */
const MARK = "docker-credential-ona";
const NOTE = "written by docker-credential-ona export; do not edit, it is replaced";

/** One entry of `auths`. */
export interface AuthEntry {
  readonly auth: string;
  readonly identitytoken?: string;
}

/** The `auths` of `entries`; what they cannot carry is left out. Docker Hub stands under Docker's key and Podman's. */
export function authsOf(entries: readonly ExportEntry[]): Record<string, AuthEntry> {
  const auths = new Map<string, AuthEntry>();
  for (const { registry, credential } of inOrder(entries)) {
    const isToken = credential.username === IDENTITY_TOKEN_USER;
    const auth = basicAuth(isToken ? { ...credential, secret: new Secret("") } : credential);
    if (auth === undefined) continue;
    const entry = isToken ? { auth, identitytoken: credential.secret.expose() } : { auth };
    for (const key of authKeys(registry)) auths.set(key, entry);
  }
  return Object.fromEntries(auths);
}

/** The keys of a registry in `auths`: Podman, Buildah and Skopeo know Docker Hub by another name than Docker. */
export function authKeys(registry: RegistryRef): readonly string[] {
  return registry.key === HUB_KEY ? [dockerKey(registry), HUB_KEY] : [registry.key];
}

/** The whole file. */
export function authFile(entries: readonly ExportEntry[]): string {
  const expires = Object.fromEntries(
    inOrder(entries).flatMap(({ registry, expiresAtMs }) =>
      expiresAtMs === undefined ? [] : [[registry.key, new Date(expiresAtMs).toISOString()]],
    ),
  );
  return `${JSON.stringify({ auths: authsOf(entries), [MARK]: { note: NOTE, expires } }, undefined, 2)}\n`;
}

/** What a file holds that was there before. `foreign`: somebody else's, with something in it that could be lost. */
export type PreviousExport =
  | { readonly kind: "ours"; readonly entries: readonly ExportEntry[] }
  | { readonly kind: "empty" }
  | { readonly kind: "foreign" };

export function readAuthFile(text: string): PreviousExport {
  if (text.trim() === "") return { kind: "empty" };
  let value: unknown;
  try {
    value = parseForeignJson(text);
  } catch {
    return { kind: "foreign" };
  }
  if (!isRecord(value)) return { kind: "foreign" };
  const mark = value[MARK];
  if (isRecord(mark)) return { kind: "ours", entries: entriesOf(value.auths, mark.expires) };
  return holdsNothing(value) ? { kind: "empty" } : { kind: "foreign" };
}

/** `{}` or `{"auths": {}}`: nobody loses anything. */
function holdsNothing(value: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(value).every(
    ([key, field]) => key === "auths" && isRecord(field) && Object.keys(field).length === 0,
  );
}

function entriesOf(auths: unknown, expires: unknown): readonly ExportEntry[] {
  const entries = new Map<string, ExportEntry>();
  for (const [key, entry] of Object.entries(isRecord(auths) ? auths : {})) {
    const registry = parseRegistry(key);
    const text = isRecord(entry) && typeof entry.auth === "string" ? fromBase64(entry.auth) : undefined;
    if (registry?.kind !== "registry" || text === undefined || !text.includes(":")) continue;
    const colon = text.indexOf(":");
    const token = isRecord(entry) ? entry.identitytoken : undefined;
    const secret = new Secret(typeof token === "string" ? token : text.slice(colon + 1));
    const credential = { username: text.slice(0, colon), secret };
    entries.set(registry.key, { registry, credential, expiresAtMs: timeOf(expires, registry.key) });
  }
  return [...entries.values()];
}

function timeOf(expires: unknown, key: string): number | undefined {
  const text = isRecord(expires) && Object.hasOwn(expires, key) ? expires[key] : undefined;
  const atMs = typeof text === "string" ? Date.parse(text) : undefined;
  return isTime(atMs) ? atMs : undefined;
}
