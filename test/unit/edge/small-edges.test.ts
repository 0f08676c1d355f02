// The smaller edges: token files, the trace, deadlines.

import { execFileSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deadlineAfter, within } from "../../../src/edge/clock.ts";
import { readTokenFile } from "../../../src/edge/token-file.ts";
import { createTrace } from "../../../src/edge/trace.ts";
import { FOREIGN_UID, isRoot, modeOf, scratch, uid } from "../store/scratch.ts";
import { ManualClock } from "./manual-clock.ts";

describe("a token file", () => {
  it("is read as it is, through links too, whoever may read it", () => {
    const root = scratch();
    writeFileSync(join(root, "real"), "é token\n", { mode: 0o644 });
    symlinkSync("real", join(root, "link"));
    expect(readTokenFile(join(root, "link"))).toBe("é token\n");
    writeFileSync(join(root, "full"), "x".repeat(64 * 1024));
    expect(readTokenFile(join(root, "full"))).toHaveLength(64 * 1024);
    writeFileSync(join(root, "empty"), "");
    expect(readTokenFile(join(root, "empty"))).toBe("");
  });

  it.each<[string, (path: string) => void]>([
    ["that is not there", () => undefined],
    ["that is a directory", (path) => mkdirSync(path)],
    ["that is a FIFO, which nobody writes to", (path) => void execFileSync("mkfifo", [path])],
    ["of more than 64 KiB", (path) => writeFileSync(path, "x".repeat(64 * 1024 + 1))],
    [
      "of a thousand gigabytes",
      (path) => {
        writeFileSync(path, "");
        truncateSync(path, 1e12);
      },
    ],
    ["that is a link to nowhere", (path) => symlinkSync(`${path}.no`, path)],
    ["that is a link to itself", (path) => symlinkSync(path, path)],
    ["that is a device", (path) => symlinkSync("/dev/zero", path)],
  ])("%s is none", (_, make) => {
    const path = join(scratch(), "token");
    make(path);
    expect(readTokenFile(path)).toBeUndefined();
  });

  it("with a NUL in its name is none", () => expect(readTokenFile("/tmp/a\0b")).toBeUndefined());
});

describe("the trace", () => {
  const traced = (setting: string | undefined): string => {
    let text = "";
    const clock = new ManualClock();
    const trace = createTrace(setting, clock, uid, (line) => {
      text += line;
    });
    clock.advance(12);
    trace("one\ntwo \x1b[31mé");
    return text;
  };

  it.each([undefined, "", "0", "relative/path", "yes", "2"])("%s: nothing on stderr", (setting) => {
    expect(traced(setting)).toBe("");
    expect(existsSync("relative")).toBe(false);
  });

  it.each(["1", " 1\n", "\ufeff1"])("%j: one printable line per step", (value) => {
    expect(traced(value)).toMatch(/^docker-credential-ona\[\d+\] \+12\.0ms one\?two \?\[31m\?\n$/);
  });

  it("a path: a private file; one that cannot be written changes nothing", () => {
    const path = join(scratch(), "trace");
    expect(traced(path)).toBe("");
    expect(traced(` ${path}\n`)).toBe("");
    expect(readFileSync(path, "utf8").trim().split("\n")).toHaveLength(2);
    expect(modeOf(path)).toBe("600");
    for (const unwritable of ["/no/such/directory/trace", "/"]) {
      expect(traced(unwritable)).toMatch(/^docker-credential-ona: the trace was not written: \/[ -~]*\n$/);
    }
  });

  const obstacles: Record<string, (path: string) => void> = {
    "a link to a file of ours": (path) => symlinkSync(`${path}.target`, path),
    "a link to nowhere": (path) => symlinkSync(`${path}.nowhere`, path),
    "a link to itself": (path) => symlinkSync(path, path),
    "a FIFO that nobody reads": (path) => void execFileSync("mkfifo", ["-m", "600", path]),
    "a directory": (path) => mkdirSync(path),
    "a second name of another file": (path) => linkSync(`${path}.target`, path),
    ...(isRoot
      ? {
          "a file of another user": (path: string) => {
            writeFileSync(path, "theirs");
            chownSync(path, FOREIGN_UID, FOREIGN_UID);
          },
        }
      : {}),
  };

  it.each(Object.entries(obstacles))("%s: left alone, and one line on stderr says so", (_, make) => {
    const path = join(scratch(), "trace");
    writeFileSync(`${path}.target`, "target");
    make(path);
    let text = "";
    const trace = createTrace(path, new ManualClock(), uid, (line) => {
      text += line;
    });
    trace("one");
    trace("two");
    expect(text).toMatch(/^docker-credential-ona: the trace was not written: [ -~]*\n$/);
    expect(text).toContain(path);
    expect(readFileSync(`${path}.target`, "utf8")).toBe("target");
    expect(existsSync(`${path}.nowhere`)).toBe(false);
  });
});

describe("a deadline", () => {
  it("runs on the monotonic clock, is never negative, and a part of it is never longer", () => {
    const clock = new ManualClock();
    const deadline = deadlineAfter(clock, 1000);
    const part = within(clock, deadline, 5000);
    const short = within(clock, deadline, 200);
    expect([deadline.remainingMs(), part.remainingMs(), short.remainingMs()]).toEqual([1000, 1000, 200]);
    clock.jump(-86_400_000);
    clock.jump(365 * 86_400_000);
    expect(deadline.remainingMs()).toBe(1000);
    clock.advance(300);
    expect([deadline.remainingMs(), part.remainingMs(), short.remainingMs()]).toEqual([700, 700, 0]);
    clock.advance(1e9);
    expect(deadline.remainingMs()).toBe(0);
    expect(within(clock, deadline, 50).remainingMs()).toBe(0);
  });
});
