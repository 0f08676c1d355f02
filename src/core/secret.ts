// A string that must not be printed. Every secret travels in one of these; only `expose()` gives it out, and
// it is called in few places: the answer of `get`, request headers, cache files, hashes.

const REDACTED = "[redacted]";

/** Wraps a secret so that logging, JSON, string concatenation and inspection show `[redacted]`. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  expose(): string {
    return this.#text;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return REDACTED;
  }
}

/** A user name with its secret, as a registry wants them. */
export interface Credential {
  readonly username: string;
  readonly secret: Secret;
}

export function isSameCredential(a: Credential, b: Credential): boolean {
  return a.username === b.username && a.secret.expose() === b.secret.expose();
}
