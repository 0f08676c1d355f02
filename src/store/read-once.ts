// Laid over the cache of a run that asks: an entry is read once, until something may have changed it: a write of ours, or
// `refresh` after waiting for another process. What is compared just before a rename is always read from disk.

import type { Cache } from "./cache.ts";

export function readOnce(onDisk: Cache): Cache {
  /** What was parsed, by key; a key is always read by the same parser. */
  const known = new Map<string, unknown>();
  return {
    read<T>(key: string, parse: (value: unknown) => T | undefined): T | undefined {
      if (!known.has(key)) known.set(key, onDisk.read(key, parse as never));
      return known.get(key) as T | undefined;
    },
    write(key, entry) {
      known.delete(key);
      onDisk.write(key, entry);
    },
    remove(key) {
      known.delete(key);
      onDisk.remove(key);
    },
    leasePath: (key) => onDisk.leasePath(key),
    refresh() {
      known.clear();
      onDisk.refresh();
    },
  };
}
