// The signature in an executable for macOS. Bun signs what it makes for arm64; in a file for x64 it leaves the signature of
// its own release, which no longer holds and for which macOS ends the process. This makes an ad-hoc one, as a linker does:
// it says that the file is whole, and not whose it is.

import { createHash } from "node:crypto";

const SEGMENT_64 = 0x19;
const CODE_SIGNATURE = 0x1d;
const SUPER_BLOB = 0xfade0cc0;
const CODE_DIRECTORY = 0xfade0c02;
/** Ad hoc, and made by a linker: only a code directory is expected. */
const FLAGS = 0x20002;
const PAGE_BITS = 12;
const PAGE = 1 << PAGE_BITS;
const HASH_SIZE = 32;
const SHA256 = 2;
/** Of a code directory of version 2.4. */
const HEADER_SIZE = 88;
const VERSION = 0x20400;
const MAIN_BINARY = 1n;

interface Segment {
  readonly at: number;
  readonly offset: number;
  readonly size: number;
}

interface Signed {
  /** Where the load command of the signature is, and what it says. */
  readonly at: number;
  readonly offset: number;
  readonly text: Segment;
  readonly linkEdit: Segment;
}

/** Whether every page is what the signature says it is. */
export function isSigned(bytes: Buffer): boolean {
  const { offset } = layout(bytes);
  const count = bytes.readUInt32BE(offset + 8);
  for (let index = 0; index < count; index += 1) {
    const at = offset + bytes.readUInt32BE(offset + 16 + 8 * index);
    if (bytes.readUInt32BE(at) !== CODE_DIRECTORY) continue;
    const limit = bytes.readUInt32BE(at + 32);
    const hashes = at + bytes.readUInt32BE(at + 16);
    const expected = pageHashes(bytes, limit);
    return limit === offset && bytes.subarray(hashes, hashes + expected.length).equals(expected);
  }
  return false;
}

/** `bytes` with an ad-hoc signature in the place of the one that is there. */
export function signed(bytes: Buffer, identifier: string): Buffer {
  const { at, offset, text, linkEdit } = layout(bytes);
  const name = Buffer.from(`${identifier}\0`);
  const length = HEADER_SIZE + name.length + Math.ceil(offset / PAGE) * HASH_SIZE;
  // What the load commands say is on the first page, which is hashed too.
  const code = Buffer.from(bytes.subarray(0, offset));
  code.writeUInt32LE(20 + length, at + 12);
  const inLinkEdit = offset + 20 + length - linkEdit.offset;
  code.writeBigUInt64LE(BigInt(Math.ceil(inLinkEdit / 0x4000) * 0x4000), linkEdit.at + 32);
  code.writeBigUInt64LE(BigInt(inLinkEdit), linkEdit.at + 48);
  const header = Buffer.alloc(20 + HEADER_SIZE);
  const words = [SUPER_BLOB, 20 + length, 1, 0, 20, CODE_DIRECTORY, length, VERSION, FLAGS];
  for (const [index, word] of [...words, HEADER_SIZE + name.length, HEADER_SIZE, 0].entries()) {
    header.writeUInt32BE(word, index * 4);
  }
  header.writeUInt32BE(Math.ceil(offset / PAGE), 48);
  header.writeUInt32BE(offset, 52);
  header.set([HASH_SIZE, SHA256, 0, PAGE_BITS], 56);
  header.writeBigUInt64BE(BigInt(text.offset), 84);
  header.writeBigUInt64BE(BigInt(text.size), 92);
  header.writeBigUInt64BE(MAIN_BINARY, 100);
  return Buffer.concat([code, header, name, pageHashes(code, offset)]);
}

function pageHashes(bytes: Buffer, limit: number): Buffer {
  const hashes: Buffer[] = [];
  for (let at = 0; at < limit; at += PAGE) {
    hashes.push(
      createHash("sha256")
        .update(bytes.subarray(at, Math.min(at + PAGE, limit)))
        .digest(),
    );
  }
  return Buffer.concat(hashes);
}

function layout(bytes: Buffer): Signed {
  const segments = new Map<string, Segment>();
  let signature: { at: number; offset: number } | undefined;
  let at = 32;
  for (let left = bytes.readUInt32LE(16); left > 0; left -= 1) {
    const kind = bytes.readUInt32LE(at);
    if (kind === CODE_SIGNATURE) signature = { at, offset: bytes.readUInt32LE(at + 8) };
    if (kind === SEGMENT_64) {
      const [offset, size] = [40, 48].map((field) => Number(bytes.readBigUInt64LE(at + field)));
      const name = bytes.toString("latin1", at + 8, at + 24).replace(/\0.*$/, "");
      segments.set(name, { at, offset: offset ?? 0, size: size ?? 0 });
    }
    at += bytes.readUInt32LE(at + 4);
  }
  const text = segments.get("__TEXT");
  const linkEdit = segments.get("__LINKEDIT");
  if (signature === undefined || text === undefined || linkEdit === undefined) {
    throw new Error("not an executable for macOS with a signature");
  }
  return { ...signature, text, linkEdit };
}
