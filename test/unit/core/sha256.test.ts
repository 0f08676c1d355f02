// Our SHA-256 against the runtime's.

import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { DEFAULT_CONFIG, parseConfig } from "../../../src/core/config.ts";
import { sha256 } from "../../../src/core/sha256.ts";

const theirs = (text: string): string => createHash("sha256").update(text).digest("hex");

it.each([
  "",
  "abc",
  ...[55, 56, 57, 63, 64, 65, 119, 120, 121, 1000, 100_000].map((length) => "x".repeat(length)),
])("hashes a text as node:crypto does (%#)", (text) => expect(sha256(text)).toBe(theirs(text)));

it("hashes every text as node:crypto does", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => sha256(text) === theirs(text)),
    { numRuns: 2000 },
  );
});

it("an empty configuration is the default one", () => {
  expect(parseConfig("{}")).toEqual(DEFAULT_CONFIG);
});
