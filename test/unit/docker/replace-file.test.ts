// Reading a Docker or auth file and putting another text in its place: what is kept, what is refused, what a race does.

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readConfigFile, replaceConfigFile, writeBeside } from "../../../src/docker/replace-file.ts";
import { FOREIGN_UID, isRoot, modeOf, scratch, uid } from "../store/scratch.ts";

const put = (path: string, text = "{}", mode = 0o600): string => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
};
const contents = (path: string): string => readFileSync(path, "utf8");

describe("another text in its place", () => {
  it.each([0o600, 0o644, 0o640, 0o664])("keeps the mode %o and leaves nothing beside it", (mode) => {
    const path = put(join(scratch(), "config.json"), "old", mode);
    expect(replaceConfigFile(readConfigFile(path), "new é🔑", uid)).toBe(true);
    expect(contents(path)).toBe("new é🔑");
    expect(modeOf(path)).toBe(mode.toString(8));
    expect(readdirSync(dirname(path))).toEqual(["config.json"]);
  });

  it("a file and directories that were not there are made for their owner alone", () => {
    const path = join(scratch(), "a", "b", "config.json");
    const file = readConfigFile(path);
    expect(file).toMatchObject({ text: "", stat: undefined });
    expect(replaceConfigFile(file, "new", uid)).toBe(true);
    expect([modeOf(path), modeOf(dirname(path)), modeOf(dirname(dirname(path)))]).toEqual([
      "600",
      "700",
      "700",
    ]);
  });

  it("links are followed to their end and stay", () => {
    const root = scratch();
    const real = put(join(root, "dotfiles", "docker.json"), "old", 0o644);
    mkdirSync(join(root, "home"));
    symlinkSync("../home/other.json", join(root, "dotfiles", "link.json"));
    symlinkSync("../dotfiles/docker.json", join(root, "home", "other.json"));
    const path = join(root, "home", "config.json");
    symlinkSync("../dotfiles/link.json", path);
    const file = readConfigFile(path);
    expect(file.target).toBe(real);
    expect(replaceConfigFile(file, "new", uid)).toBe(true);
    expect([contents(real), modeOf(real)]).toEqual(["new", "644"]);
    expect(readlinkSync(path)).toBe("../dotfiles/link.json");
    expect(lstatSync(join(root, "home", "other.json")).isSymbolicLink()).toBe(true);
  });

  it("a directory above it may be a link, made already or not: the file has one name", () => {
    const root = scratch();
    mkdirSync(join(root, "real"));
    symlinkSync("real", join(root, "docker"));
    for (const name of ["config.json", "later/config.json"]) {
      expect(readConfigFile(join(root, "docker", name)).target).toBe(join(root, "real", name));
    }
  });

  it("a link to nothing gets its target", () => {
    const root = scratch();
    symlinkSync("real/config.json", join(root, "config.json"));
    expect(replaceConfigFile(readConfigFile(join(root, "config.json")), "new", uid)).toBe(true);
    expect(contents(join(root, "real", "config.json"))).toBe("new");
    expect(lstatSync(join(root, "config.json")).isSymbolicLink()).toBe(true);
  });

  it.runIf(isRoot)(
    "what belongs to another user goes on belonging to them, and so does what is new in their home",
    () => {
      const home = join(scratch(), "home");
      mkdirSync(home);
      chownSync(home, FOREIGN_UID, FOREIGN_UID);
      const path = put(join(home, "config.json"), "old", 0o640);
      chownSync(path, FOREIGN_UID, 0);
      replaceConfigFile(readConfigFile(path), "new", 0);
      expect(statSync(path)).toMatchObject({ uid: FOREIGN_UID, gid: 0 });
      expect(modeOf(path)).toBe("640");
      const fresh = join(home, ".docker", "deep", "config.json");
      replaceConfigFile(readConfigFile(fresh), "new", 0);
      for (const each of [fresh, dirname(fresh), join(home, ".docker")]) {
        expect(statSync(each), each).toMatchObject({ uid: FOREIGN_UID, gid: FOREIGN_UID });
      }
      writeBeside(readConfigFile(path), `${path}.before-ona`, "old", 0);
      expect(statSync(`${path}.before-ona`)).toMatchObject({ uid: FOREIGN_UID });
      expect(modeOf(`${path}.before-ona`)).toBe("600");
    },
  );
});

