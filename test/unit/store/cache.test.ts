// The cache: absent or right. Entries of other keys, from the future, damaged or foreign are absent; a newer entry
// wins; no broken directory ever throws.

import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isRecord, isText } from "../../../src/core/entry.ts";
import { type Cache, type CacheDirectory, createCache, noCache } from "../../../src/store/cache.ts";
import { memoryCache } from "../../../src/store/memory-cache.ts";
import { ManualClock } from "../edge/manual-clock.ts";
import { modeOf, scratch, uid } from "./scratch.ts";

interface Word {
  readonly atMs: number;
  readonly word: string;
}

const parseWord = (value: unknown): Word | undefined =>
  isRecord(value) && isText(value.word) && typeof value.atMs === "number"
    ? { atMs: value.atMs, word: value.word }
    : undefined;
const wordOf = (cache: Cache, key: string): string | undefined => cache.read(key, parseWord)?.word;

function cacheIn(...dirs: string[]): { cache: Cache; clock: ManualClock } {
  const clock = new ManualClock();
  const directories: CacheDirectory[] = dirs.map((dir) => ({ dir, parents: true }));
  return { cache: createCache(directories, uid, clock), clock };
}

const entryFiles = (dir: string): string[] => readdirSync(dir).filter((name) => name.endsWith(".json"));

it("what was written is read, by another process's cache too", () => {
  const dir = join(scratch(), "a", "b");
  const { cache, clock } = cacheIn(dir);
  expect(wordOf(cache, "k")).toBeUndefined();
  cache.write("k", { atMs: clock.nowMs(), word: "é🔑" });
  expect(wordOf(cache, "k")).toBe("é🔑");
  expect(wordOf(cacheIn(dir).cache, "k")).toBe("é🔑");
  expect(modeOf(dir)).toBe("700");
  for (const name of readdirSync(dir)) expect(modeOf(join(dir, name))).toBe("600");
  cache.remove("k");
  expect(wordOf(cache, "k")).toBeUndefined();
  cache.remove("k");
});

it("file names say nothing, and any key has one", () => {
  const dir = scratch();
  const { cache, clock } = cacheIn(dir);
  for (const key of ["c4nary", "../../c4nary", "", "a\0b", "x".repeat(5000), "a/b"]) {
    cache.write(key, { atMs: clock.nowMs(), word: key });
    expect(wordOf(cache, key)).toBe(key);
  }
  expect(entryFiles(dir)).toHaveLength(6);
  for (const name of entryFiles(dir)) expect(name).toMatch(/^[0-9a-f]{24}\.json$/);
});

describe("absent", () => {
  const cases: Record<string, (path: string, text: string, clock: ManualClock) => void> = {
    "a clock behind the entry": (_, __, clock) => clock.jump(-1),
    "a clock an hour back": (_, __, clock) => clock.jump(-3_600_000),
    "a clock in 1970": (_, __, clock) => clock.jump(-clock.nowMs()),
    "an empty file": (path) => writeFileSync(path, ""),
    "a cut file": (path, text) => writeFileSync(path, text.slice(0, -1)),
    "a file without its fields": (path, text) => writeFileSync(path, text.replace("word", "drow")),
    "bytes that are no text": (path) => writeFileSync(path, Buffer.from([0xff, 0xfe, 0, 1])),
    "mode 0644": (path) => chmodSync(path, 0o644),
    "a link to the entry": (path) => {
      copyFileSync(path, `${path}.real`);
      rmSync(path);
      symlinkSync(`${path}.real`, path);
    },
    "a directory": (path) => {
      rmSync(path);
      mkdirSync(path, { mode: 0o700 });
    },
  };

  it.each(Object.entries(cases))(
    "%s: and written over by the next answer, never deleted before",
    (name, damage) => {
      const dir = scratch();
      const { cache, clock } = cacheIn(dir);
      cache.write("k", { atMs: clock.nowMs(), word: "old" });
      const path = join(dir, entryFiles(dir)[0] ?? "");
      damage(path, readFileSync(path, "utf8"), clock);
      expect(wordOf(cache, "k")).toBeUndefined();
      expect(entryFiles(dir)).toHaveLength(1);
      expect(() => cache.write("k", { atMs: clock.nowMs(), word: "new" })).not.toThrow();
      expect(wordOf(cache, "k")).toBe(name === "a directory" ? undefined : "new");
    },
  );

  it("two files that were swapped: each names its own key", () => {
    const dir = scratch();
    const { cache, clock } = cacheIn(dir);
    cache.write("a", { atMs: clock.nowMs(), word: "A" });
    const fileA = join(dir, entryFiles(dir)[0] ?? "");
    cache.write("b", { atMs: clock.nowMs(), word: "B" });
    const fileB = join(dir, entryFiles(dir).find((name) => !fileA.endsWith(name)) ?? "");
    const [a, b] = [readFileSync(fileA), readFileSync(fileB)];
    writeFileSync(fileA, b, { mode: 0o600 });
    writeFileSync(fileB, a, { mode: 0o600 });
    expect([wordOf(cache, "a"), wordOf(cache, "b")]).toEqual([undefined, undefined]);
  });
});

