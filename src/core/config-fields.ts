// Reading the fields of a configuration object: each getter takes one key and names it when it is wrong, and
// `end` refuses what nobody took.

import { InvalidInput } from "./failures.ts";

export class Fields {
  readonly path: string;
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #left: Set<string>;

  constructor(value: unknown, path: string) {
    this.path = path;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new InvalidInput(`${path === "" ? "the file" : path} must be an object`);
    }
    this.#values = new Map(Object.entries(value));
    this.#left = new Set(this.#values.keys());
  }

  get keys(): readonly string[] {
    return [...this.#values.keys()];
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** The nested object; an absent one is empty. */
  object(key: string): Fields {
    const value = this.#take(key);
    return new Fields(value === undefined ? {} : value, this.name(key));
  }

  text(key: string, isRight: (text: string) => boolean, rule: string): string | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    if (typeof value !== "string") throw new InvalidInput(`${this.name(key)} must be a string`);
    if (!isRight(value)) throw new InvalidInput(`${this.name(key)} ${rule}`);
    return value;
  }

  texts(key: string, isRight: (text: string) => boolean): readonly string[] | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    if (!isTextArray(value) || value.length === 0 || !value.every(isRight)) {
      throw new InvalidInput(`${this.name(key)} must be an array of strings that are not empty`);
    }
    return value;
  }

  /** An argument array whose program is named by an absolute path; no shell is involved. */
  command(key: string): readonly string[] | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    if (!isTextArray(value) || value.some((part) => part.includes("\0")) || !/^\/./.test(value[0] ?? "")) {
      throw new InvalidInput(
        `${this.name(key)} must be an array of strings that starts with an absolute path`,
      );
    }
    return value;
  }

  choice<T extends string>(key: string, allowed: readonly T[], otherwise: T): T {
    const value = this.#take(key);
    if (value === undefined) return otherwise;
    const found = allowed.find((choice) => choice === value);
    if (found === undefined) throw new InvalidInput(`${this.name(key)} must be one of ${allowed.join(", ")}`);
    return found;
  }

  choices<T extends string>(key: string, allowed: readonly T[]): readonly T[] | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    const found = Array.isArray(value) ? value.map((item) => allowed.find((choice) => choice === item)) : [];
    const known = found.filter((item) => item !== undefined);
    if (!Array.isArray(value) || known.length !== value.length || known.length === 0) {
      throw new InvalidInput(`${this.name(key)} must be an array of ${allowed.join(", ")}`);
    }
    if (new Set(known).size !== known.length)
      throw new InvalidInput(`${this.name(key)} names one of them twice`);
    return known;
  }

  integer(key: string, least: number, most: number, otherwise: number): number {
    const value = this.#take(key);
    if (value === undefined) return otherwise;
    if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
      throw new InvalidInput(`${this.name(key)} must be a whole number from ${least} to ${most}`);
    }
    return value;
  }

  /** Refuses every key that no getter asked for. */
  end(): void {
    const [unknown] = this.#left;
    if (unknown !== undefined) throw new InvalidInput(`${this.name(unknown)} is not a known key`);
  }

  name(key: string): string {
    const shown = key.replace(/[^\x20-\x7e]/g, "?").slice(0, 200);
    return this.path === "" ? shown : `${this.path}.${shown}`;
  }

  #take(key: string): unknown {
    this.#left.delete(key);
    return this.#values.get(key);
  }
}

function isTextArray(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