describe("when somebody else writes in between, nothing is written", () => {
  it.each<[string, (path: string) => void]>([
    ["other bytes", (path) => writeFileSync(path, "other")],
    ["bytes of the same length", (path) => writeFileSync(path, "OLD")],
    [
      "by a rename, as Docker does it",
      (path) => {
        writeFileSync(`${path}.docker`, "docker");
        renameSync(`${path}.docker`, path);
      },
    ],
    ["the file is gone", (path) => rmSync(path)],
    [
      "a link has come into its place",
      (path) => {
        rmSync(path);
        symlinkSync(put(`${path}.real`, "old"), path);
      },
    ],
  ])("%s", (_, meanwhile) => {
    const path = put(join(scratch(), "config.json"), "old");
    const file = readConfigFile(path);
    meanwhile(path);
    const before = existsSync(path) ? contents(path) : undefined;
    expect(replaceConfigFile(file, "new", uid)).toBe(false);
    expect(existsSync(path) ? contents(path) : undefined).toBe(before);
    expect(readdirSync(dirname(path)).filter((name) => name.includes(".tmp-"))).toEqual([]);
  });

  it("a file has come where none was", () => {
    const path = join(scratch(), "config.json");
    const file = readConfigFile(path);
    put(path, "");
    expect(replaceConfigFile(file, "new", uid)).toBe(false);
    expect(contents(path)).toBe("");
  });

  it("the same bytes, written anew, are no reason to stop", () => {
    const path = put(join(scratch(), "config.json"), "old");
    const file = readConfigFile(path);
    writeFileSync(`${path}.docker`, "old");
    renameSync(`${path}.docker`, path);
    expect(replaceConfigFile(file, "new", uid)).toBe(true);
  });
});

describe("what cannot be read is refused, and nothing is touched", () => {
  it.each<[string, RegExp, (path: string) => void]>([
    ["a directory", /is a directory/, (path) => mkdirSync(join(path, "x"), { recursive: true })],
    ["a pipe", /is not a regular file/, (path) => void execFileSync("mkfifo", [path])],
    ["a link to itself", /circle/, (path) => symlinkSync("config.json", path)],
    ["a link to a directory", /is a directory/, (path) => symlinkSync(".", path)],
    ["bytes that are no UTF-8", /UTF-8/, (path) => writeFileSync(path, Buffer.from([0x7b, 0xff, 0x7d]))],
    [
      "a thousand gigabytes",
      /16 MiB/,
      (path) => {
        put(path);
        truncateSync(path, 1e12);
      },
    ],
  ])("%s", (_, message, make) => {
    const path = join(scratch(), "config.json");
    make(path);
    expect(() => readConfigFile(path)).toThrow(expect.objectContaining({ code: "docker-file-broken" }));
    expect(() => readConfigFile(path)).toThrow(message);
    expect(readdirSync(dirname(path))).toEqual(["config.json"]);
  });

  it("a directory above it that is a file", () => {
    const root = scratch();
    put(join(root, "docker"));
    expect(() => readConfigFile(join(root, "docker", "config.json"))).toThrow(/cannot be read \(ENOTDIR\)/);
  });

  it.runIf(isRoot)("for root: a link of one user to a file of another", () => {
    const root = scratch();
    const path = join(root, "config.json");
    symlinkSync(put(join(root, "other.json")), path);
    execFileSync("chown", ["-h", String(FOREIGN_UID), path]);
    expect(() => readConfigFile(path)).toThrow(/link of one user/);
    chownSync(join(root, "other.json"), FOREIGN_UID, FOREIGN_UID);
    expect(readConfigFile(path).text).toBe("{}");
  });
});

describe("what cannot be written is refused, and the old file stays", () => {
  it.each([0o400, 0o444, 0o440, 0o044])("a file of mode %o", (mode) => {
    const path = put(join(scratch(), "config.json"), "old", mode);
    if (!isRoot && (mode & 0o400) === 0) return;
    const file = readConfigFile(path);
    const { ino } = statSync(path);
    expect(() => replaceConfigFile(file, "new", uid)).toThrow(/read-only/);
    expect([contents(path), statSync(path).ino]).toEqual(["old", ino]);
  });

  it("a file of another user, for whoever is not root", () => {
    const path = put(join(scratch(), "config.json"), "old");
    expect(() => replaceConfigFile(readConfigFile(path), "new", uid + 1)).toThrow(/belongs to another user/);
    expect(contents(path)).toBe("old");
  });

  it("a directory that cannot be made", () => {
    const root = scratch();
    const path = join(root, "docker", "config.json");
    const file = readConfigFile(path);
    put(join(root, "docker"));
    expect(() => replaceConfigFile(file, "new", uid)).toThrow(/cannot be written/);
  });

  it.runIf(isRoot && existsSync("/dev/full"))("a mount in its place", () => {
    const path = put(join(scratch(), "config.json"), "old");
    try {
      execFileSync("mount", ["--bind", path, path], { stdio: "ignore" });
    } catch {
      return;
    }
    try {
      expect(() => replaceConfigFile(readConfigFile(path), "new", uid)).toThrow(
        /cannot be written \(EBUSY\)/,
      );
      expect(contents(path)).toBe("old");
      expect(readdirSync(dirname(path))).toEqual(["config.json"]);
    } finally {
      execFileSync("umount", [path]);
    }
  });
});

describe("a copy beside it", () => {
  it("is private and made once; what stands in its place stays", () => {
    const path = put(join(scratch(), "config.json"), "old", 0o644);
    const beside = `${path}.before-ona`;
    writeBeside(readConfigFile(path), beside, "first", uid);
    writeBeside(readConfigFile(path), beside, "second", uid);
    expect([contents(beside), modeOf(beside)]).toEqual(["first", "600"]);
    rmSync(beside);
    symlinkSync(join(dirname(path), "elsewhere"), beside);
    writeBeside(readConfigFile(path), beside, "third", uid);
    expect(existsSync(join(dirname(path), "elsewhere"))).toBe(false);
  });
});
