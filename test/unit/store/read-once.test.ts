// An entry is read once in a run, until a write or `refresh` says that it may be another.

import { expect, it } from "vitest";
import { noCache, type Stamped } from "../../../src/store/cache.ts";
import { readOnce } from "../../../src/store/read-once.ts";

function counted() {
  const reads: string[] = [];
  const entries = new Map<string, Stamped>();
  const cache = readOnce({
    ...noCache,
    read(key, parse) {
      reads.push(key);
      const entry = entries.get(key);
      return entry === undefined ? undefined : parse(entry);
    },
    write: (key, entry) => void entries.set(key, entry),
    remove: (key) => void entries.delete(key),
  });
  const at = (key: string): number | undefined => cache.read(key, (value) => value as Stamped)?.atMs;
  return { cache, entries, reads, at };
}

it("what is there and what is not are read once each", () => {
  const { entries, reads, at } = counted();
  entries.set("a", { atMs: 1 });
  expect([at("a"), at("b"), at("a"), at("b")]).toEqual([1, undefined, 1, undefined]);
  expect(reads).toEqual(["a", "b"]);
});

it("after a write, a removal or a refresh it is read again", () => {
  const { cache, entries, reads, at } = counted();
  at("a");
  cache.write("a", { atMs: 2 });
  expect(at("a")).toBe(2);
  cache.remove("a");
  expect(at("a")).toBeUndefined();
  // Another process.
  entries.set("a", { atMs: 3 });
  expect(at("a")).toBeUndefined();
  cache.refresh();
  expect(at("a")).toBe(3);
  expect(reads).toEqual(["a", "a", "a", "a"]);
});
