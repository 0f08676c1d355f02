// Looks for one local login: all that a warm answer needs of them. Nothing is made, written or removed here; what else can
// be done with logins is in logins.ts.

import { readdirSync } from "node:fs";
import { Failure } from "../core/failures.ts";
import { joinPath } from "../core/paths.ts";
import type { RegistryRef } from "../core/registry.ts";
import { sha256 } from "../core/sha256.ts";
import type { Clock } from "../edge/clock.ts";
import { isThere } from "./atomic-file.ts";
import { type LocalLogin, loginKey, readLogin } from "./login-entry.ts";
import { loginFiles } from "./login-files.ts";
import { isPrivateDir } from "./private-dir.ts";

/** Where the logins of one user and environment are. */
export interface LoginPlace {
  /** Undefined: there can be none. */
  readonly stateDir: string | undefined;
  /** Empty: none known. */
  readonly environmentId: string;
  readonly uid: number;
  readonly clock: Clock;
}

/** Throws a Failure when a directory of ours cannot be read: then nobody knows whether there is one. */
export function findLogin(place: LoginPlace, ref: RegistryRef): LocalLogin | undefined {
  const { stateDir, environmentId, uid, clock } = place;
  if (stateDir === undefined) return undefined;
  const dir = loginDir(stateDir);
  // Most users have no logins; then not even the name of a file has to be made.
  if (!mayHaveLogins(stateDir, dir, uid) || !isOurs(stateDir, uid)) return undefined;
  const key = loginKey(environmentId, ref.key);
  try {
    const file = loginFiles(readdirSync(dir), fileKey(key)).at(-1);
    if (file === undefined) return undefined;
    const path = joinPath(dir, file.name);
    const login = readLogin(path, file, uid, clock.nowMs(), () => key);
    // A file that is damaged is none; one that nobody may look for is another matter.
    if (login === undefined) isThere(path);
    return login;
  } catch (error) {
    throw failed(`the local logins in ${dir} cannot be read (${codeOf(error)})`);
  }
}

/** A directory that is not ours holds no login of ours; one of ours that cannot be searched may hold any. */
function mayHaveLogins(stateDir: string, dir: string, uid: number): boolean {
  try {
    return isThere(dir);
  } catch (error) {
    if (!isPrivateDir(stateDir, uid)) return false;
    throw failed(`the local logins in ${dir} cannot be read (${codeOf(error)})`);
  }
}

export function isOurs(stateDir: string, uid: number): boolean {
  return isPrivateDir(stateDir, uid) && isPrivateDir(loginDir(stateDir), uid);
}

export const loginDir = (stateDir: string): string => joinPath(stateDir, "logins");
/** The part of a file's name that stands for the key. */
export const fileKey = (key: string): string => sha256(key).slice(0, 40);
export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "short write";

export function failed(what: string): Failure {
  return new Failure("store-failed", what, {
    hint: "free or repair it, or name another in DOCKER_CREDENTIAL_ONA_STATE_DIR",
  });
}
