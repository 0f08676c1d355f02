// What the journal may know of tokens and bodies: labels in place of Bearer texts, nothing in place of values.
// It must never return a Bearer text, not even of a token nobody issued.

import type { IncomingHttpHeaders } from "node:http";
import type { JsonValue, TokenSeed } from "./seed.ts";

const redacted = "<redacted>";

/** Gives each Bearer text its label, and the same text the same label for ever. */
export class TokenLabels {
  readonly #byText = new Map<string, string>();
  #unknownCount = 0;

  of(
    authorization: string | undefined,
    tokens: readonly TokenSeed[],
  ): { label: string; token: TokenSeed | undefined } {
    if (authorization === undefined) {
      return { label: "none", token: undefined };
    }
    const text = /^Bearer ([^\s]+)$/.exec(authorization)?.[1];
    if (text === undefined) {
      return { label: "malformed", token: undefined };
    }
    const token = tokens.find((candidate) => candidate.token === text);
    const label = token?.label ?? this.#byText.get(text) ?? this.#nextUnknown();
    this.#byText.set(text, label);
    return { label, token };
  }

  #nextUnknown(): string {
    this.#unknownCount += 1;
    return `unknown-${this.#unknownCount}`;
  }
}

export function redactedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const secretHeaders = new Set(["authorization", "proxy-authorization", "cookie"]);
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      secretHeaders.has(name) ? redacted : String(value),
    ]),
  );
}

export function redactedBody(body: JsonValue): JsonValue {
  if (typeof body !== "object" || body === null) {
    return body;
  }
  if (Array.isArray(body)) {
    return body.map(redactedBody);
  }
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, name === "value" ? redacted : redactedBody(value)]),
  );
}
