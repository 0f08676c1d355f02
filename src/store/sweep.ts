// Removes what this program left behind in its own directories. A directory may be one that the user named and keeps
// other files in, so a file goes only if it is regular, ours, named exactly as we name files, and holds what we write:
// a name alone is no proof, and age is none at all.

import { lstatSync, readdirSync, unlinkSync } from "node:fs";
import { beginsLikeEntry, entryKey } from "../core/entry.ts";
import { joinPath, parentOf } from "../core/paths.ts";
import { readPrivateFile } from "./atomic-file.ts";

/** The rights that a writer leaves out where it cannot give the file its group. */
export const GROUP = 0o070;
/** A temporary file this old has lost its writer. */
const ORPHAN_AGE_MS = 60_000;
/** The end of a temporary name: the writer's process, and what atomic-file.ts and replace-file.ts make at random. */
const namesWriter = (end: string): boolean => /^[1-9][0-9]{0,9}-[0-9a-z]{8}$/.test(end);

export interface SweepRules {
  readonly uid: number;
  readonly nowMs: number;
  /** The name of the file that a temporary file was to become. */
  readonly isOurName: (name: string) => boolean;
  /** Entries that nobody needs after `afterMs`; `nameOf` gives the file name that belongs to an entry's key. */
  readonly entries?: { readonly afterMs: number; readonly nameOf: (key: string) => string };
}

/** Best effort: what cannot be looked at or removed stays. */
export function sweep(dir: string, rules: SweepRules): void {
  for (const name of namesIn(dir)) {
    const path = joinPath(dir, name);
    try {
      const stat = lstatSync(path);
      if (!stat.isFile() || stat.uid !== rules.uid) continue;
      const ageMs = rules.nowMs - stat.mtimeMs;
      if (isOrphan(name, path, ageMs, rules) || isForgotten(name, path, ageMs, rules)) unlinkSync(path);
    } catch {
      // Gone already, or not ours to remove.
    }
  }
}

export interface Beside {
  /** Of the file; its temporary files may have them already. */
  readonly uid: number;
  readonly mode: number;
  readonly nowMs: number;
}

/**
 * Removes what writers of the one file `target` left that were killed. `lead` stands before its name in theirs. The directory
 * is somebody else's, so only a file goes that has such a name and is as its writer made it.
 */
export function sweepBeside(target: string, lead: "" | ".", { uid, mode, nowMs }: Beside): void {
  const dir = parentOf(target);
  const prefix = `${lead}${target.slice(target.lastIndexOf("/") + 1)}.tmp-`;
  for (const name of namesIn(dir)) {
    if (!name.startsWith(prefix) || !namesWriter(name.slice(prefix.length))) continue;
    const path = joinPath(dir, name);
    try {
      const stat = lstatSync(path);
      const bits = stat.mode & 0o7777;
      const isAsMade =
        stat.isFile() && stat.nlink === 1 && stat.uid === uid && [0o600, mode, mode & ~GROUP].includes(bits);
      if (isAsMade && nowMs - stat.mtimeMs > ORPHAN_AGE_MS) unlinkSync(path);
    } catch {
      // Gone already, or not ours to remove.
    }
  }
}

/** A temporary file whose writer died: it holds the beginning of an entry, or nothing yet. */
function isOrphan(name: string, path: string, ageMs: number, rules: SweepRules): boolean {
  if (!(ageMs > ORPHAN_AGE_MS)) return false;
  const end = name.lastIndexOf(".tmp-");
  if (end < 1 || !namesWriter(name.slice(end + 5)) || !rules.isOurName(name.slice(0, end))) return false;
  const text = readPrivateFile(path, rules.uid);
  return text !== undefined && beginsLikeEntry(text);
}

function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function isForgotten(name: string, path: string, ageMs: number, { uid, entries }: SweepRules): boolean {
  if (entries === undefined || !(ageMs > entries.afterMs) || !/^[0-9a-f]{24}\.json$/.test(name)) return false;
  const text = readPrivateFile(path, uid);
  const key = text === undefined ? undefined : entryKey(text);
  return key !== undefined && entries.nameOf(key) === name;
}
