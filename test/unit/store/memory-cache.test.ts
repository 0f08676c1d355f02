// What a process that lives on keeps beside the disk: the newer of the two counts, and what is erased is gone from both.

import { expect, it } from "vitest";
import type { Cache, Stamped } from "../../../src/store/cache.ts";
import { memoryCache } from "../../../src/store/memory-cache.ts";

type Entry = Stamped & { readonly text?: string };
const parse = (value: unknown): Entry => value as Entry;

/** A disk that keeps what it is given only where `keeps`. */
function disk(keeps: boolean) {
  const entries = new Map<string, Entry>();
  let refreshed = 0;
  const cache: Cache = {
    read: <T extends Stamped>(key: string, parseEntry: (value: unknown) => T | undefined) => {
      const entry = entries.get(key);
      return entry === undefined ? undefined : parseEntry(entry);
    },
    write: (key, entry) => {
      if (keeps) entries.set(key, entry);
    },
    remove: (key) => void entries.delete(key),
    leasePath: (key) => `/lease/${key}`,
    refresh: () => {
      refreshed += 1;
    },
  };
  return { cache, entries, refreshed: () => refreshed };
}

it("what a full disk did not keep is there in the next round, and as it was when it was written", () => {
  const lay = memoryCache(() => 100);
  const entry = { atMs: 5, text: "a" };
  lay(disk(false).cache).write("k", entry);
  entry.text = "changed";
  const next = lay(disk(false).cache);
  expect(next.read("k", parse)).toEqual({ atMs: 5, text: "a" });
  expect(next.read("other", parse)).toBeUndefined();
  expect(next.read("k", () => undefined)).toBeUndefined();
});

it.each([
  ["the disk's, which is newer", 6, "disk"],
  ["the disk's, of the same time", 5, "disk"],
  ["ours, which is newer", 4, "ours"],
])("of two: %s", (_, atMs, text) => {
  const { cache, entries } = disk(false);
  const laid = memoryCache(() => 100)(cache);
  laid.write("k", { atMs: 5, text: "ours" } as Entry);
  entries.set("k", { atMs, text: "disk" });
  expect(laid.read("k", parse)).toMatchObject({ text });
});

it("what the disk has and we have not", () => {
  const { cache, entries } = disk(true);
  entries.set("k", { atMs: 5, text: "disk" });
  expect(memoryCache(() => 100)(cache).read("k", parse)).toMatchObject({ text: "disk" });
});

it("an older entry takes the place of none, and one of the future answers nobody", () => {
  let nowMs = 100;
  const laid = memoryCache(() => nowMs)(disk(false).cache);
  laid.write("k", { atMs: 50, text: "new" } as Entry);
  laid.write("k", { atMs: 40, text: "old" } as Entry);
  expect(laid.read("k", parse)).toMatchObject({ text: "new" });
  nowMs = 50;
  expect(laid.read("k", parse)).toMatchObject({ text: "new" });
  nowMs = 49;
  expect(laid.read("k", parse)).toBeUndefined();
  laid.write("k", { atMs: 40, text: "old" } as Entry);
  expect(laid.read("k", parse)).toMatchObject({ text: "old" });
});

it("is written and removed in both; leases and a refresh are the disk's", () => {
  const { cache, entries, refreshed } = disk(true);
  const laid = memoryCache(() => 100)(cache);
  laid.write("k", { atMs: 5 });
  expect(entries.get("k")).toEqual({ atMs: 5 });
  laid.remove("k");
  expect(entries.has("k")).toBe(false);
  expect(laid.read("k", parse)).toBeUndefined();
  expect(laid.leasePath("k")).toBe("/lease/k");
  laid.refresh();
  expect(refreshed()).toBe(1);
});
