// The executable as a file: what the kernel maps of it, and that a file of another layout is left as it is.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { closeGap } from "../../build/elf.ts";
import { buildsUnderTest } from "../support/run-helper.ts";

const built = buildsUnderTest().find(({ name }) => name === "executable");
const LOAD = 1;

interface Segment {
  readonly flags: string;
  readonly start: number;
  readonly end: number;
}

function loaded(bytes: Buffer): readonly Segment[] {
  const [at, size, count] = [
    Number(bytes.readBigUInt64LE(32)),
    bytes.readUInt16LE(54),
    bytes.readUInt16LE(56),
  ];
  return Array.from({ length: count }, (_, index) => at + index * size)
    .filter((header) => bytes.readUInt32LE(header) === LOAD)
    .map((header) => {
      const bits = bytes.readUInt32LE(header + 4);
      const start = Number(bytes.readBigUInt64LE(header + 8));
      const flags = [bits & 4 ? "r" : "", bits & 2 ? "w" : "", bits & 1 ? "x" : ""].join("");
      return { flags, start, end: start + Number(bytes.readBigUInt64LE(header + 32)) };
    });
}

const isLinux = process.platform === "linux" && process.arch === "x64";

describe.runIf(built !== undefined && isLinux)("on Linux for x64", () => {
  const bytes = readFileSync(built?.command[0] ?? "");

  it("the program is in a segment that nobody can write, the last one", () => {
    const segments = loaded(bytes);
    const program = bytes.lastIndexOf("---- Bun! ----");
    const holds = segments.filter(({ start, end }) => start <= program && program < end);
    expect(holds).toEqual([segments.at(-1)]);
    expect(segments.map(({ flags }) => flags)).toEqual(["r", "rx", "rw", "r"]);
  });

  it("has no gap left to close", () => {
    expect(closeGap(Buffer.from(bytes))).toBeUndefined();
  });

  it.each([process.execPath, "/bin/true", "/bin/sh"])("%s is left as it is", (other) => {
    expect(closeGap(readFileSync(other))).toBeUndefined();
  });
});

it.each(["", "#!/bin/sh\n", "\x7fELF\x01\x01 of 32 bits", "\xcf\xfa\xed\xfe of a Mac"])(
  "%j is left as it is",
  (text) => {
    expect(closeGap(Buffer.from(text, "latin1"))).toBeUndefined();
  },
);
