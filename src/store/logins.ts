// Local logins: what `docker login` handed to `store`. They are files of ours in the state directory, belong to the
// environment in which they were made, and win over everything else until they lapse or are erased. Of two acts on one
// login the newer wins, however they interleave: see login-files.ts.

import { readdirSync, renameSync, rmdirSync } from "node:fs";
import { Failure } from "../core/failures.ts";
import { joinPath } from "../core/paths.ts";
import type { RegistryRef } from "../core/registry.ts";
import type { Credential } from "../core/secret.ts";
import type { Clock } from "../edge/clock.ts";
import { exists, isThere, randomName, removePrivateFile, writePrivateFile } from "./atomic-file.ts";
import { dateFile, expiryOf, type LocalLogin, loginKey, loginText, readLogin } from "./login-entry.ts";
import { type LoginFile, loginFileName, loginFiles, nextVersion } from "./login-files.ts";
import { codeOf, failed, fileKey, findLogin, isOurs, type LoginPlace, loginDir } from "./login-reader.ts";
import { ensurePrivateDir, heldDir, isPrivateDir } from "./private-dir.ts";
import { sweep } from "./sweep.ts";

export interface LocalLogins {
  /** Throws a Failure when a directory of ours cannot be read: then nobody knows whether there is one. */
  find(ref: RegistryRef): LocalLogin | undefined;
  /** Throws a Failure when it cannot be saved. */
  save(ref: RegistryRef, credential: Credential, confirmed: boolean): LocalLogin;
  /** Marks just this login as compared, if it is still there. Throws a Failure when that cannot be written. */
  confirm(login: LocalLogin): void;
  /** Removes just this login and older ones. Throws a Failure when it is there and cannot be removed. */
  drop(login: LocalLogin): void;
  /** Removes every login of the registry that there is. Throws a Failure when that cannot be done. */
  remove(ref: RegistryRef): void;
  /** Never throws. */
  all(): readonly LocalLogin[];
}

/** How often an act is tried again that another one came in between. */
const TRIES = 8;

export function localLogins(place: LoginPlace): LocalLogins {
  return place.stateDir === undefined ? noLogins : new FileLogins(place, place.stateDir);
}

const noLogins: LocalLogins = {
  find: () => undefined,
  save: () => {
    throw failed(
      "there is no directory for local logins: DOCKER_CREDENTIAL_ONA_STATE_DIR, XDG_STATE_HOME and HOME name none that can be used (an absolute path of UTF-8 text)",
    );
  },
  confirm: () => undefined,
  drop: () => undefined,
  remove: () => undefined,
  all: () => [],
};

class FileLogins implements LocalLogins {
  readonly #place: LoginPlace;
  readonly #stateDir: string;
  readonly #dir: string;
  readonly #environmentId: string;
  readonly #uid: number;
  readonly #clock: Clock;
  #madeStateDir = false;

  constructor(place: LoginPlace, stateDir: string) {
    this.#place = place;
    this.#stateDir = stateDir;
    this.#dir = loginDir(stateDir);
    this.#environmentId = place.environmentId;
    this.#uid = place.uid;
    this.#clock = place.clock;
  }

