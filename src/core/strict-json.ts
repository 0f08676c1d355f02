// A strict JSON reader for files that people write: it says where one is wrong, refuses a key that stands twice and
// bounds the depth. JSON.parse does none of the three, and its messages differ between runtimes.

import { InvalidInput, type Position } from "./failures.ts";

const MAX_DEPTH = 20;

/** The value in `text`. Objects come without a prototype. Throws an InvalidInput with the position. */
export function parseStrictJson(text: string): unknown {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.space();
  if (!reader.atEnd()) reader.fail("unexpected text after the value");
  return value;
}

/** Where `text` is no strict JSON; undefined where it is. */
export function invalidAt(text: string): Position | undefined {
  try {
    parseStrictJson(text);
  } catch (error) {
    if (error instanceof InvalidInput) return error.position;
  }
  return undefined;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  fail(reason: string, offset = this.#at): never {
    const before = this.#text.slice(0, offset).split("\n");
    throw new InvalidInput(reason, { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 });
  }

  space(): void {
    this.#match(/[ \t\r\n]*/y);
  }

  value(depth: number): unknown {
    if (depth > MAX_DEPTH) this.fail("nested too deeply");
    this.space();
    const next = this.#text[this.#at];
    if (next === "{") return this.#object(depth);
    if (next === "[") return this.#array(depth);
    if (next === '"') return this.#string();
    const literal = this.#match(/true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y);
    if (literal === undefined) this.fail(next === undefined ? "unexpected end" : "expected a value");
    return JSON.parse(literal);
  }

  #object(depth: number): Record<string, unknown> {
    const fields: Record<string, unknown> = Object.create(null);
    this.#list("}", () => {
      const start = this.#at;
      const key = this.#string();
      if (key in fields) this.fail(`the key ${JSON.stringify(key)} stands twice`, start);
      this.space();
      if (!this.#take(":")) this.fail("expected ':'");
      fields[key] = this.value(depth + 1);
    });
    return fields;
  }

  #array(depth: number): unknown[] {
    const items: unknown[] = [];
    this.#list("]", () => items.push(this.value(depth + 1)));
    return items;
  }

  #list(close: string, item: () => void): void {
    this.#at += 1;
    this.space();
    if (this.#take(close)) return;
    for (;;) {
      this.space();
      item();
      this.space();
      if (this.#take(close)) return;
      if (!this.#take(",")) this.fail(this.atEnd() ? "unexpected end" : `expected ',' or '${close}'`);
    }
  }

  #string(): string {
    const literal = this.#match(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y);
    if (literal === undefined) this.fail(this.atEnd() ? "unexpected end" : "expected a string");
    return JSON.parse(literal);
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}
