// SHA-256 (FIPS 180-4). The keys of minted tokens and the names of local logins need it on the way of a warm answer, and
// loading node:crypto for that takes as long as half of the answer. It is compared with node:crypto in a test.

import { hex } from "./digest.ts";

const ROUND_CONSTANTS = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
] as const satisfies readonly number[];
const BLOCK_BYTES = 64;

/** The digest of `text` in UTF-8, in hexadecimal. */
export function sha256(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const words = new Int32Array(BLOCK_BYTES);
  const state = new Int32Array(8);
  state[0] = 0x6a09e667;
  state[1] = 0xbb67ae85;
  state[2] = 0x3c6ef372;
  state[3] = 0xa54ff53a;
  state[4] = 0x510e527f;
  state[5] = 0x9b05688c;
  state[6] = 0x1f83d9ab;
  state[7] = 0x5be0cd19;
  // Behind the text stand a one bit and, at the end of a block, eight bytes of length.
  const end = Math.floor((bytes.length + 8) / BLOCK_BYTES) * BLOCK_BYTES;
  for (let from = 0; from <= end; from += BLOCK_BYTES) {
    fill(words, bytes, from);
    if (from === end) {
      words[14] = Math.floor(bytes.length / 2 ** 29);
      words[15] = bytes.length << 3;
    }
    compress(state, words);
  }
  let digest = "";
  for (let index = 0; index < 8; index += 1) digest += hex(word(state, index));
  return digest;
}

/** The block of the message that begins at `from`. */
function fill(words: Int32Array, bytes: Uint8Array, from: number): void {
  const size = bytes.length;
  for (let index = 0; index < 16; index += 1) {
    let value = 0;
    for (let at = from + index * 4, end = at + 4; at < end; at += 1) {
      value = (value << 8) | (at < size ? (bytes[at] ?? 0) : at === size ? 0x80 : 0);
    }
    words[index] = value;
  }
}

/**
 * Written out plainly, like all of this: it runs a few times in a fresh process, where nothing is compiled yet and every
 * part of the library that is touched has to be made first.
 */
function compress(state: Int32Array, w: Int32Array): void {
  let a = word(state, 0);
  let b = word(state, 1);
  let c = word(state, 2);
  let d = word(state, 3);
  let e = word(state, 4);
  let f = word(state, 5);
  let g = word(state, 6);
  let h = word(state, 7);
  for (let i = 0; i < BLOCK_BYTES; i += 1) {
    if (i >= 16) {
      const x = w[i - 15] ?? 0;
      const y = w[i - 2] ?? 0;
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16] ?? 0) + s0 + (w[i - 7] ?? 0) + s1;
    }
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (ROUND_CONSTANTS[i] ?? 0) + (w[i] ?? 0)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] = word(state, 0) + a;
  state[1] = word(state, 1) + b;
  state[2] = word(state, 2) + c;
  state[3] = word(state, 3) + d;
  state[4] = word(state, 4) + e;
  state[5] = word(state, 5) + f;
  state[6] = word(state, 6) + g;
  state[7] = word(state, 7) + h;
}

const word = (state: Int32Array, index: number): number => state[index] ?? 0;
