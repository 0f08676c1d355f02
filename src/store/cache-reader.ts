// The cache for whoever must leave it as it is: nothing is made, written, removed or locked.

import { shortDigest } from "../core/digest.ts";
import { decodeEntry } from "../core/entry.ts";
import { joinPath } from "../core/paths.ts";
import type { Clock } from "../edge/clock.ts";
import { readPrivateFile } from "./atomic-file.ts";
import { type Cache, type CacheDirectory, noCache } from "./cache.ts";
import { isPrivateDir } from "./private-dir.ts";

/** The cache in the first directory that is there and usable; `dir` says which, if any. */
export function openForReading(
  places: readonly CacheDirectory[],
  uid: number,
  clock: Clock,
): { readonly cache: Cache; readonly dir: string | undefined } {
  const dir = places.find((place) => isPrivateDir(place.dir, uid))?.dir;
  if (dir === undefined) return { cache: noCache, dir };
  const read: Cache["read"] = (key, parse) => {
    const text = readPrivateFile(joinPath(dir, `${shortDigest(key)}.json`), uid);
    const entry = text === undefined ? undefined : decodeEntry(text, key);
    return entry === undefined || entry.atMs > clock.nowMs() ? undefined : parse(entry);
  };
  return { cache: { ...noCache, read }, dir };
}
