// A short name for a long key: three polynomials in one pass. It spreads, and that is all; whatever must withstand somebody
// who looks for collisions uses sha256.ts. A file in the cache says which key it belongs to, so two keys of one name only
// make each other absent.

/** 24 hexadecimal digits, over UTF-16 units. Products stay below 2^53, so that they are exact. */
export function shortDigest(text: string): string {
  let a = text.length;
  let b = a;
  let c = a;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index) + 1;
    a = (a * 65_599 + unit) | 0;
    b = (b * 1_000_003 + unit) | 0;
    c = (c * 1_299_709 + unit) | 0;
  }
  return hex(a) + hex(b) + hex(c);
}

/** With a one before it that is cut off again, so that leading zeros stay. */
export const hex = (value: number): string => ((value >>> 0) + 2 ** 32).toString(16).slice(1);
