// What the sweep removes: nothing that it cannot prove to be ours. The directory may be the user's own.

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { shortDigest } from "../../../src/core/digest.ts";
import { encodeEntry } from "../../../src/core/entry.ts";
import { sweep, sweepBeside } from "../../../src/store/sweep.ts";
import { FOREIGN_UID, isRoot, scratch, uid } from "./scratch.ts";

const NOW_MS = 1_800_000_000_000;
const DAY_S = 86_400;
const nameOf = (key: string): string => `${shortDigest(key)}.json`;
const ENTRY = nameOf("k");
const TEXT = encodeEntry("k", { atMs: 1 });
const TEMPORARY = `${ENTRY}.tmp-12-abcdefgh`;

const swept = (dir: string): readonly string[] => {
  const before = readdirSync(dir);
  const isOurName = (name: string): boolean => /^[0-9a-f]{24}\.json$/.test(name);
  sweep(dir, { uid, nowMs: NOW_MS, isOurName, entries: { afterMs: 31 * DAY_S * 1000, nameOf } });
  const after = readdirSync(dir);
  return before.filter((name) => !after.includes(name));
};
const put = (path: string, text: string | Buffer, ageS = 40 * DAY_S): void => {
  writeFileSync(path, text, { mode: 0o600 });
  lutimesSync(path, NOW_MS / 1000 - ageS, NOW_MS / 1000 - ageS);
};

describe("goes", () => {
  it.each<[string, string, string, number]>([
    ["an entry of 40 days", ENTRY, TEXT, 40 * DAY_S],
    ["a temporary file of a writer that died", TEMPORARY, TEXT, 61],
    ["one that was cut", TEMPORARY, TEXT.slice(0, 5), 61],
    ["one that is still empty", TEMPORARY, "", 61],
  ])("%s", (_, name, text, ageS) => {
    const dir = scratch();
    put(join(dir, name), text, ageS);
    expect(swept(dir)).toEqual([name]);
  });
});

describe("stays, whatever its age", () => {
  const files: readonly (readonly [string, string, string | Buffer])[] = [
    ["somebody's work", "thesis.tex", "\\documentclass{article}"],
    ["an empty file", "notes", ""],
    ["an entry under another name", "backup.json", TEXT],
    ["an entry under the name of another key", nameOf("other"), TEXT],
    ["an entry's name with other content", ENTRY, "mine"],
    ["an entry's name with nothing in it", ENTRY, ""],
    ["an entry's name with JSON of somebody else", ENTRY, '{"key":"k","atMs":1}'],
    ["an entry of another version", ENTRY, TEXT.replace('"v":1', '"v":2')],
    ["an entry that was cut", ENTRY, TEXT.slice(0, -1)],
    ["an entry with something behind it", ENTRY, `${TEXT}\nmine`],
    ["bytes that are no text", ENTRY, Buffer.from([0xff, 0xfe, 0])],
    ["upper case", ENTRY.toUpperCase(), TEXT],
    ["one digit more", `0${ENTRY}`, TEXT],
    ["something before it", `my-${ENTRY}`, TEXT],
    ["something behind it", `${ENTRY}~`, TEXT],
    ["a line end in the name", `${ENTRY}\n`, TEXT],
    ["a temporary file's name with other content", TEMPORARY, "mine"],
    ["a temporary file of another program", "draft.tmp-12-abcdefgh", ""],
    ["a temporary file with a short end", `${ENTRY}.tmp-12-abc`, ""],
    ["a temporary file with a long end", `${ENTRY}.tmp-12-abcdefghi`, ""],
    ["a temporary file without a process", `${ENTRY}.tmp--abcdefgh`, ""],
    ["a lock's name", `${shortDigest("k")}.lock`, TEXT],
    ["a log", "failures.log", "2026-01-02T03:04:05.678Z get x"],
  ];

  it.each(files)("%s", (_, name, text) => {
    const dir = scratch();
    put(join(dir, name), text);
    expect(swept(dir)).toEqual([]);
    expect(readFileSync(join(dir, name))).toEqual(Buffer.from(text));
  });

  it.each<[string, string, string, number]>([
    ["an entry of 30 days", ENTRY, TEXT, 30 * DAY_S],
    ["an entry from the future", ENTRY, TEXT, -40 * DAY_S],
    ["a temporary file that is being written", TEMPORARY, TEXT, 59],
    ["a temporary file from the future", TEMPORARY, TEXT, -3600],
  ])("%s", (_, name, text, ageS) => {
    const dir = scratch();
    put(join(dir, name), text, ageS);
    expect(swept(dir)).toEqual([]);
  });
});

