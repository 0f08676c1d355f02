// Which entries of which Docker and auth files are ours: the record that configure keeps in our state directory, since
// Docker drops from its own file every key that it does not know. It holds no credential.

import { readdirSync } from "node:fs";
import type { Owned } from "../core/docker-config.ts";
import { decodeEntry, encodeEntry, isRecord, isText } from "../core/entry.ts";
import { Failure } from "../core/failures.ts";
import { joinPath, parentOf } from "../core/paths.ts";
import { sha256 } from "../core/sha256.ts";
import { exists, readPrivateFile, removePrivateFile, writePrivateFile } from "./atomic-file.ts";
import { ensurePrivateDir, isPrivateDir } from "./private-dir.ts";
import { sweep } from "./sweep.ts";

export interface OwnedFile extends Owned {
  /** As it was named. */
  readonly path: string;
  /** Where it lies, which is what it is found by. */
  readonly target: string;
  /** The copy beside it is ours. */
  readonly backup: boolean;
}

export interface Ownership {
  /** What is ours of the file that lies at `target`. */
  find(target: string): OwnedFile | undefined;
  /** `nowMs`: milliseconds since 1970. Throws a Failure when it cannot be saved. */
  save(target: string, owned: OwnedFile, nowMs: number): void;
  /** Throws a Failure when it is there and cannot be removed. */
  remove(target: string): void;
  all(): readonly OwnedFile[];
  /** Where configure's lease of all files lies; undefined without a usable directory. */
  leasePath(): string | undefined;
}

const DIRECTORY = "configured";
const isOurName = (name: string): boolean => /^[0-9a-f]{40}\.json$/.test(name);

/** The record below `stateDir`; undefined: there can be none. */
export function ownership(stateDir: string | undefined, uid: number): Ownership {
  const dir = stateDir === undefined ? undefined : joinPath(stateDir, DIRECTORY);
  const keyOf = (target: string): string => `configured\n${target}`;
  const fileOf = (key: string): string => `${sha256(key).slice(0, 40)}.json`;
  const isOurs = (): boolean =>
    dir !== undefined && isPrivateDir(parentOf(dir), uid) && isPrivateDir(dir, uid);
  const usable = (): string | undefined =>
    dir !== undefined && ensurePrivateDir(parentOf(dir), uid, true) && ensurePrivateDir(dir, uid, false)
      ? dir
      : undefined;
  const notSaved = (why: string): Failure =>
    new Failure("store-failed", `which entries are ours cannot be remembered: ${why}`, {
      hint: "free or repair it, or name another in DOCKER_CREDENTIAL_ONA_STATE_DIR",
    });
  const onDisk = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      throw notSaved(
        `writing to ${stateDir} failed (${(error as NodeJS.ErrnoException).code ?? "short write"})`,
      );
    }
  };
  return {
    find(target) {
      if (dir === undefined || !isOurs()) return undefined;
      const key = keyOf(target);
      return parse(readPrivateFile(joinPath(dir, fileOf(key)), uid), key);
    },
    save(target, { path, backup, madeHelpers, keys }, nowMs) {
      const place = usable();
      if (place === undefined)
        throw notSaved(`the directory ${stateDir ?? "of our state"} is not private or cannot be made`);
      const key = keyOf(target);
      const fields = { atMs: nowMs, target, path, backup, madeHelpers, keys };
      onDisk(() => {
        writePrivateFile(joinPath(place, fileOf(key)), encodeEntry(key, fields));
        sweep(place, { uid, nowMs, isOurName });
      });
    },
    remove(target) {
      const path = dir === undefined ? undefined : joinPath(dir, fileOf(keyOf(target)));
      if (path === undefined || !exists(path) || !isOurs()) return;
      onDisk(() => removePrivateFile(path));
    },
    all() {
      if (dir === undefined || !exists(dir) || !isOurs()) return [];
      return namesIn(dir).flatMap((name) => {
        const text = readPrivateFile(joinPath(dir, name), uid);
        const key = keyOf(targetIn(text) ?? "");
        const owned = fileOf(key) === name ? parse(text, key) : undefined;
        return owned === undefined ? [] : [owned];
      });
    },
    leasePath() {
      const place = usable();
      return place === undefined ? undefined : joinPath(place, "lease");
    },
  };
}

/** Every key of `credHelpers` that configure added, in whichever file. Never throws. */
export function ownedKeys(stateDir: string | undefined, uid: number): readonly string[] {
  return ownership(stateDir, uid)
    .all()
    .flatMap(({ keys }) => Object.keys(keys));
}

function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir).filter(isOurName);
  } catch {
    return [];
  }
}

function targetIn(text: string | undefined): string | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return isRecord(value) && isText(value.target) ? value.target : undefined;
  } catch {
    return undefined;
  }
}

function parse(text: string | undefined, key: string): OwnedFile | undefined {
  const entry = text === undefined ? undefined : decodeEntry(text, key);
  if (entry === undefined || !isText(entry.path) || !isText(entry.target) || !isRecord(entry.keys))
    return undefined;
  const keys = Object.entries(entry.keys).filter((pair): pair is [string, string] => isText(pair[1]));
  return {
    path: entry.path,
    target: entry.target,
    backup: entry.backup === true,
    madeHelpers: entry.madeHelpers === true,
    keys: Object.fromEntries(keys),
  };
}