describe("just before the rename", () => {
  it("a newer entry wins", () => {
    const { cache, clock } = cacheIn(scratch());
    clock.advance(1000);
    cache.write("k", { atMs: clock.nowMs(), word: "newer" });
    cache.write("k", { atMs: clock.nowMs() - 1, word: "older" });
    expect(wordOf(cache, "k")).toBe("newer");
    cache.write("k", { atMs: clock.nowMs() + 0, word: "as new" });
    expect(wordOf(cache, "k")).toBe("as new");
  });

  it.each([
    ["erased", "credential", "erased"],
    ["credential", "erased", "erased"],
    ["erased", "none", "erased"],
    ["erased", "erased", "erased"],
    ["none", "credential", "credential"],
  ])("of the same millisecond: %s, then %s: %s", (first, second, stays) => {
    const { cache, clock } = cacheIn(scratch());
    const over = memoryCache(() => clock.nowMs())(noCache);
    for (const one of [cache, over]) {
      for (const kind of [first, second])
        one.write("k", Object.assign({ atMs: clock.nowMs() }, { kind, word: kind }));
      expect(wordOf(one, "k")).toBe(stays);
    }
  });

  it("one from the future does not", () => {
    const { cache, clock } = cacheIn(scratch());
    cache.write("k", { atMs: clock.nowMs(), word: "old" });
    clock.jump(-86_400_000);
    cache.write("k", { atMs: clock.nowMs(), word: "new" });
    expect(wordOf(cache, "k")).toBe("new");
  });

  it("one that cannot be read does not", () => {
    const dir = scratch();
    const { cache, clock } = cacheIn(dir);
    cache.write("k", { atMs: clock.nowMs(), word: "old" });
    chmodSync(join(dir, entryFiles(dir)[0] ?? ""), 0o604);
    cache.write("k", { atMs: clock.nowMs() - 1000, word: "new" });
    expect(wordOf(cache, "k")).toBe("new");
  });
});

it("a directory that is exchanged afterwards gets nothing: neither files nor locks, and loses nothing", () => {
  const root = scratch();
  const dir = join(root, "cache");
  const { cache, clock } = cacheIn(dir);
  cache.write("k", { atMs: clock.nowMs(), word: "w" });
  const [name = ""] = entryFiles(dir);
  const lock = cache.leasePath("k") ?? "";
  mkdirSync(join(root, "elsewhere"));
  writeFileSync(join(root, "elsewhere", name), "not ours", { mode: 0o600 });
  renameSync(dir, join(root, "moved"));
  symlinkSync(join(root, "elsewhere"), dir);
  mkdirSync(lock);
  cache.write("k", { atMs: clock.nowMs(), word: "new" });
  cache.write("other", { atMs: clock.nowMs(), word: "new" });
  cache.remove("k");
  expect(readdirSync(join(root, "elsewhere"))).toEqual([name]);
  expect(readFileSync(join(root, "elsewhere", name), "utf8")).toBe("not ours");
  expect(existsSync(join(root, "moved", name.replace(".json", ".lock")))).toBe(existsSync("/proc/self/fd"));
});

describe("directories", () => {
  it("a default one that is not private gives way to the next", () => {
    const root = scratch();
    mkdirSync(join(root, "open"));
    chmodSync(join(root, "open"), 0o755);
    symlinkSync(root, join(root, "link"));
    const { cache, clock } = cacheIn(
      join(root, "open"),
      join(root, "link"),
      join(root, "good"),
      join(root, "never"),
    );
    cache.write("k", { atMs: clock.nowMs(), word: "w" });
    expect(readdirSync(root).toSorted()).toEqual(["good", "link", "open"]);
    expect(readdirSync(join(root, "open"))).toEqual([]);
    expect(wordOf(cache, "k")).toBe("w");
  });

  it("none that is usable, or none at all: no cache, no lease, no exception", () => {
    const root = scratch();
    writeFileSync(join(root, "file"), "", { mode: 0o600 });
    for (const cache of [
      cacheIn(join(root, "file", "x")).cache,
      cacheIn().cache,
      cacheIn("relative").cache,
      noCache,
    ]) {
      cache.write("k", { atMs: 1, word: "w" });
      cache.remove("k");
      expect(wordOf(cache, "k")).toBeUndefined();
      expect(cache.leasePath("k")).toBeUndefined();
    }
  });

  it("a directory that disappears in between, or is taken away: absent, and no exception", () => {
    const dir = join(scratch(), "x");
    const { cache, clock } = cacheIn(dir);
    cache.write("k", { atMs: clock.nowMs(), word: "w" });
    rmSync(dir, { recursive: true });
    expect(wordOf(cache, "k")).toBeUndefined();
    cache.write("k", { atMs: clock.nowMs(), word: "w" });
    cache.remove("k");
  });
});