  find(ref: RegistryRef): LocalLogin | undefined {
    return findLogin(this.#place, ref);
  }

  save(ref: RegistryRef, credential: Credential, confirmed: boolean): LocalLogin {
    const madeAtMs = this.#clock.nowMs();
    const login = { registry: ref.key, credential, madeAtMs };
    const expiresAtMs = expiryOf(login);
    for (let left = TRIES; ; left -= 1) {
      const dir = this.#usableDir();
      try {
        return { ...login, expiresAtMs, confirmed, version: this.#write(dir, login, confirmed) };
      } catch (error) {
        // Somebody who removed the last login took the directory along.
        if (left > 0 && codeOf(error) === "ENOENT") continue;
        throw failed(`writing to ${this.#stateDir} failed (${codeOf(error)})`);
      }
    }
  }

  confirm(login: LocalLogin): void {
    const of = fileKey(loginKey(this.#environmentId, login.registry));
    this.#act("writing to", (dir) => {
      const name = joinPath(dir, loginFileName(of, login.version, false));
      if (isThere(name)) renameSync(name, joinPath(dir, loginFileName(of, login.version, true)));
    });
  }

  drop(login: LocalLogin): void {
    this.#removeUpTo(login.registry, login.version);
    try {
      rmdirSync(this.#dir);
      if (this.#madeStateDir) rmdirSync(this.#stateDir);
    } catch {
      // There are others.
    }
  }

  remove(ref: RegistryRef): void {
    this.#removeUpTo(ref.key, undefined);
  }

  all(): readonly LocalLogin[] {
    if (!exists(this.#dir) || !isOurs(this.#stateDir, this.#uid)) return [];
    const newest = new Map<string, LoginFile>();
    try {
      for (const file of loginFiles(readdirSync(this.#dir))) newest.set(file.of, file);
    } catch {
      return [];
    }
    return [...newest.values()].flatMap((file) => {
      const login = this.#read(file, (registry) => {
        const key = loginKey(this.#environmentId, registry);
        return fileKey(key) === file.of ? key : undefined;
      });
      return login === undefined ? [] : [login];
    });
  }

  /** The one of the two that has to be repaired. */
  #atFault = (): string => (isPrivateDir(this.#stateDir, this.#uid) ? this.#dir : this.#stateDir);

  #usableDir(): string {
    if (!exists(this.#stateDir)) this.#madeStateDir = true;
    const usable =
      ensurePrivateDir(this.#stateDir, this.#uid, true) && ensurePrivateDir(this.#dir, this.#uid, false);
    const dir = usable ? heldDir(this.#dir, this.#uid) : undefined;
    if (dir === undefined)
      throw failed(`the directory ${this.#atFault()} is not private to this user or cannot be made`);
    return dir;
  }

  /** Returns the version. Throws the system's error. */
  #write(
    dir: string,
    login: Pick<LocalLogin, "registry" | "credential" | "madeAtMs">,
    confirmed: boolean,
  ): string {
    const of = fileKey(loginKey(this.#environmentId, login.registry));
    const older = loginFiles(readdirSync(dir), of);
    const version = nextVersion(login.madeAtMs, older.at(-1)?.version, randomName());
    const path = joinPath(dir, loginFileName(of, version, confirmed));
    writePrivateFile(path, loginText(this.#environmentId, login));
    dateFile(path, login.madeAtMs);
    this.#unlink(dir, older);
    const nowMs = this.#clock.nowMs();
    sweep(dir, { uid: this.#uid, nowMs, isOurName: (name) => loginFiles([name]).length > 0 });
    return version;
  }

  /** The newest wins already; what is left of older ones is only untidy. */
  #unlink(dir: string, files: readonly LoginFile[]): void {
    for (const { name } of files) {
      try {
        removePrivateFile(joinPath(dir, name));
      } catch {
        return;
      }
    }
  }

  /** Every login that is there when it begins, up to `version`; again, since one may be confirmed meanwhile. */
  #removeUpTo(registry: string, version: string | undefined): void {
    const of = fileKey(loginKey(this.#environmentId, registry));
    this.#act("removing from", (dir) => {
      let last = version;
      for (let left = TRIES; left > 0; left -= 1) {
        const files = loginFiles(readdirSync(dir), of);
        last ??= files.at(-1)?.version ?? "";
        const limit = last;
        const over = files.filter((file) => file.version <= limit);
        if (over.length === 0) return;
        for (const { name } of over) removePrivateFile(joinPath(dir, name));
      }
    });
  }

  /** Does `work` in the directory of the logins, if there is one. Throws a Failure. */
  #act(what: string, work: (dir: string) => void): void {
    try {
      if (!isThere(this.#dir)) return;
      const dir = isOurs(this.#stateDir, this.#uid) ? heldDir(this.#dir, this.#uid) : undefined;
      if (dir !== undefined) work(dir);
      else if (!isOurs(this.#stateDir, this.#uid))
        throw failed(`the directory ${this.#atFault()} is not private to this user`);
      else throw failed(`the directory ${this.#dir} cannot be read`);
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw failed(`${what} ${this.#dir} failed (${codeOf(error)})`);
    }
  }

  #read(file: LoginFile, keyOf: (registry: string) => string | undefined): LocalLogin | undefined {
    return readLogin(joinPath(this.#dir, file.name), file, this.#uid, this.#clock.nowMs(), keyOf);
  }
}
