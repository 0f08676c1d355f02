// What a process that lives on has written to the cache, kept in memory too: without a usable directory nothing else would
// hold a token between two rounds. The newer of the two counts; it grows with the number of keys and never with time.

import { type Cache, isNewer, type Stamped } from "./cache.ts";

/** Lays itself over the cache on disk of each round. */
export function memoryCache(nowMs: () => number): (onDisk: Cache) => Cache {
  const entries = new Map<string, Stamped>();
  const kept = (key: string): Stamped | undefined => {
    const entry = entries.get(key);
    return entry === undefined || entry.atMs > nowMs() ? undefined : entry;
  };
  return (onDisk) => ({
    read(key, parse) {
      const there = onDisk.read(key, parse);
      const entry = kept(key);
      const here = entry === undefined ? undefined : parse(entry);
      return there !== undefined && (here === undefined || there.atMs >= here.atMs) ? there : here;
    },
    write(key, entry) {
      if (!isNewer(kept(key), entry)) entries.set(key, JSON.parse(JSON.stringify(entry)) as Stamped);
      onDisk.write(key, entry);
    },
    remove(key) {
      entries.delete(key);
      onDisk.remove(key);
    },
    leasePath: (key) => onDisk.leasePath(key),
    refresh: () => onDisk.refresh(),
  });
}
