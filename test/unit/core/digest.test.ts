// The short names of cache files: always of one form, the same for the same key, and not shared by keys that differ.

import fc from "fast-check";
import { expect, it } from "vitest";
import { hex, shortDigest } from "../../../src/core/digest.ts";

it("has one form for every text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) =>
      /^[0-9a-f]{24}$/.test(shortDigest(text)),
    ),
    { numRuns: 2000 },
  );
});

it("gives keys that differ in one place different names", () => {
  const base = "answer\nhttps://app.gitpod.io/api\n0199a000-0000-7000-8000-000000000010\n\n";
  const names = new Set<string>();
  let keys = 0;
  for (let n = 0; n < 20_000; n += 1) {
    for (const host of [`r${n}.example.com`, `${n}.dkr.ecr.eu-west-1.amazonaws.com`, `a.example:${n}`]) {
      names.add(shortDigest(base + host));
      keys += 1;
    }
  }
  expect(names.size).toBe(keys);
});

it("tells texts of the same letters apart", () => {
  expect(new Set(["ab", "ba", "a\0b", "a", "b", "", "\0", "\0\0"].map(shortDigest)).size).toBe(8);
});

it("is four polynomials over the length and the units, as whole numbers without a limit give them", () => {
  const polynomial = (text: string, factor: bigint): string => {
    let value = BigInt(text.length) % 2n ** 24n;
    for (let at = 0; at < text.length; at += 1)
      value = (value * factor + BigInt(text.charCodeAt(at)) + 1n) % 2n ** 24n;
    return value.toString(16).padStart(6, "0");
  };
  for (const text of ["", "a", "registry.example.test", "\uffff".repeat(300), "x".repeat(5000)]) {
    expect(shortDigest(text)).toBe([59n, 83n, 101n, 127n].map((factor) => polynomial(text, factor)).join(""));
  }
});

it.each([
  [0, "00000000"],
  [1, "00000001"],
  [-1, "ffffffff"],
  [-(2 ** 31), "80000000"],
  [0x0badf00d, "0badf00d"],
])("%i in eight digits", (value, text) => {
  expect(hex(value)).toBe(text);
});
