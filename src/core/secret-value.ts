// What the value of a registry secret means. Two first-party statements about its form contradict each other (base64
// of `user:password`, or plain), so the form is told from the value itself; no message may show any of it.

import type { ValueFormat } from "./config.ts";
import { isRecord } from "./entry.ts";
import { parseForeignJson } from "./foreign-json.ts";
import { type Credential, Secret } from "./secret.ts";
import { invalidAt } from "./strict-json.ts";
import { hasControl, withoutByteOrderMark } from "./text.ts";

export const NATIVE = "runner-native";

/** `native`: use the machine's identity; `bad`: `reason` says what is wrong without showing the value. */
export type SecretValue =
  | { readonly kind: "credential"; readonly credential: Credential }
  | { readonly kind: "native" }
  | { readonly kind: "bad"; readonly reason: string };

const NOT_A_PAIR = bad("is not user:password, base64 of it, a JSON object with both, or runner-native");

export function parseSecretValue(value: string, format: ValueFormat): SecretValue {
  const text = withoutNewline(withoutByteOrderMark(value));
  if (text === NATIVE) return { kind: "native" };
  switch (format) {
    case "plain":
      return parsePlain(text) ?? NOT_A_PAIR;
    case "json":
      return startsLikeJson(text)
        ? parseJson(text)
        : bad("is not a JSON object with username and password, as valueFormat demands");
    case "base64":
      return parseBase64(text) ?? bad("is not base64 of user:password, as valueFormat demands");
    case "auto":
      return parseDirect(text) ?? parseBase64(text) ?? NOT_A_PAIR;
  }
}

/** Base64 has no colon and JSON always has one, so the order of the attempts decides nothing. */
function parseDirect(text: string): SecretValue | undefined {
  return parseMeantOtherwise(text) ?? parsePlain(text);
}

/** What is plainly written in another form must never be split at its first colon. */
function parseMeantOtherwise(text: string): SecretValue | undefined {
  if (isTemplate(text)) return bad("is a template that was never filled in");
  if (startsLikeJson(text)) return parseJson(text);
  if (/^\s*["']/.test(text)) return bad("is a quoted string; store it without the quotes");
  if (isMapOfLines(text)) return bad("is a map of two lines; store user:password or a JSON object");
  return undefined;
}

const startsLikeJson = (text: string): boolean => /^\s*[{[]/.test(text);

function parseJson(marked: string): SecretValue {
  const text = marked.replace(/^([ \t\r\n]*)\ufeff/, "$1");
  let fields: unknown;
  try {
    fields = parseForeignJson(text);
  } catch {
    return bad(`looks like JSON but is not (${positionOfError(text)})`);
  }
  if (!isRecord(fields)) return bad("is a JSON array, not an object with username and password");
  const { username, password } = fields;
  if (typeof username !== "string" || typeof password !== "string") {
    return bad("is a JSON object without the strings username and password");
  }
  return pair(username, password);
}

/** Never more than the position: what stands there is part of the value. */
function positionOfError(text: string): string {
  const position = invalidAt(text);
  return position === undefined ? "nested too deeply" : `line ${position.line}, column ${position.column}`;
}

/** `{{ … }}` as the whole value or one half of it, or in the user name. */
function isTemplate(text: string): boolean {
  const colon = text.indexOf(":");
  const password = colon < 0 ? "" : text.slice(colon + 1);
  const user = colon < 0 ? text : text.slice(0, colon);
  return (
    /\{\{[^{}]*\}\}/.test(user) || /^\s*\{\{.*\}\}\s*$/s.test(password) || /^\s*\{\{.*\}\}\s*$/s.test(text)
  );
}

// A list's dash, a shell's `export` and a prefix such as `DOCKER_` belong to a key.
const USER_LINE = /^\s*(?:-\s+|export\s+)?["']?(?:[a-z0-9]+[-_.])*(?:user(?:[-_ ]?name)?|login)["']?\s*[:=]/i;
const PASSWORD_LINE =
  /^\s*(?:-\s+|export\s+)?["']?(?:[a-z0-9]+[-_.])*(?:pass(?:word|wd|phrase)?|pwd|secret|token)["']?\s*[:=]/i;

/** YAML or the like: one line names a user, another a password. */
function isMapOfLines(text: string): boolean {
  const lines = text.split(/\r\n|\r|\n/);
  return lines.some((line) => USER_LINE.test(line)) && lines.some((line) => PASSWORD_LINE.test(line));
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
    // The decoder drops a byte-order mark.
    decoded = withoutNewline(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  return decoded === NATIVE ? { kind: "native" } : parseDirect(decoded);
}

function pair(username: string, password: string): SecretValue {
  if (username === NATIVE && password === NATIVE) return { kind: "native" };
  if (username === "") return bad("has an empty user name");
  if (hasControl(username)) return bad("has a control character in the user name");
  return { kind: "credential", credential: { username, secret: new Secret(password) } };
}

function withoutNewline(text: string): string {
  return text.replace(/\r?\n$/, "");
}

function bad(reason: string): { readonly kind: "bad"; readonly reason: string } {
  return { kind: "bad", reason };
}
