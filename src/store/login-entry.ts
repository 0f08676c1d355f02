// One local login as it lies in its file, and when it was made and ends.

import { statSync, utimesSync } from "node:fs";
import { decodeEntry, encodeEntry, isText, isTime } from "../core/entry.ts";
import { loginEndMs } from "../core/login-life.ts";
import { type Credential, Secret } from "../core/secret.ts";
import { readPrivateFile } from "./atomic-file.ts";
import type { LoginFile } from "./login-files.ts";

export interface LocalLogin {
  readonly registry: string;
  readonly credential: Credential;
  readonly madeAtMs: number;
  /** When it lapses by itself, in milliseconds since 1970; undefined for an ordinary one. */
  readonly expiresAtMs: number | undefined;
  /** False until it was compared with what the platform gives. */
  readonly confirmed: boolean;
  /** No other login has it. */
  readonly version: string;
}

export function loginKey(environmentId: string, registry: string): string {
  return `login\n${environmentId}\n${registry}`;
}

export function loginText(
  environmentId: string,
  login: Pick<LocalLogin, "registry" | "credential" | "madeAtMs">,
): string {
  const { registry, credential, madeAtMs: atMs } = login;
  const { username, secret } = credential;
  const fields = { atMs, environmentId, registry, username, secret: secret.expose() };
  return encodeEntry(loginKey(environmentId, registry), fields);
}

/** The login in the file at `path` if it is that of `key` (undefined: of its own) and not over. */
export function readLogin(
  path: string,
  file: LoginFile,
  uid: number,
  nowMs: number,
  keyOf: (registry: string) => string | undefined,
): LocalLogin | undefined {
  const text = readPrivateFile(path, uid);
  const registry = text === undefined ? undefined : registryIn(text);
  const key = registry === undefined ? undefined : keyOf(registry);
  const entry = text === undefined || key === undefined ? undefined : decodeEntry(text, key);
  if (registry === undefined || !isText(entry?.username) || !isText(entry.secret) || !isTime(entry.atMs))
    return undefined;
  const credential = { username: entry.username, secret: new Secret(entry.secret) };
  const login = { registry, credential, confirmed: file.confirmed, version: file.version };
  const lasting = { ...login, madeAtMs: entry.atMs, expiresAtMs: undefined };
  if (expiryOf(lasting) === undefined) return lasting;
  const madeAtMs = firstSeenMs(path, entry.atMs, nowMs);
  const expiresAtMs = loginEndMs({ registry, credential, madeAtMs });
  return nowMs < expiresAtMs ? { ...login, madeAtMs, expiresAtMs } : undefined;
}

export function expiryOf(
  login: Pick<LocalLogin, "registry" | "credential" | "madeAtMs">,
): number | undefined {
  const endMs = loginEndMs(login);
  return endMs === Number.POSITIVE_INFINITY ? undefined : endMs;
}

/**
 * When a login was made. One from the future was made under a clock that was wrong: it counts as made when that is first
 * seen, which the file's own time remembers.
 */
function firstSeenMs(path: string, atMs: number, nowMs: number): number {
  try {
    const fileMs = statSync(path).mtimeMs;
    if (atMs > nowMs && fileMs > nowMs) dateFile(path, nowMs);
    return Math.min(atMs, fileMs, nowMs);
  } catch {
    return Math.min(atMs, nowMs);
  }
}

/** Best effort: what cannot be dated has a time in its content too. */
export function dateFile(path: string, atMs: number): void {
  try {
    utimesSync(path, atMs / 1000, atMs / 1000);
  } catch {
    // Erased already, or not to be written.
  }
}

function registryIn(text: string): string | undefined {
  try {
    const { registry } = JSON.parse(text) as { registry?: unknown };
    return isText(registry) ? registry : undefined;
  } catch {
    return undefined;
  }
}
