// Which directories are used: those that are ours alone. Whatever else stands in the way is left as it is.

import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { ensurePrivateDir, isPrivateDir } from "../../../src/store/private-dir.ts";
import { FOREIGN_UID, isRoot, modeOf, scratch, uid } from "./scratch.ts";

/** What stands at `path` before; each is no private directory. */
const obstacles: Record<string, (path: string) => void> = {
  "a file": (path) => writeFileSync(path, "", { mode: 0o600 }),
  "a link to a private directory": (path) => {
    mkdirSync(`${path}.real`, { mode: 0o700 });
    symlinkSync(`${path}.real`, path);
  },
  "a relative link": (path) => {
    mkdirSync(`${path}.real`, { mode: 0o700 });
    symlinkSync("x.real", path);
  },
  "a link to nowhere": (path) => symlinkSync(`${path}.nowhere`, path),
  "a link to itself": (path) => symlinkSync(path, path),
  ...Object.fromEntries(
    [0o710, 0o750, 0o770, 0o701, 0o707, 0o777, 0o1777, 0o720, 0o704].map((mode) => [
      `a directory with mode ${mode.toString(8)}`,
      (path: string) => {
        mkdirSync(path);
        chmodSync(path, mode);
      },
    ]),
  ),
};

describe("not used, and left as it is", () => {
  it.each(Object.entries(obstacles))("%s", (_, put) => {
    const path = join(scratch(), "x");
    put(path);
    const before = lstatSync(path);
    expect(isPrivateDir(path, uid)).toBe(false);
    expect(ensurePrivateDir(path, uid, true)).toBe(false);
    const after = lstatSync(path);
    expect([after.mode, after.uid, after.ino]).toEqual([before.mode, before.uid, before.ino]);
    expect(readdirSync(dirname(path)).every((name) => ["x", "x.real"].includes(name))).toBe(true);
  });

  it("a directory of another user", () => {
    const path = join(scratch(), "x");
    mkdirSync(path, { mode: 0o700 });
    expect(ensurePrivateDir(path, uid + 1, true)).toBe(false);
    if (!isRoot) return;
    chownSync(path, FOREIGN_UID, FOREIGN_UID);
    expect(ensurePrivateDir(path, uid, true)).toBe(false);
    expect(lstatSync(path).uid).toBe(FOREIGN_UID);
  });

  it.each(["", "x", "../../store/x", "../../x", "~/x"])("the relative path %j", (path) => {
    expect(ensurePrivateDir(path, uid, true)).toBe(false);
    expect(isPrivateDir(join(process.cwd(), path, "x"), uid)).toBe(false);
  });

  it("a path with a NUL, and one that is too long", () => {
    expect(ensurePrivateDir("/tmp/a\0b", uid, true)).toBe(false);
    expect(ensurePrivateDir(`/tmp/${"x".repeat(300)}`, uid, true)).toBe(false);
  });
});

describe("used", () => {
  it("one that is there and private; its mode stays", () => {
    const path = join(scratch(), "x");
    mkdirSync(path, { mode: 0o500 });
    expect(ensurePrivateDir(path, uid, false)).toBe(true);
    expect(modeOf(path)).toBe("500");
  });

  it("one that is made, with every missing parent private too", () => {
    const root = scratch();
    const path = join(root, "a", "b", "c");
    expect(ensurePrivateDir(path, uid, false)).toBe(false);
    expect(readdirSync(root)).toEqual([]);
    expect(ensurePrivateDir(path, uid, true)).toBe(true);
    for (const made of ["a", "a/b", "a/b/c"]) expect(modeOf(join(root, made))).toBe("700");
    expect(ensurePrivateDir(path, uid, true)).toBe(true);
  });

  it("one below a parent that everybody may read: the parent stays as it is", () => {
    const root = scratch();
    chmodSync(root, 0o755);
    expect(ensurePrivateDir(join(root, "x"), uid, false)).toBe(true);
    expect([modeOf(root), modeOf(join(root, "x"))]).toEqual(["755", "700"]);
  });
});
