// What the value of a registry secret means. Two first-party statements about its form contradict each other (base64
// of `user:password`, or plain), so the form is told from the value itself; no message may show any of it.

import type { ValueFormat } from "./config.ts";
import { isRecord } from "./entry.ts";
import { type Credential, Secret } from "./secret.ts";

export const NATIVE = "runner-native";

/** `native`: use the machine's identity; `bad`: `reason` says what is wrong without showing the value. */
export type SecretValue =
  | { readonly kind: "credential"; readonly credential: Credential }
  | { readonly kind: "native" }
  | { readonly kind: "bad"; readonly reason: string };

const NOT_A_PAIR = bad("is not user:password, base64 of it, a JSON object with both, or runner-native");

export function parseSecretValue(value: string, format: ValueFormat): SecretValue {
  const text = withoutNewline(value);
  if (text === NATIVE) return { kind: "native" };
  switch (format) {
    case "plain":
      return parsePlain(text) ?? NOT_A_PAIR;
    case "json":
      return (
        parseJson(text) ?? bad("is not a JSON object with username and password, as valueFormat demands")
      );
    case "base64":
      return parseBase64(text) ?? bad("is not base64 of user:password, as valueFormat demands");
    case "auto":
      return parseDirect(text) ?? parseBase64(text) ?? NOT_A_PAIR;
  }
}

/** Base64 has no colon and JSON always has one, so the order of the attempts decides nothing. */
function parseDirect(text: string): SecretValue | undefined {
  return parseJson(text) ?? parsePlain(text);
}

function parseJson(text: string): SecretValue | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(fields)) return undefined;
  const { username, password } = fields;
  if (typeof username !== "string" || typeof password !== "string") {
    return bad("is a JSON object without the strings username and password");
  }
  return pair(username, password);
}

function parsePlain(text: string): SecretValue | undefined {
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : pair(text.slice(0, colon), text.slice(colon + 1));
}

function parseBase64(text: string): SecretValue | undefined {
  const compact = text.replace(/[\r\n]/g, "");
  const match = /^([A-Za-z0-9+/_-]+)(={0,2})$/.exec(compact);
  const body = match?.[1]?.replaceAll("-", "+").replaceAll("_", "/");
  if (body === undefined || body.length % 4 === 1) return undefined;
  const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
  let decoded: string;
  try {
    decoded = withoutNewline(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
  return decoded === NATIVE ? { kind: "native" } : parseDirect(decoded);
}

function pair(username: string, password: string): SecretValue {
  if (username === NATIVE && password === NATIVE) return { kind: "native" };
  if (username === "") return bad("has an empty user name");
  if (/[\x00-\x1f\x7f]/.test(username)) return bad("has a control character in the user name");
  return { kind: "credential", credential: { username, secret: new Secret(password) } };
}

function withoutNewline(text: string): string {
  return text.replace(/\r?\n$/, "");
}

function bad(reason: string): { readonly kind: "bad"; readonly reason: string } {
  return { kind: "bad", reason };
}
