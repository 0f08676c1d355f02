// Files that readers see whole or not at all: what counts as absent, what a write leaves behind.

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readPrivateFile, removePrivateFile, writePrivateFile } from "../../../src/store/atomic-file.ts";
import { FOREIGN_UID, isRoot, modeOf, scratch, uid } from "./scratch.ts";

const put = (path: string, mode = 0o600, text = "text"): void => {
  writeFileSync(path, text);
  chmodSync(path, mode);
};

describe("a file that counts as absent", () => {
  const cases: Record<string, (path: string) => void> = {
    nothing: () => undefined,
    "a directory": (path) => mkdirSync(path, { mode: 0o700 }),
    "a FIFO": (path) => void execFileSync("mkfifo", ["-m", "600", path]),
    "a link to a private file": (path) => {
      put(`${path}.real`);
      symlinkSync(`${path}.real`, path);
    },
    "a link to nowhere": (path) => symlinkSync(`${path}.nowhere`, path),
    "a link to itself": (path) => symlinkSync(path, path),
    "mode 0644": (path) => put(path, 0o644),
    "mode 0640": (path) => put(path, 0o640),
    "mode 0604": (path) => put(path, 0o604),
    "mode 0620": (path) => put(path, 0o620),
    "mode 0601": (path) => put(path, 0o601),
    "more than it may hold": (path) => {
      put(path);
      truncateSync(path, 9 * 1024 * 1024);
    },
    "a thousand gigabytes of nothing": (path) => {
      put(path);
      truncateSync(path, 1e12);
    },
  };

  it.each(Object.entries(cases))("%s", (_, make) => {
    const path = join(scratch(), "x");
    make(path);
    const before = existsSync(path) ? lstatSync(path).ino : 0;
    expect(readPrivateFile(path, uid)).toBeUndefined();
    expect(existsSync(path) ? lstatSync(path).ino : 0).toBe(before);
  });

  it.runIf(existsSync("/dev/zero"))("a device", () => {
    expect(readPrivateFile("/dev/zero", uid)).toBeUndefined();
  });

  it("another user's", () => {
    const path = join(scratch(), "x");
    put(path);
    expect(readPrivateFile(path, uid)).toBe("text");
    expect(readPrivateFile(path, uid + 1)).toBeUndefined();
    if (!isRoot) return;
    chownSync(path, FOREIGN_UID, FOREIGN_UID);
    expect(readPrivateFile(path, uid)).toBeUndefined();
  });

  it("below a path that is no directory, or too long, or odd", () => {
    const root = scratch();
    put(join(root, "file"));
    for (const name of ["file/x", "x".repeat(300), "a\0b"]) {
      expect(readPrivateFile(join(root, name), uid)).toBeUndefined();
    }
  });
});

describe("writing", () => {
  it("any text comes back whole, with mode 0600 and nothing beside it", () => {
    const root = scratch();
    for (const text of ["", "x", "é\0\u2028🔑\n", "x".repeat(1_500_000)]) {
      writePrivateFile(join(root, "x"), text);
      expect(readPrivateFile(join(root, "x"), uid)).toBe(text);
      expect(modeOf(join(root, "x"))).toBe("600");
      expect(readdirSync(root)).toEqual(["x"]);
    }
  });

  it("a link is replaced, its target is not touched", () => {
    const root = scratch();
    put(join(root, "target"), 0o600, "old");
    symlinkSync(join(root, "target"), join(root, "x"));
    writePrivateFile(join(root, "x"), "new");
    expect(lstatSync(join(root, "x")).isFile()).toBe(true);
    expect(readFileSync(join(root, "target"), "utf8")).toBe("old");
  });

  it("a hard link elsewhere keeps the old text", () => {
    const root = scratch();
    put(join(root, "x"), 0o644, "old");
    linkSync(join(root, "x"), join(root, "other"));
    writePrivateFile(join(root, "x"), "new");
    expect(readFileSync(join(root, "other"), "utf8")).toBe("old");
    expect([modeOf(join(root, "x")), modeOf(join(root, "other"))]).toEqual(["600", "644"]);
  });

  it("one that may not replace leaves the old file and no temporary one", () => {
    const root = scratch();
    writePrivateFile(join(root, "x"), "old");
    let asked = 0;
    writePrivateFile(join(root, "x"), "new", () => {
      asked += 1;
      expect(readFileSync(join(root, "x"), "utf8")).toBe("old");
      return false;
    });
    expect(asked).toBe(1);
    expect(readPrivateFile(join(root, "x"), uid)).toBe("old");
    expect(readdirSync(root)).toEqual(["x"]);
  });

  it.each<[string, (path: string) => void]>([
    ["a directory in its place", (path) => mkdirSync(join(path, "y"), { recursive: true })],
    ["a question that throws", () => undefined],
  ])("%s: it throws and leaves no temporary file", (_, make) => {
    const root = scratch();
    make(join(root, "x"));
    const before = readdirSync(root);
    expect(() =>
      writePrivateFile(join(root, "x"), "new", () => {
        if (before.length === 0) throw new Error("no");
        return true;
      }),
    ).toThrow();
    expect(readdirSync(root)).toEqual(before);
  });

  it("a missing directory: it throws", () => {
    expect(() => writePrivateFile(join(scratch(), "no", "x"), "new")).toThrow(/ENOENT/);
  });
});

describe("removing", () => {
  it("what is there, what is not there, and below what is no directory", () => {
    const root = scratch();
    put(join(root, "x"));
    removePrivateFile(join(root, "x"));
    expect(readdirSync(root)).toEqual([]);
    removePrivateFile(join(root, "x"));
    put(join(root, "x"));
    removePrivateFile(join(root, "x", "y"));
    mkdirSync(join(root, "dir"));
    expect(() => removePrivateFile(join(root, "dir"))).toThrow();
  });

  it("a link: the link alone", () => {
    const root = scratch();
    put(join(root, "target"));
    symlinkSync(join(root, "target"), join(root, "x"));
    removePrivateFile(join(root, "x"));
    expect(readdirSync(root)).toEqual(["target"]);
  });
});
