// A short name for a long key: four polynomials in one pass. It spreads, and that is all; whatever must withstand somebody
// who looks for collisions uses sha256.ts. A file in the cache says which key it belongs to, so two keys of one name only
// make each other absent.

/**
 * 24 hexadecimal digits, over UTF-16 units. Every sum stays below 2^31: in a fresh process, where nothing is compiled yet,
 * a product beyond that costs twenty times as much.
 */
export function shortDigest(text: string): string {
  let a = text.length & 0xffffff;
  let b = a;
  let c = a;
  let d = a;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index) + 1;
    a = (a * 59 + unit) & 0xffffff;
    b = (b * 83 + unit) & 0xffffff;
    c = (c * 101 + unit) & 0xffffff;
    d = (d * 127 + unit) & 0xffffff;
  }
  return sixDigits(a) + sixDigits(b) + sixDigits(c) + sixDigits(d);
}

const sixDigits = (value: number): string => (value + 2 ** 24).toString(16).slice(1);

/** With a one before it that is cut off again, so that leading zeros stay. */
export const hex = (value: number): string => ((value >>> 0) + 2 ** 32).toString(16).slice(1);