describe("the sweep", () => {
  const HOUR_MS = 3_600_000;
  const TEMPORARY = `${"a".repeat(24)}.json.tmp-1-abcdefgh`;
  const age = (path: string, clock: ManualClock, ageMs: number): void => {
    const atS = (clock.nowMs() - ageMs) / 1000;
    utimesSync(path, atS, atS);
  };
  const plant = (dir: string, name: string, clock: ManualClock, ageMs: number, text = ""): void => {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
    age(join(dir, name), clock, ageMs);
  };
  /** Writes the entry of `key` and makes it look as old as that. */
  const write = (cache: Cache, dir: string, key: string, clock: ManualClock, ageMs: number): string => {
    const before = entryFiles(dir);
    cache.write(key, { atMs: clock.nowMs(), word: "w" });
    const name = entryFiles(dir).find((file) => !before.includes(file)) ?? "";
    age(join(dir, name), clock, ageMs);
    return name;
  };

  it("comes with a write, at most once an hour, and takes orphans and what nobody can use any more", () => {
    const dir = scratch();
    const { cache, clock } = cacheIn(dir);
    /** As another run does it: a run looks at the mark once. */
    const writeAnew = (): void =>
      createCache([{ dir, parents: true }], uid, clock).write("k", { atMs: clock.nowMs(), word: "w" });
    const old = write(cache, dir, "old", clock, 32 * 24 * HOUR_MS);
    const young = write(cache, dir, "young", clock, 30 * 24 * HOUR_MS);
    age(join(dir, "swept"), clock, 2 * HOUR_MS);
    plant(dir, TEMPORARY, clock, 61_000);
    writeAnew();
    expect(readdirSync(dir)).not.toContain(TEMPORARY);
    expect(entryFiles(dir)).not.toContain(old);
    expect(entryFiles(dir)).toContain(young);

    plant(dir, TEMPORARY, clock, 61_000);
    writeAnew();
    expect(readdirSync(dir)).toContain(TEMPORARY);
    clock.advance(HOUR_MS + 1);
    writeAnew();
    expect(readdirSync(dir)).not.toContain(TEMPORARY);
  });

  it.each<[string, (path: string) => void]>([
    ["a file of the mark's name with something in it", (path) => writeFileSync(path, "mine")],
    ["a directory of that name", (path) => mkdirSync(path)],
    ["a link of that name", (path) => symlinkSync("elsewhere", path)],
  ])("%s is left alone, and nothing is swept", (_, make) => {
    const dir = scratch();
    const { cache, clock } = cacheIn(dir);
    writeFileSync(join(dir, "elsewhere"), "");
    age(join(dir, "elsewhere"), clock, 40 * 24 * HOUR_MS);
    make(join(dir, "swept"));
    plant(dir, TEMPORARY, clock, 61_000);
    const before = [lstatSync(join(dir, "swept")), lstatSync(join(dir, "elsewhere"))].map((s) => s.mtimeMs);
    cache.write("k", { atMs: clock.nowMs(), word: "w" });
    expect([lstatSync(join(dir, "swept")), lstatSync(join(dir, "elsewhere"))].map((s) => s.mtimeMs)).toEqual(
      before,
    );
    expect(readdirSync(dir)).toContain(TEMPORARY);
    expect(wordOf(cache, "k")).toBe("w");
  });

  it("is not put off for ever by a mark from the future", () => {
    const dir = scratch();
    const { cache, clock } = cacheIn(dir);
    plant(dir, "swept", clock, -30 * 24 * HOUR_MS);
    plant(dir, TEMPORARY, clock, 61_000);
    cache.write("k", { atMs: clock.nowMs(), word: "w" });
    expect(readdirSync(dir)).not.toContain(TEMPORARY);
  });
});
