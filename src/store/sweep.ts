// Removes what this program left behind in its own directories. A directory may be one that the user named and keeps
// other files in, so a file goes only if it is regular, ours, named exactly as we name files, and holds what we write:
// a name alone is no proof, and age is none at all.

import { lstatSync, readdirSync, unlinkSync } from "node:fs";
import { beginsLikeEntry, entryKey } from "../core/entry.ts";
import { joinPath } from "../core/paths.ts";
import { readPrivateFile } from "./atomic-file.ts";

/** A temporary file this old has lost its writer. */
const ORPHAN_AGE_MS = 60_000;

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
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch {
    return;
  }
  for (const name of names) {
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

/** A temporary file whose writer died: it holds the beginning of an entry, or nothing yet. */
function isOrphan(name: string, path: string, ageMs: number, rules: SweepRules): boolean {
  if (!(ageMs > ORPHAN_AGE_MS)) return false;
  const [, target] = /^(.+)\.tmp-[1-9][0-9]{0,9}-[0-9a-z]{8}$/.exec(name) ?? [];
  if (target === undefined || !rules.isOurName(target)) return false;
  const text = readPrivateFile(path, rules.uid);
  return text !== undefined && beginsLikeEntry(text);
}

function isForgotten(name: string, path: string, ageMs: number, { uid, entries }: SweepRules): boolean {
  if (entries === undefined || !(ageMs > entries.afterMs) || !/^[0-9a-f]{24}\.json$/.test(name)) return false;
  const text = readPrivateFile(path, uid);
  const key = text === undefined ? undefined : entryKey(text);
  return key !== undefined && entries.nameOf(key) === name;
}
