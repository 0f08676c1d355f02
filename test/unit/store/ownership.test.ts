// The record of what is ours in Docker's files: kept, found by its file alone, absent where it cannot be trusted.

import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isDelegatedToUs } from "../../../src/docker/cred-helpers.ts";
import { findDirectories } from "../../../src/store/directories.ts";
import { type OwnedFile, ownedKeys, ownership } from "../../../src/store/ownership.ts";
import { refOf } from "../sources/platform/platform-world.ts";
import { FOREIGN_UID, isRoot, modeOf, scratch, uid } from "./scratch.ts";

const TARGET = "/home/me/.docker/config.json";
const OWNED: OwnedFile = {
  path: "/home/me/docker/config.json",
  target: TARGET,
  backup: true,
  madeHelpers: true,
  keys: { "ghcr.io": "ona", "https://index.docker.io/v1/": "ona" },
};

function withRecord(): { dir: string; file: string } {
  const dir = join(scratch(), "state");
  ownership(dir, uid).save(TARGET, OWNED, 1);
  const [name = ""] = readdirSync(join(dir, "configured"));
  return { dir, file: join(dir, "configured", name) };
}

it("is found again by where the file lies, and by nothing else", () => {
  const { dir, file } = withRecord();
  const record = ownership(dir, uid);
  expect(record.find(TARGET)).toEqual(OWNED);
  expect(record.find(`${TARGET}x`)).toBeUndefined();
  expect(record.all()).toEqual([OWNED]);
  expect([modeOf(file), modeOf(join(dir, "configured")), modeOf(dir)]).toEqual(["600", "700", "700"]);
});

it("files have a record each; a later one replaces, a removed one is gone", () => {
  const { dir } = withRecord();
  const record = ownership(dir, uid);
  const other = { ...OWNED, target: "/run/containers/0/auth.json", keys: { "a.test": "ona" } };
  record.save(other.target, other, 2);
  expect(ownedKeys(dir, uid).toSorted()).toEqual(["a.test", "ghcr.io", "https://index.docker.io/v1/"]);
  record.save(TARGET, { ...OWNED, keys: {} }, 3);
  expect(ownedKeys(dir, uid)).toEqual(["a.test"]);
  record.remove(other.target);
  record.remove(other.target);
  expect(record.all()).toHaveLength(1);
});

describe("a record that cannot be trusted is none", () => {
  it.each<[string, (file: string, dir: string) => void]>([
    ["damaged", (file) => writeFileSync(file, readFileSync(file, "utf8").slice(0, -9))],
    ["empty", (file) => writeFileSync(file, "")],
    ["of another form", (file) => writeFileSync(file, '{"v":1,"keys":{"ghcr.io":"ona"}}')],
    [
      "its keys are no object",
      (file) => writeFileSync(file, readFileSync(file, "utf8").replace(/\{"ghcr.*?\}/, '["x"]')),
    ],
    ["readable by others", (file) => chmodSync(file, 0o644)],
    ["under another name", (file) => renameSync(file, file.replace(/[0-9a-f]{8}\.json$/, "00000000.json"))],
    ["in a directory open to others", (_, dir) => chmodSync(join(dir, "configured"), 0o755)],
    ["below a directory open to others", (_, dir) => chmodSync(dir, 0o755)],
    [
      "behind a link",
      (_, dir) => {
        renameSync(join(dir, "configured"), join(dir, "real"));
        symlinkSync("real", join(dir, "configured"));
      },
    ],
  ])("%s", (_, spoil) => {
    const { dir, file } = withRecord();
    spoil(file, dir);
    expect(ownership(dir, uid).find(TARGET)).toBeUndefined();
    expect(ownership(dir, uid).all()).toEqual([]);
  });

  it("another user's", () => {
    const { dir, file } = withRecord();
    expect(ownership(dir, uid + 1).all()).toEqual([]);
    if (!isRoot) return;
    chownSync(file, FOREIGN_UID, FOREIGN_UID);
    expect(ownership(dir, uid).all()).toEqual([]);
  });

  it("a copy that stands for another file", () => {
    const { dir, file } = withRecord();
    cpSync(file, join(dir, "configured", `${"0".repeat(40)}.json`));
    expect(ownership(dir, uid).all()).toHaveLength(1);
  });
});

describe("where it cannot be kept, that is said", () => {
  it.each<[string, () => string | undefined]>([
    ["no directory", () => undefined],
    ["a relative one", () => "state"],
    [
      "one open to others",
      () => {
        const dir = join(scratch(), "state");
        mkdirSync(dir, { mode: 0o755 });
        chmodSync(dir, 0o755);
        return dir;
      },
    ],
    [
      "a file in its place",
      () => {
        const dir = join(scratch(), "state");
        writeFileSync(dir, "");
        return dir;
      },
    ],
  ])("%s", (_, make) => {
    const record = ownership(make(), uid);
    expect(() => record.save(TARGET, OWNED, 1)).toThrow(expect.objectContaining({ code: "store-failed" }));
    expect(record.find(TARGET)).toBeUndefined();
    expect(record.leasePath()).toBeUndefined();
    record.remove(TARGET);
  });
});

describe("a registry in the record counts as given to us, though no file says so any more", () => {
  it.each<[string, boolean]>([
    ["ghcr.io", true],
    ["registry-1.docker.io", true],
    ["docker.io", true],
    ["other.ghcr.io", false],
    ["ghcr.io:5000", false],
  ])("%s: %s", (name, expected) => {
    const { dir } = withRecord();
    const env = { HOME: scratch(), DOCKER_CREDENTIAL_ONA_STATE_DIR: dir };
    expect(isDelegatedToUs(refOf(name), env, findDirectories(env, uid), uid, ["ona"])).toBe(expected);
  });
});
