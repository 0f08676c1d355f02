// The cache: one file per key, each naming its own key, so that a file that was swapped or damaged is simply
// absent. Nothing here throws: a cache that cannot be read or written makes an answer slower, never wrong.

import { closeSync, constants, lstatSync, openSync, utimesSync } from "node:fs";
import { shortDigest } from "../core/digest.ts";
import { decodeEntry, encodeEntry } from "../core/entry.ts";
import { joinPath } from "../core/paths.ts";
import type { Clock } from "../edge/clock.ts";
import { readPrivateFile, removePrivateFile, writePrivateFile } from "./atomic-file.ts";
import { ensurePrivateDir, heldDir } from "./private-dir.ts";
import { sweep } from "./sweep.ts";

/** What every entry carries beside its own fields. */
export interface Stamped {
  /** When its content was asked for, in milliseconds since 1970. */
  readonly atMs: number;
}

/** What decides which of two entries stays. */
type Entry = Stamped & { readonly kind?: unknown };

export interface Cache {
  /** The entry of `key`; absent when unreadable, of another key, or made by a clock ahead of ours. */
  read<T extends Stamped>(key: string, parse: (value: unknown) => T | undefined): T | undefined;
  /** Puts an entry in place unless the one there is newer. */
  write<T extends Stamped>(key: string, entry: T): void;
  remove(key: string): void;
  /** Path of the lease that belongs to `key`; undefined without a usable directory. */
  leasePath(key: string): string | undefined;
  /** Forgets what was read before, since another process may have changed it. */
  refresh(): void;
}

const SWEEP_MARK = "swept";
const SWEEP_EVERY_MS = 3_600_000;
/** Older than any entry that may still serve (staleSeconds is at most 30 days). */
const FORGET_AFTER_MS = 31 * 86_400_000;

export const noCache: Cache = {
  read: () => undefined,
  write: () => undefined,
  remove: () => undefined,
  leasePath: () => undefined,
  refresh: () => undefined,
};

/** Where the cache may live: each in turn, `parents` saying whether missing parents are made. */
export interface CacheDirectory {
  readonly dir: string;
  readonly parents: boolean;
}

/** The cache in the first usable place. */
export function createCache(directories: readonly CacheDirectory[], uid: number, clock: Clock): Cache {
  let known: { readonly dir: string | undefined } | undefined;
  const usable = (): string | undefined => {
    known ??= { dir: firstUsable(directories, uid) };
    return known.dir;
  };
  const pathOf = (key: string): string | undefined => {
    const dir = usable();
    return dir === undefined ? undefined : joinPath(dir, fileOf(key));
  };
  let opened: { readonly dir: string | undefined } | undefined;
  /** For whatever changes something: the directory as it was opened first, not what its name leads to by now. */
  const held = (): string | undefined => {
    const dir = usable();
    opened ??= { dir: dir === undefined ? undefined : heldDir(dir, uid) };
    return opened.dir;
  };
  let mayBeSwept = true;
  const load = (path: string, key: string): Entry | undefined => {
    const text = readPrivateFile(path, uid);
    const entry = text === undefined ? undefined : decodeEntry(text, key);
    return entry === undefined || entry.atMs > clock.nowMs() ? undefined : entry;
  };
  return {
    read(key, parse) {
      const path = pathOf(key);
      const entry = path === undefined ? undefined : load(path, key);
      return entry === undefined ? undefined : parse(entry);
    },
    write(key, entry) {
      const dir = held();
      if (dir === undefined) return;
      const path = joinPath(dir, fileOf(key));
      try {
        writePrivateFile(path, encodeEntry(key, entry), () => !isNewer(load(path, key), entry));
        if (mayBeSwept) sweepSometimes(dir, uid, clock.nowMs());
        mayBeSwept = false;
      } catch {
        // Full, read-only or gone: the answer does not depend on it.
      }
    },
    remove(key) {
      const dir = held();
      try {
        if (dir !== undefined) removePrivateFile(joinPath(dir, fileOf(key)));
      } catch {
        // It stays; what it says is checked when it is read.
      }
    },
    // Every read goes to disk.
    refresh: () => undefined,
    leasePath(key) {
      const dir = held();
      return dir === undefined ? undefined : joinPath(dir, `${shortDigest(key)}.lock`);
    },
  };
}

const fileOf = (key: string): string => `${shortDigest(key)}.json`;

function firstUsable(directories: readonly CacheDirectory[], uid: number): string | undefined {
  for (const { dir, parents } of directories) if (ensurePrivateDir(dir, uid, parents)) return dir;
  return undefined;
}

/** Of the same millisecond `erased` wins: what was asked for until then must not be used. */
export function isNewer(there: Entry | undefined, entry: Entry): boolean {
  if (there === undefined || there.atMs < entry.atMs) return false;
  return there.atMs > entry.atMs || (there.kind === "erased" && entry.kind !== "erased");
}

/**
 * At most once an hour, and only by a process that has just written, so that no warm answer pays for it. The first one to
 * come leaves the mark from which the hour counts.
 */
function sweepSometimes(dir: string, uid: number, nowMs: number): void {
  const mark = joinPath(dir, SWEEP_MARK);
  const stat = lstatSync(mark, { throwIfNoEntry: false });
  if (stat === undefined) {
    closeSync(openSync(mark, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600));
    return;
  }
  // Somebody's file of that name is left alone, and without a mark of ours nothing is swept.
  if (!stat.isFile() || stat.uid !== uid || stat.size > 0) return;
  if (Math.abs(nowMs - stat.mtimeMs) < SWEEP_EVERY_MS) return;
  utimesSync(mark, nowMs / 1000, nowMs / 1000);
  const isOurName = (name: string): boolean => name === SWEEP_MARK || /^[0-9a-f]{24}\.json$/.test(name);
  sweep(dir, { uid, nowMs, isOurName, entries: { afterMs: FORGET_AFTER_MS, nameOf: fileOf } });
}
