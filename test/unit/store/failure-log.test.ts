// The failure log: small, private, one line per failure, and never in the way.

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
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LOG_NAME, logFailure } from "../../../src/store/failure-log.ts";
import { FOREIGN_UID, isRoot, modeOf, scratch, uid } from "./scratch.ts";

const AT_MS = Date.parse("2026-01-02T03:04:05.678Z");

it("a line has the time, the verb and what was said", () => {
  const dir = join(scratch(), "a", "state");
  logFailure(dir, uid, AT_MS, "get", "ghcr.io: no token [no-token]");
  logFailure(dir, uid, AT_MS + 1, "store", "second");
  expect(readFileSync(join(dir, LOG_NAME), "utf8")).toBe(
    "2026-01-02T03:04:05.678Z get ghcr.io: no token [no-token]\n2026-01-02T03:04:05.679Z store second\n",
  );
  expect([modeOf(dir), modeOf(join(dir, LOG_NAME))]).toEqual(["700", "600"]);
});

it("log and predecessor stay below 256 KiB, and the newest line is always there", () => {
  const dir = join(scratch(), "state");
  for (let n = 0; n < 400; n += 1) logFailure(dir, uid, AT_MS, "get", `${n} ${"x".repeat(3000)}`);
  const names = readdirSync(dir);
  expect(names.length).toBe(2);
  expect(names.reduce((sum, name) => sum + statSync(join(dir, name)).size, 0)).toBeLessThanOrEqual(
    256 * 1024,
  );
  for (const name of names) expect(modeOf(join(dir, name))).toBe("600");
  expect(readFileSync(join(dir, LOG_NAME), "utf8").trimEnd().split("\n").at(-1)).toMatch(/get 399 x/);
});

it("nowhere to write: nothing happens", () => {
  const root = scratch();
  logFailure(undefined, uid, AT_MS, "get", "line");
  logFailure("relative/state", uid, AT_MS, "get", "line");
  expect(existsSync("relative")).toBe(false);
  mkdirSync(join(root, "open"));
  chmodSync(join(root, "open"), 0o755);
  symlinkSync(join(root, "open"), join(root, "link"));
  writeFileSync(join(root, "file"), "");
  for (const name of ["open", "link", "file", "file/below"])
    logFailure(join(root, name), uid, AT_MS, "get", "line");
  expect(readdirSync(join(root, "open"))).toEqual([]);
  mkdirSync(join(root, "private", LOG_NAME), { recursive: true, mode: 0o700 });
  logFailure(join(root, "private"), uid, AT_MS, "get", "line");
  logFailure(join(root, "private"), uid, Number.NaN, "get", "a clock that tells nothing");
});

describe("left as it is", () => {
  const obstacles: Record<string, (path: string) => void> = {
    "a link to a file of ours": (path) => symlinkSync("target", path),
    "a link to nowhere": (path) => symlinkSync("nowhere", path),
    "a FIFO that nobody reads": (path) => void execFileSync("mkfifo", ["-m", "600", path]),
    "a second name of another file": (path) => linkSync(join(path, "..", "target"), path),
    "a log of somebody's own": (path) => writeFileSync(path, "experiment 1 failed\n"),
    "a large one of somebody's own": (path) => writeFileSync(path, "experiment ".repeat(20_000)),
    ...(isRoot
      ? {
          "a file of another user": (path: string) => {
            writeFileSync(path, "2026-01-02T03:04:05.678Z get x\n");
            chownSync(path, FOREIGN_UID, FOREIGN_UID);
          },
        }
      : {}),
  };

  it.each(Object.entries(obstacles))("%s", (_, make) => {
    const dir = scratch();
    writeFileSync(join(dir, "target"), "target");
    make(join(dir, LOG_NAME));
    const before = lstatSync(join(dir, LOG_NAME));
    logFailure(dir, uid, AT_MS, "get", "line");
    const after = lstatSync(join(dir, LOG_NAME));
    expect([after.ino, after.size, after.mtimeMs]).toEqual([before.ino, before.size, before.mtimeMs]);
    expect(readdirSync(dir).toSorted()).toEqual([LOG_NAME, "target"]);
    expect(readFileSync(join(dir, "target"), "utf8")).toBe("target");
  });

  it.each<[string, (path: string) => void]>([
    ["a file of somebody's own", (path) => writeFileSync(path, "mine")],
    ["a directory", (path) => mkdirSync(path)],
    ["a link", (path) => symlinkSync("nowhere", path)],
  ])("%s in the predecessor's place: the log stops at its limit", (_, make) => {
    const dir = scratch();
    make(join(dir, `${LOG_NAME}.1`));
    const { ino } = lstatSync(join(dir, `${LOG_NAME}.1`));
    for (let n = 0; n < 100; n += 1) logFailure(dir, uid, AT_MS, "get", "x".repeat(2000));
    expect(lstatSync(join(dir, `${LOG_NAME}.1`)).ino).toBe(ino);
    expect(statSync(join(dir, LOG_NAME)).size).toBeLessThan(128 * 1024);
  });
});
