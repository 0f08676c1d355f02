// What every check of `doctor` gives: facts for people, the same facts as data, and what it found.

import type { Seen } from "../../core/findings.ts";

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** A line of the screen: a name and what there is to say; `detail` lines are indented below. */
export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly details?: readonly string[];
}

export interface Checked {
  readonly facts: readonly Fact[];
  readonly data: Readonly<Record<string, Json | undefined>>;
  readonly seen: readonly Seen[];
}

/** Text of others: one line of printable characters. */
export function printable(text: string, most = 200): string {
  const line = text.replace(/[^\x20-\x7e]+/g, "?");
  return line.length > most ? `${line.slice(0, most)}...` : line;
}
