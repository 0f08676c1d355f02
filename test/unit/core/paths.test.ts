// The little path arithmetic of our own, against node:path.

import { dirname, join, resolve } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { isAbsolutePath, joinPath, normalPath, parentOf } from "../../../src/core/paths.ts";
import { numRuns } from "./runs.ts";

const part = fc.constantFrom("a", "b.c", "..", ".", "", "é", "...", " ", "a..", "-");
const path = fc.array(part, { maxLength: 7 }).map((parts) => `/${parts.join("/")}`);

it("an absolute path in normal form is what node:path makes of it", () => {
  fc.assert(
    fc.property(path, (text) => normalPath(text) === resolve(text)),
    { numRuns: numRuns(1000) },
  );
});

it("of paths in normal form: the parent and what lies below", () => {
  const normal = path.map((text) => normalPath(text));
  fc.assert(
    fc.property(
      normal,
      (text) =>
        parentOf(text) === dirname(text) && normalPath(joinPath(text, "x", "y")) === join(text, "x", "y"),
    ),
    { numRuns: numRuns(1000) },
  );
});

it("an absolute path begins with a slash", () => {
  expect(["/", "/a", "//"].every(isAbsolutePath)).toBe(true);
  expect(["", "a", "../../core/a", "~/a", "\\a", "C:/a"].some(isAbsolutePath)).toBe(false);
});

it.each([
  ["/a", "/a"],
  ["/a/", "/a"],
  ["//a", "/a"],
  ["/a//b", "/a/b"],
  ["/a/./b", "/a/b"],
  ["/a/.", "/a"],
  ["/a/../b", "/b"],
  ["/..", "/"],
  ["/", "/"],
  ["/a/.b", "/a/.b"],
  ["/a.b/c", "/a.b/c"],
])("%s is %s", (text, normal) => {
  expect(normalPath(text)).toBe(normal);
});

it("names are put below a directory", () => {
  expect(joinPath("/a", "b")).toBe("/a/b");
  expect(joinPath("/a", "b", "c")).toBe("/a/b/c");
});
