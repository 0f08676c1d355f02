// Local logins: what `docker login` handed to `store`. They are files of ours in the state directory, belong to the
// environment in which they were made, and win over everything else until they lapse or are erased.

import { readdirSync } from "node:fs";
import { decodeEntry, encodeEntry, isText, isTime } from "../core/entry.ts";
import { Failure } from "../core/failures.ts";
import { loginEndMs } from "../core/login-life.ts";
import { joinPath, parentOf } from "../core/paths.ts";
import type { RegistryRef } from "../core/registry.ts";
import { type Credential, isSameCredential, Secret } from "../core/secret.ts";
import { sha256 } from "../core/sha256.ts";
import type { Clock } from "../edge/clock.ts";
import { exists, readPrivateFile, removePrivateFile, writePrivateFile } from "./atomic-file.ts";
import { ensurePrivateDir, isPrivateDir } from "./private-dir.ts";
import { sweep } from "./sweep.ts";

export interface LocalLogin {
  readonly registry: string;
  readonly credential: Credential;
  readonly madeAtMs: number;
  /** False until it was compared with what the platform gives. */
  readonly confirmed: boolean;
  /** When it lapses by itself, in milliseconds since 1970; undefined for an ordinary one. */
  readonly expiresAtMs: number | undefined;
}

export interface LocalLogins {
  find(ref: RegistryRef): LocalLogin | undefined;
  /** Throws a Failure when it cannot be saved. */
  save(ref: RegistryRef, credential: Credential, confirmed: boolean): void;
  /** Marks `login` as compared, its life unchanged, unless another one or none is there by now. */
  confirm(ref: RegistryRef, login: LocalLogin): void;
  /** Throws a Failure when it is there and cannot be removed. */
  remove(ref: RegistryRef): void;
  all(): readonly LocalLogin[];
}

/** The logins of `environmentId` (empty: none known) below `stateDir` (undefined: there can be none). */
export function localLogins(
  stateDir: string | undefined,
  environmentId: string,
  uid: number,
  clock: Clock,
): LocalLogins {
  const dir = stateDir === undefined ? undefined : joinPath(stateDir, "logins");
  const isOurs = (): boolean =>
    dir !== undefined && isPrivateDir(parentOf(dir), uid) && isPrivateDir(dir, uid);
  const fileOf = (key: string): string => `${sha256(key).slice(0, 40)}.json`;
  const keyOf = (registry: string): string => `login\n${environmentId}\n${registry}`;
  const load = (path: string, key: string): LocalLogin | undefined => {
    const text = readPrivateFile(path, uid);
    const login = text === undefined ? undefined : parse(text, key);
    return login !== undefined && clock.nowMs() < (login.expiresAtMs ?? Number.POSITIVE_INFINITY)
      ? login
      : undefined;
  };
  const find = (ref: RegistryRef): LocalLogin | undefined => {
    // Most users have no logins; then not even the name of a file has to be made.
    if (dir === undefined || !exists(dir)) return undefined;
    const key = keyOf(ref.key);
    const login = load(joinPath(dir, fileOf(key)), key);
    return login !== undefined && isOurs() ? login : undefined;
  };
  const write = (login: Omit<LocalLogin, "expiresAtMs">, mayReplace?: () => boolean): void => {
    const usable =
      dir !== undefined && ensurePrivateDir(parentOf(dir), uid, true) && ensurePrivateDir(dir, uid, false);
    if (!usable) {
      const named = stateDir ?? "for local logins";
      throw notSaved(`the directory ${named} is not private to this user or cannot be made`);
    }
    const { registry, credential, madeAtMs: atMs, confirmed } = login;
    const key = keyOf(registry);
    const fields = { atMs, environmentId, registry, confirmed, username: credential.username };
    try {
      const text = encodeEntry(key, Object.assign(fields, { secret: credential.secret.expose() }));
      writePrivateFile(joinPath(dir, fileOf(key)), text, mayReplace);
      sweep(dir, { uid, nowMs: clock.nowMs(), isOurName: (name) => /^[0-9a-f]{40}\.json$/.test(name) });
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "short write";
      throw notSaved(`writing to ${stateDir} failed (${code})`);
    }
  };
  return {
    find,
    save(ref, credential, confirmed) {
      write({ registry: ref.key, credential, madeAtMs: clock.nowMs(), confirmed });
    },
    confirm(ref, login) {
      write({ ...login, confirmed: true }, () => isSameLogin(find(ref), login));
    },
    remove(ref) {
      if (dir === undefined) return;
      try {
        const path = joinPath(dir, fileOf(keyOf(ref.key)));
        if (isOurs()) removePrivateFile(path);
        else if (exists(path)) throw notSaved(`the directory ${stateDir} is not private to this user`);
      } catch (error) {
        if (error instanceof Failure) throw error;
        throw notSaved(
          `removing from ${stateDir} failed (${(error as NodeJS.ErrnoException).code ?? "unknown"})`,
        );
      }
    },
    all() {
      if (dir === undefined || !isOurs()) return [];
      return namesIn(dir).flatMap((name) => {
        const text = readPrivateFile(joinPath(dir, name), uid);
        const registry = text === undefined ? undefined : registryIn(text);
        const key = registry === undefined ? undefined : keyOf(registry);
        const login = key !== undefined && fileOf(key) === name ? load(joinPath(dir, name), key) : undefined;
        return login === undefined ? [] : [login];
      });
    },
  };
}

/** True when nobody logged in anew or out in the meantime. */
export function isSameLogin(now: LocalLogin | undefined, then: LocalLogin): boolean {
  return now?.madeAtMs === then.madeAtMs && isSameCredential(now.credential, then.credential);
}

function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir).filter((name) => /^[0-9a-f]{40}\.json$/.test(name));
  } catch {
    return [];
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

function parse(text: string, key: string): LocalLogin | undefined {
  const entry = decodeEntry(text, key);
  if (entry === undefined || !isText(entry.registry) || !isText(entry.username) || !isText(entry.secret))
    return undefined;
  if (!isTime(entry.atMs)) return undefined;
  const credential = { username: entry.username, secret: new Secret(entry.secret) };
  const login = { registry: entry.registry, credential, madeAtMs: entry.atMs };
  const endMs = loginEndMs(login);
  const expiresAtMs = endMs === Number.POSITIVE_INFINITY ? undefined : endMs;
  return { ...login, confirmed: entry.confirmed === true, expiresAtMs };
}

function notSaved(what: string): Failure {
  return new Failure("store-failed", what, {
    hint: "free or repair it, or name another in DOCKER_CREDENTIAL_ONA_STATE_DIR",
  });
}
