// The ad-hoc signature, on a file of a few pages that is laid out as an executable for macOS.

import { describe, expect, it } from "vitest";
import { isSigned, signed } from "../../../build/sign-macos.ts";

const SIGNATURE_AT = 0x5000;

/** `__TEXT`, `__LINKEDIT` and the load command of a signature that is not there yet. */
function machO(): Buffer {
  const bytes = Buffer.alloc(SIGNATURE_AT + 0x100);
  bytes.writeUInt32LE(0xfeedfacf, 0);
  bytes.writeUInt32LE(3, 16);
  segment(bytes, 32, "__TEXT", 0, 0x4000);
  segment(bytes, 104, "__LINKEDIT", 0x4000, 0x1100);
  bytes.writeUInt32LE(0x1d, 176);
  bytes.writeUInt32LE(16, 180);
  bytes.writeUInt32LE(SIGNATURE_AT, 184);
  bytes.writeUInt32LE(0x100, 188);
  bytes.fill("code", 0x1000, 0x4000);
  return bytes;
}

function segment(bytes: Buffer, at: number, name: string, offset: number, size: number): void {
  bytes.writeUInt32LE(0x19, at);
  bytes.writeUInt32LE(72, at + 4);
  bytes.write(name, at + 8, "latin1");
  bytes.writeBigUInt64LE(BigInt(offset), at + 40);
  bytes.writeBigUInt64LE(BigInt(size), at + 48);
}

it("what had no signature that holds has one, and nothing before it changes but two sizes", () => {
  const before = machO();
  expect(isSigned(before)).toBe(false);
  const after = signed(before, "name");
  expect(isSigned(after)).toBe(true);
  expect(after.subarray(0x1000, SIGNATURE_AT)).toEqual(before.subarray(0x1000, SIGNATURE_AT));
  expect(after.readUInt32LE(188)).toBe(after.length - SIGNATURE_AT);
  expect(after.readBigUInt64LE(104 + 48)).toBe(BigInt(after.length - 0x4000));
  expect(after.readUInt32BE(SIGNATURE_AT)).toBe(0xfade0cc0);
});

it("signed twice is signed once", () => {
  const once = signed(machO(), "name");
  expect(signed(once, "name")).toEqual(once);
});

describe("no longer signed with one byte changed in", () => {
  it.each([
    ["the header", 20],
    ["the code", 0x2345],
    ["the last byte before the signature", SIGNATURE_AT - 1],
    ["the list of hashes", SIGNATURE_AT + 20 + 88 + 5 + 40],
  ])("%s", (_, at) => {
    const bytes = signed(machO(), "name");
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    expect(isSigned(bytes)).toBe(false);
  });
});

it("a file without a place for a signature is refused", () => {
  const bytes = machO();
  bytes.writeUInt32LE(2, 16);
  expect(() => signed(bytes, "name")).toThrow("not an executable for macOS");
});