describe("stays, being no regular private file of ours", () => {
  const odd: Record<string, (path: string) => void> = {
    "a directory": (path) => mkdirSync(path, { mode: 0o700 }),
    "a FIFO": (path) => void execFileSync("mkfifo", ["-m", "600", path]),
    "a link to an entry": (path) => {
      put(`${path}.real`, TEXT);
      symlinkSync(`${path}.real`, path);
    },
    "a link to nowhere": (path) => symlinkSync("nowhere", path),
    "a file that others may read": (path) => {
      put(path, TEXT);
      chmodSync(path, 0o644);
    },
  };

  it.each(
    Object.entries(odd).flatMap(([what, make]) => [
      [`${what}, named as an entry`, ENTRY, make] as const,
      [`${what}, named as a temporary file`, TEMPORARY, make] as const,
    ]),
  )("%s", (_, name, make) => {
    const dir = scratch();
    make(join(dir, name));
    lutimesSync(join(dir, name), 1, 1);
    const { ino } = lstatSync(join(dir, name));
    expect(swept(dir)).toEqual([]);
    expect(lstatSync(join(dir, name)).ino).toBe(ino);
  });

  it.runIf(isRoot)("a file of another user (needs root)", () => {
    const dir = scratch();
    put(join(dir, ENTRY), TEXT);
    put(join(dir, TEMPORARY), TEXT);
    for (const name of [ENTRY, TEMPORARY]) chownSync(join(dir, name), FOREIGN_UID, FOREIGN_UID);
    expect(swept(dir)).toEqual([]);
  });
});

it("a second name of an entry elsewhere keeps its content", () => {
  const dir = scratch();
  mkdirSync(join(dir, "in"));
  put(join(dir, "in", ENTRY), TEXT);
  linkSync(join(dir, "in", ENTRY), join(dir, "other"));
  expect(swept(join(dir, "in"))).toEqual([ENTRY]);
  expect(readFileSync(join(dir, "other"), "utf8")).toBe(TEXT);
});

it("a directory that is not there: nothing happens", () => {
  expect(() => sweep(join(scratch(), "no"), { uid, nowMs: NOW_MS, isOurName: () => true })).not.toThrow();
});

describe("beside one file, in a directory of somebody else's", () => {
  const beside = (name: string, spoil: (path: string) => void = () => undefined, ageS = 61): boolean => {
    const dir = scratch();
    put(join(dir, name), "half of a file", ageS);
    spoil(join(dir, name));
    sweepBeside(join(dir, "config.json"), ".", { uid, mode: 0o644, nowMs: NOW_MS });
    return !readdirSync(dir).includes(name);
  };
  const OURS = ".config.json.tmp-12-abcdefgh";

  it("a temporary file of a writer that died goes, before and after it has got the file's mode", () => {
    expect(beside(OURS)).toBe(true);
    expect(beside(OURS, (path) => chmodSync(path, 0o644))).toBe(true);
    expect(beside(OURS, (path) => chmodSync(path, 0o604))).toBe(true);
  });

  it.each([
    "config.json",
    ".config.json",
    "config.json.tmp-12-abcdefgh",
    "..config.json.tmp-12-abcdefgh",
    ".auth.json.tmp-12-abcdefgh",
    ".config.json.tmp-12-abcdefg",
    ".config.json.tmp-12-abcdefghi",
    ".config.json.tmp-12-ABCDEFGH",
    ".config.json.tmp-012-abcdefgh",
    ".config.json.tmp-0-abcdefgh",
    ".config.json.tmp--abcdefgh",
    ".config.json.tmp-12-abcdefgh\n",
    ".config.json.tmp-12-abcdefgh~",
  ])("stays: %j", (name) => {
    expect(beside(name)).toBe(false);
  });

  it.each<readonly [string, (path: string) => void]>([
    ["with another mode", (path) => chmodSync(path, 0o640)],
    ["with a second name", (path) => linkSync(path, `${path}2`)],
    ...(isRoot
      ? [["of another user", (path: string) => chownSync(path, FOREIGN_UID, FOREIGN_UID)] as const]
      : []),
  ])("stays %s", (_, spoil) => {
    expect(beside(OURS, spoil)).toBe(false);
  });

  it("a younger one stays, and one from the future", () => {
    expect(beside(OURS, undefined, 59)).toBe(false);
    expect(beside(OURS, undefined, -3600)).toBe(false);
  });

  it("a link and a directory stay", () => {
    const dir = scratch();
    symlinkSync("config.json", join(dir, OURS));
    mkdirSync(join(dir, ".config.json.tmp-13-abcdefgh"), { mode: 0o600 });
    lutimesSync(join(dir, OURS), 1, 1);
    sweepBeside(join(dir, "config.json"), ".", { uid, mode: 0o777, nowMs: NOW_MS });
    expect(readdirSync(dir)).toHaveLength(2);
  });
});
