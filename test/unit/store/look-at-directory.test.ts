// A directory in words: what is used, what will be made, and why something is passed over; and what the line of an outage
// says of it.

import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Failure, type FailureCode } from "../../../src/core/failures.ts";
import { lookAtDirectory } from "../../../src/store/look-at-directory.ts";
import { withLostCache } from "../../../src/store/lost-cache.ts";
import { isRoot, scratch, uid } from "./scratch.ts";

function made(path: string, mode: number): string {
  mkdirSync(path);
  chmodSync(path, mode);
  return path;
}

it("a private directory is used", () => {
  const path = made(join(scratch(), "x"), 0o700);
  expect(lookAtDirectory(path, uid, true)).toEqual({
    path,
    owner: uid,
    mode: "0700",
    state: "usable",
    reason: "",
  });
});

describe("passed over", () => {
  it.each<[string, (path: string) => void, string, string | undefined]>([
    ["a link", (path) => symlinkSync(made(`${path}.real`, 0o700), path), "it is a link", undefined],
    ["a file", (path) => writeFileSync(path, "", { mode: 0o600 }), "it is no directory", "0600"],
    ["a group may enter", (path) => made(path, 0o710), "others may enter it (mode 0710)", "0710"],
    ["others may look", (path) => made(path, 0o704), "others may enter it (mode 0704)", "0704"],
    ["everybody may write", (path) => made(path, 0o1777), "others may enter it (mode 1777)", "1777"],
  ])("%s", (_, put, reason, mode) => {
    const path = join(scratch(), "x");
    put(path);
    const seen = lookAtDirectory(path, uid, true);
    expect(seen).toMatchObject({ path, owner: uid, state: "not used", reason });
    if (mode !== undefined) expect(seen.mode).toBe(mode);
  });

  it("another user's", () => {
    const path = made(join(scratch(), "x"), 0o700);
    expect(lookAtDirectory(path, uid + 1, true)).toMatchObject({
      state: "not used",
      reason: `it belongs to user ${uid}, not to user ${uid + 1}`,
    });
  });

  it.runIf(!isRoot)("one in which we may not write", () => {
    const path = made(join(scratch(), "x"), 0o500);
    expect(lookAtDirectory(path, uid, true)).toMatchObject({
      state: "not used",
      reason: "it cannot be written",
    });
  });
});

describe("not there", () => {
  const none = { owner: undefined, mode: undefined };

  it("is made where its parent is there, and further up only with parents", () => {
    const root = scratch();
    const [child, deep] = [join(root, "a"), join(root, "a", "b", "c")];
    for (const parents of [true, false]) {
      expect(lookAtDirectory(child, uid, parents)).toEqual({
        ...none,
        path: child,
        state: "will be made",
        reason: "",
      });
    }
    expect(lookAtDirectory(deep, uid, true)).toEqual({
      ...none,
      path: deep,
      state: "will be made",
      reason: "",
    });
    const reason = `there is no ${join(root, "a", "b")}`;
    expect(lookAtDirectory(deep, uid, false)).toEqual({ ...none, path: deep, state: "not used", reason });
    expect(readdirSync(root)).toEqual([]);
  });

  it("is not made below a file", () => {
    const file = join(scratch(), "file");
    writeFileSync(file, "", { mode: 0o600 });
    expect(lookAtDirectory(join(file, "x"), uid, true)).toEqual({
      ...none,
      path: join(file, "x"),
      state: "not used",
      reason: `it is not there, and ${file} cannot be written`,
    });
  });

  it.runIf(isRoot && process.platform === "linux")("is not made in a file system of the kernel's", () => {
    expect(lookAtDirectory("/proc/none/x", uid, true).reason).toBe(
      "it is not there, and /proc is the kernel's own and holds no files",
    );
  });
});

describe("an outage for which nothing could stand in", () => {
  const places = (...dirs: string[]) => dirs.map((dir) => ({ dir, parents: false }));
  const outage = (code: FailureCode, hint?: string): Failure =>
    new Failure(code, "no answer", hint === undefined ? {} : { hint });

  it.each<FailureCode>([
    "platform-unreachable",
    "platform-timeout",
    "platform-tls",
    "platform-rate-limited",
    "platform-bad-answer",
    "platform-redirect",
    "imds-no-answer",
    "aws-unreachable",
    "google-unreachable",
  ])("%s names the directory that was passed over", (code) => {
    const dir = made(join(scratch(), "x"), 0o755);
    const lost = `the cache directory ${dir} was not used: others may enter it (mode 0755)`;
    const first = outage(code);
    const said = withLostCache(first, places(dir), uid);
    expect(said).toMatchObject({ code, message: "no answer", hint: lost });
    expect(said.cause).toBe(first);
    expect(withLostCache(outage(code, "try again"), places(dir), uid).hint).toBe(`try again; ${lost}`);
  });

  it.each<FailureCode>(["no-token", "token-refused", "permission-denied", "config-invalid", "aws-denied"])(
    "%s stays as it is: no answer would have served",
    (code) => {
      const failure = outage(code);
      expect(withLostCache(failure, places(made(join(scratch(), "x"), 0o755)), uid)).toBe(failure);
    },
  );

  it.each<[string, (root: string) => string[], string | undefined]>([
    ["no directory", () => [], undefined],
    ["one that is used", (root) => [made(join(root, "good"), 0o700)], undefined],
    ["one that will be made", (root) => [join(root, "new")], undefined],
    ["one that cannot be made", (root) => [join(root, "no", "new")], undefined],
    [
      "one that is used before one that is not",
      (root) => [made(join(root, "a"), 0o700), made(join(root, "b"), 0o755)],
      undefined,
    ],
    [
      "one that cannot be made before one that is not used",
      (root) => [join(root, "no", "a"), made(join(root, "b"), 0o755)],
      "b",
    ],
    ["two that are not used", (root) => [made(join(root, "a"), 0o750), made(join(root, "b"), 0o755)], "a"],
  ])("%s", (_, dirs, named) => {
    const root = scratch();
    const failure = outage("platform-timeout");
    const said = withLostCache(failure, places(...dirs(root)), uid);
    if (named === undefined) expect(said).toBe(failure);
    else expect(said.hint).toContain(`the cache directory ${join(root, named)} was not used`);
  });
});
