// A file is read whole or not at all, whatever it says of its size.

import { closeSync, existsSync, fstatSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readAtMost } from "../../../src/edge/read-at-most.ts";
import { lookAtFile } from "../../../src/edge/regular-file.ts";
import { scratch } from "../store/scratch.ts";

function read(content: string, maxBytes: number, size?: number): string | undefined {
  const path = join(scratch(), "file");
  writeFileSync(path, content);
  const fd = openSync(path, "r");
  try {
    return readAtMost(fd, size ?? fstatSync(fd).size, maxBytes)?.toString("utf8");
  } finally {
    closeSync(fd);
  }
}

describe("what there is", () => {
  it.each<[string, number, number, number | undefined]>([
    ["nothing", 0, 10, undefined],
    ["an ordinary file", 5, 10, undefined],
    ["one that is exactly as large as may be", 10, 10, undefined],
    ["one that says that it is empty", 5, 10, 0],
    ["one that says so and is exactly as large as may be", 10, 10, 0],
    ["one that says so and is larger than one read", 300_000, 1_000_000, 0],
    ["one that has grown since", 9, 10, 5],
    ["one that has shrunk since", 3, 10, 5],
  ])("%s", (_, length, maxBytes, size) => {
    const text = "x".repeat(length);
    expect(read(text, maxBytes, size)).toBe(text);
  });
});

describe("is none where there is too much", () => {
  it.each<[string, number, number, number | undefined]>([
    ["of an ordinary file", 11, 10, undefined],
    ["of one that says that it is empty", 11, 10, 0],
    ["of one that says so and is large", 300_000, 200_000, 0],
    ["of one that has grown since", 300_000, 200_000, 5],
  ])("%s", (_, length, maxBytes, size) => {
    expect(read("x".repeat(length), maxBytes, size)).toBeUndefined();
  });
});

it.runIf(existsSync("/proc/self/pagemap"))("a file of /proc without an end is too large", () => {
  expect(lookAtFile("/proc/self/pagemap", 64 * 1024)).toHaveProperty("unusable");
  expect(lookAtFile("/proc/self/status", 64 * 1024)).toHaveProperty("text");
});
