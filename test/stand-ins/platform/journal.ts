// The stand-in's journal: every request that arrived, in order, without what must not be written down.
// It must never hold a Bearer text, a secret value or an ID token.

import type { JsonValue } from "./seed.ts";

export interface JournalEntry {
  /** 1 for the first request since the start; clearing the journal does not reset it. */
  n: number;
  atMs: number;
  /** `GetSecretValue`, …; the path for anything else. */
  method: string;
  httpMethod: string;
  path: string;
  query: string;
  /** Label of the token, `none`, `malformed`, or `unknown-1`, `unknown-2`, … by order of first sight. */
  token: string;
  /** Lower-case names; the value of `authorization` is `<redacted>`. */
  headers: Record<string, string>;
  /** The parsed body, or its text if it is no JSON. Fields named `value` are redacted. */
  body: JsonValue;
  /** Kind of the fault that hit the request. */
  fault?: string;
  /** Status of the answer; 0 while there is none, or never was one. */
  status: number;
  /** Connect code of the answer. */
  code?: string;
}

export class Journal {
  readonly #entries: JournalEntry[] = [];
  #lastN = 0;

  get entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  /** Requests for that method. */
  of(method: string): readonly JournalEntry[] {
    return this.#entries.filter((entry) => entry.method === method);
  }

  count(method?: string): number {
    return method === undefined ? this.#entries.length : this.of(method).length;
  }

  /** One word per request, such as `GetSecretValue`, in order of arrival. */
  methods(): string[] {
    return this.#entries.map((entry) => entry.method);
  }

  add(entry: Omit<JournalEntry, "n">): JournalEntry {
    this.#lastN += 1;
    const numbered = { n: this.#lastN, ...entry };
    this.#entries.push(numbered);
    return numbered;
  }

  clear(): void {
    this.#entries.length = 0;
  }
}
