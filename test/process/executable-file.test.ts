// The executable as a file: what the kernel maps of it, and that a file of another layout is left as it is.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { closeGap } from "../../build/elf.ts";
import { buildsUnderTest } from "../support/run-helper.ts";
import { type Layout, LOAD, makeElf, PROGRAM, segmentsOf } from "./small-elf.ts";

const built = buildsUnderTest().find(({ name }) => name === "executable");
const isLinux = process.platform === "linux" && process.arch === "x64";

describe.runIf(built !== undefined && isLinux)("the executable on Linux for x64", () => {
  const read = (): Buffer => readFileSync(built?.command[0] ?? "");

  it("has the program in a segment that nobody can write, the last one", () => {
    const bytes = read();
    const loaded = segmentsOf(bytes).filter(({ type }) => type === LOAD);
    const program = bytes.lastIndexOf("---- Bun! ----");
    const holds = loaded.filter(({ offset, size }) => offset <= program && program < offset + size);
    expect(holds).toEqual([loaded.at(-1)]);
    expect(loaded.map(({ flags }) => flags)).toEqual(["r", "rx", "rw", "r"]);
  });

  it("has no gap left to close", () => {
    expect(closeGap(read())).toBeUndefined();
  });
});

it("a gap is closed: the program and what stands behind it move, and nothing else changes", () => {
  const before = makeElf();
  const after = closeGap(Buffer.from(before)) ?? Buffer.alloc(0);
  expect(before.length - after.length).toBe(0x2000);
  const [text, data, program] = segmentsOf(after);
  expect(text).toEqual(segmentsOf(before)[0]);
  expect(data).toMatchObject({ flags: "rw", offset: 0x1000, address: 0x11000, size: 0x100, memory: 0x1800 });
  expect(program).toMatchObject({
    type: LOAD,
    flags: "r",
    offset: 0x2000,
    address: 0x14000,
    memory: PROGRAM.length,
  });
  expect(after.toString("latin1", 0x2000, 0x2000 + PROGRAM.length)).toBe(PROGRAM);
  expect(after.subarray(0x1000, 0x1100)).toEqual(before.subarray(0x1000, 0x1100));
  expect(closeGap(Buffer.from(after))).toBeUndefined();
});

describe("left as it is:", () => {
  it.each<[string, Partial<Layout>]>([
    ["something in the gap", { gapByte: 1 }],
    ["a program that does not begin at a page", { programAddress: 0x14008 }],
    ["a program that begins before the zeros end", { zeros: 0x4000 }],
    ["memory between the two", { between: true }],
    ["no note to be replaced", { lastType: LOAD }],
    ["headers before the program", { headersFirst: true }],
    ["no program", { programName: ".nub" }],
    ["no zeros", { zerosName: ".ssb" }],
  ])("%s", (_, change) => {
    expect(closeGap(makeElf(change))).toBeUndefined();
  });

  it.each(["", "#!/bin/sh\n", "\x7fELF\x02\x01", "\x7fELF\x01\x01 of 32 bits", "\xcf\xfa\xed\xfe of a Mac"])(
    "%j",
    (text) => {
      expect(closeGap(Buffer.from(text, "latin1"))).toBeUndefined();
    },
  );

  it.runIf(isLinux).each([process.execPath, "/bin/true", "/bin/sh"])("%s", (other) => {
    expect(closeGap(readFileSync(other))).toBeUndefined();
  });
});
