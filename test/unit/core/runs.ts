// How often a property is tried (a little at every save, much more when ONA_TEST_RUNS says so), and texts to try.

import fc from "fast-check";

export function numRuns(usual: number): number {
  const asked = Number(process.env.ONA_TEST_RUNS ?? "");
  return Number.isInteger(asked) && asked > 0 ? asked : usual;
}

/** Any text at all, lone surrogates included; much quicker to set up than fast-check's own. */
export const anyText = (maxLength = 20): fc.Arbitrary<string> =>
  fc.string({ unit: fc.nat(0xff_ff).map((code) => String.fromCharCode(code)), maxLength });

/** Mostly the characters that formats are made of. */
export const asciiText = (maxLength = 20): fc.Arbitrary<string> =>
  fc.string({ unit: fc.nat(0x7f).map((code) => String.fromCharCode(code)), maxLength });
