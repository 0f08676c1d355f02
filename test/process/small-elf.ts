// A file of a few pages that is laid out as Bun lays out an executable: text, and a writable segment with data, zeros and
// the program; a note; the headers of the sections at the end.

export const LOAD = 1;
const NOTE = 4;
const HEADER = 64;
export const PROGRAM = "the program";

export interface Layout {
  readonly gapByte: number;
  readonly programAddress: number;
  /** Size of the part that begins as zeros. */
  readonly zeros: number;
  /** A section between the zeros and the program. */
  readonly between: boolean;
  readonly lastType: number;
  /** The headers of the sections stand before the program. */
  readonly headersFirst: boolean;
  readonly programName: string;
  readonly zerosName: string;
}

const USUAL: Layout = {
  gapByte: 0,
  programAddress: 0x14000,
  zeros: 0x1700,
  between: false,
  lastType: NOTE,
  headersFirst: false,
  programName: ".bun",
  zerosName: ".bss",
};

export function makeElf(change: Partial<Layout> = {}): Buffer {
  const layout = { ...USUAL, ...change };
  const { programAddress, zeros } = layout;
  const programAt = programAddress - 0x10000;
  const bytes = Buffer.alloc(0x5000);
  bytes.write("\x7fELF\x02\x01", "latin1");
  const sectionsAt = layout.headersFirst ? 0x800 : 0x4800;
  const segments = [
    [LOAD, 5, 0, 0x10000, 0x800, 0x800],
    [LOAD, 6, 0x1000, 0x11000, programAt + 0x100 - 0x1000, programAt + 0x100 - 0x1000],
    [layout.lastType, 4, 0x200, 0x10200, 0x20, 0x20],
  ];
  const names = `\0${layout.zerosName}\0${layout.programName}\0.names\0.more\0`;
  const nameOf = (name: string): number => names.indexOf(`\0${name}\0`) + 1;
  const sections = [
    [nameOf(layout.zerosName), 8, 0x11100, 0x1100, zeros],
    [nameOf(layout.programName), 1, programAddress, programAt, PROGRAM.length],
    ...(layout.between ? [[nameOf(".more"), 1, 0x12900, 0x2900, 0x10]] : []),
    [nameOf(".names"), 3, 0, 0x4400, names.length],
  ];
  writeHeader(bytes, segments.length, sections.length, sectionsAt);
  for (const [
    index,
    [type = 0, flags = 0, offset = 0, address = 0, size = 0, memory = 0],
  ] of segments.entries()) {
    const at = HEADER + index * 56;
    bytes.writeUInt32LE(type, at);
    bytes.writeUInt32LE(flags, at + 4);
    write64(bytes, at + 8, [offset, address, address, size, memory, 0x1000]);
  }
  for (const [index, [name = 0, type = 0, address = 0, offset = 0, size = 0]] of sections.entries()) {
    const at = sectionsAt + index * 64;
    bytes.writeUInt32LE(name, at);
    bytes.writeUInt32LE(type, at + 4);
    write64(bytes, at + 16, [address, offset, size]);
  }
  bytes.fill("data", 0x1000, 0x1100);
  bytes.write(names, 0x4400, "latin1");
  bytes[0x2800] = layout.gapByte;
  bytes.write(PROGRAM, programAt, "latin1");
  return bytes;
}

function writeHeader(bytes: Buffer, segments: number, sections: number, sectionsAt: number): void {
  write64(bytes, 32, [HEADER, sectionsAt]);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(segments, 56);
  bytes.writeUInt16LE(64, 58);
  bytes.writeUInt16LE(sections, 60);
  bytes.writeUInt16LE(sections - 1, 62);
}

function write64(bytes: Buffer, at: number, values: readonly number[]): void {
  for (const [index, value] of values.entries()) bytes.writeBigUInt64LE(BigInt(value), at + index * 8);
}

export function segmentsOf(bytes: Buffer) {
  const number = (at: number): number => Number(bytes.readBigUInt64LE(at));
  const [start, step, count] = [number(32), bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
  return Array.from({ length: count }, (_, index) => start + index * step).map((at) => {
    const bits = bytes.readUInt32LE(at + 4);
    return {
      type: bytes.readUInt32LE(at),
      flags: [bits & 4 ? "r" : "", bits & 2 ? "w" : "", bits & 1 ? "x" : ""].join(""),
      offset: number(at + 8),
      address: number(at + 16),
      size: number(at + 32),
      memory: number(at + 40),
    };
  });
}
