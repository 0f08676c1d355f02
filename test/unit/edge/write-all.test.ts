// Writing an answer: all of it or a failure, whatever the system gives back; only a reader that has gone is a normal end.

import type { writeSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { writeAll } from "../../../src/edge/write-all.ts";

/** A system that does `steps` one after another: takes so many bytes, or throws that code; then it takes everything. */
function system(steps: (number | string)[]): { write: typeof writeSync; got: () => string } {
  const got: Buffer[] = [];
  const write = (_fd: number, bytes: Uint8Array, offset: number, length: number): number => {
    const step = steps.shift() ?? length;
    if (typeof step === "string") throw Object.assign(new Error(step), { code: step });
    got.push(Buffer.from(bytes.subarray(offset, offset + Math.min(step, length))));
    return Math.min(step, length);
  };
  return { write: write as typeof writeSync, got: () => Buffer.concat(got).toString() };
}

const TEXT = "an answer with ümlauts\n";

describe("a write that fails is a failure", () => {
  it.each<[string, (number | string)[], boolean, string]>([
    ["all at once", [], true, TEXT],
    ["byte by byte", Array.from({ length: 40 }, () => 1), true, TEXT],
    ["nothing at first", [0, 3], true, TEXT],
    ["a full pipe that does not block", ["EAGAIN", 4, "EAGAIN", "EAGAIN"], true, TEXT],
    ["a signal in between", ["EINTR", 2, "EINTR"], true, TEXT],
    ["a reader that has gone", ["EPIPE"], true, ""],
    ["a reader that goes in the middle", [5, "EPIPE"], true, "an an"],
    ["a full disk", ["ENOSPC"], false, ""],
    ["a disk that is full after a part", [5, "ENOSPC"], false, "an an"],
    ["a stream that is closed", ["EBADF"], false, ""],
    ["a limit of file sizes", ["EFBIG"], false, ""],
    ["a device that fails", ["EIO"], false, ""],
    ["a quota", ["EDQUOT"], false, ""],
  ])("%s", (_, steps, isSaid, expected) => {
    const { write, got } = system(steps);
    expect(writeAll(1, TEXT, write)).toBe(isSaid);
    expect(got()).toBe(expected);
  });
});
