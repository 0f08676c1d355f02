// The executable's file on Linux. Bun puts the program behind the part of its memory that begins as zeros, in the same
// writable segment, and so has to write those zeros into the file: 1.8 MB of them.

const PT_LOAD = 1;
const PT_NOTE = 4;
const READABLE = 4;
const SHT_NOBITS = 8;

/**
 * Gives the program a segment of its own, read-only, in the place of the header that holds a note, and leaves the zeros
 * out. Undefined when the file is laid out in another way than Bun for x64 is.
 */
export function closeGap(bytes: Buffer): Buffer | undefined {
  if (bytes.length < 64 || bytes.toString("latin1", 0, 6) !== "\x7fELF\x02\x01") return undefined;
  const elf = new Elf(bytes);
  const zeros = elf.section(".bss");
  const program = elf.section(".bun");
  if (zeros === undefined || program === undefined) return undefined;
  const writable = elf.segments.find(
    ({ type, address, memorySize }) =>
      type === PT_LOAD && address <= zeros.address && zeros.address < address + memorySize,
  );
  // Loaded segments stand in the order of their addresses, so the note's has to be the last.
  const note = elf.segments.at(-1);
  if (writable === undefined || note?.type !== PT_NOTE) return undefined;
  const { alignment } = writable;
  const zerosEnd = zeros.address + zeros.size;
  const end = writable.offset + zeros.address - writable.address;
  const start = Math.ceil(end / alignment) * alignment;
  const saved = program.offset - start;
  const isEmpty = !bytes.subarray(end, program.offset).some((byte) => byte !== 0);
  const isAligned = program.address % alignment === 0 && saved >= 0 && saved % alignment === 0;
  // Nothing else in the memory between the two, and behind the program only what is not loaded, the headers among it.
  const isLast =
    !elf.sections.some(({ address }) => address >= zerosEnd && address < program.address) &&
    !elf.segments.some(({ type, offset }) => type === PT_LOAD && offset >= program.offset) &&
    elf.u64(SECTIONS) >= program.offset + program.size;
  if (!isEmpty || !isAligned || !isLast || zerosEnd > program.address) return undefined;

  elf.set(writable.at + 32, end - writable.offset, zerosEnd - writable.address);
  bytes.writeUInt32LE(PT_LOAD, note.at);
  bytes.writeUInt32LE(READABLE, note.at + 4);
  elf.set(note.at + 8, start, program.address, program.address, program.size, program.size, alignment);
  for (const { at, type, offset } of elf.sections) {
    if (type !== SHT_NOBITS && offset >= program.offset) elf.set(at + 24, offset - saved);
  }
  elf.set(SECTIONS, elf.u64(SECTIONS) - saved);
  return Buffer.concat([bytes.subarray(0, start), bytes.subarray(program.offset)]);
}

/** Where the file's header says where the headers of segments and sections are; their sizes and numbers follow. */
const SEGMENTS = 32;
const SECTIONS = 40;

/** A 64-bit little-endian file whose numbers stay below 2^53. `at` is where a header is in the file. */
class Elf {
  readonly #bytes: Buffer;
  readonly segments;
  readonly sections;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.segments = this.#headers(SEGMENTS, 54).map((at) => ({
      at,
      type: bytes.readUInt32LE(at),
      offset: this.u64(at + 8),
      address: this.u64(at + 16),
      memorySize: this.u64(at + 40),
      alignment: this.u64(at + 48),
    }));
    this.sections = this.#headers(SECTIONS, 58).map((at) => ({
      at,
      name: bytes.readUInt32LE(at),
      type: bytes.readUInt32LE(at + 4),
      address: this.u64(at + 16),
      offset: this.u64(at + 24),
      size: this.u64(at + 32),
    }));
  }

  section(name: string) {
    const names = this.sections[this.#bytes.readUInt16LE(62)]?.offset ?? 0;
    return this.sections.find((section) => {
      const start = names + section.name;
      return this.#bytes.toString("latin1", start, start + name.length + 1) === `${name}\0`;
    });
  }

  u64(at: number): number {
    return Number(this.#bytes.readBigUInt64LE(at));
  }

  set(at: number, ...values: readonly number[]): void {
    for (const [index, value] of values.entries()) {
      this.#bytes.writeBigUInt64LE(BigInt(value), at + index * 8);
    }
  }

  #headers(start: number, size: number): readonly number[] {
    const count = this.#bytes.readUInt16LE(size + 2);
    const step = this.#bytes.readUInt16LE(size);
    return Array.from({ length: count }, (_, index) => this.u64(start) + index * step);
  }
}
