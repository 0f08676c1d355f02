// Docker's credential-helper protocol: its fixed phrases, how stdin is read and how answers are written.
// Nothing here may echo a payload; refusals describe what is wrong, not what was sent.
// Source of the phrases: docker/docker-credential-helpers, credentials/error.go.

import { InvalidInput } from "./failures.ts";
import { parseForeignJson } from "./foreign-json.ts";
import { type Credential, Secret } from "./secret.ts";
import { hasControl } from "./text.ts";

export const NOT_FOUND = "credentials not found in native keychain";
export const NO_SERVER_URL = "no credentials server URL";
export const NO_USERNAME = "no credentials username";
export const PROTOCOL_VERBS = ["store", "get", "erase", "list", "version"] as const;

const NAME = "docker-credential-ona";
/** Largest text that may name a registry or a user, in bytes. */
const MAX_FIELD_BYTES = 64 * 1024;
/** Largest payload of `store`, in bytes. */
export const MAX_STORE_BYTES = 1024 * 1024;

/** What `store` was handed. */
export interface StoreRequest {
  readonly serverUrl: string;
  readonly credential: Credential;
}

export const usage = (): string =>
  `Usage: ${NAME} <${PROTOCOL_VERBS.join("|")}>\n(get and erase read the server from stdin, store reads JSON)`;
export const unknownAction = (verb: string): string => `${NAME}: unknown action: ${oneLine(verb)}`;
export const extraArgument = (): string => `${usage()}\nget takes no argument: the server goes to stdin`;

/** The server URL on stdin of `get` and `erase`, trimmed. Throws an InvalidInput whose message is the whole line that is printed. */
export function readServerUrl(input: Uint8Array): string {
  const stdin = input[0] === 0xef ? withoutMark(input) : input;
  if (isBlank(stdin)) throw new InvalidInput(NO_SERVER_URL);
  if (stdin.length > MAX_FIELD_BYTES) throw new InvalidInput(`${NAME}: the server URL is longer than 64 KiB`);
  const plain = printableAscii(stdin);
  if (plain !== undefined) {
    const isBare = plain.charCodeAt(0) !== 0x20 && plain.charCodeAt(plain.length - 1) !== 0x20;
    return isBare ? plain : trimmed(plain, " ", " ");
  }
  return checkedField(decodeUtf8(stdin, "the server URL"), "the server URL");
}

/** The payload of `store`. Keys in any letter case, as Go's decoder reads them. Throws an InvalidInput whose message is the whole line that is printed. */
export function readStoreRequest(stdin: Uint8Array): StoreRequest {
  if (stdin.length > MAX_STORE_BYTES) throw new InvalidInput(`${NAME}: the payload is larger than 1 MiB`);
  const text = decodeUtf8(withoutMark(stdin), "the payload");
  const fields = storeFields(text);
  const serverUrl = stringField(fields, "serverurl");
  if (serverUrl.trim() === "") throw new InvalidInput(NO_SERVER_URL);
  const username = stringField(fields, "username");
  if (/^[\r\n]*$/.test(username)) throw new InvalidInput(NO_USERNAME);
  if (hasControl(trimmed(username, "", "\r\n")))
    throw new InvalidInput(`${NAME}: the user name contains a control character`);
  const secret = stringField(fields, "secret");
  return {
    serverUrl: checkedField(serverUrl, "the server URL"),
    credential: { username: checkedField(username, "the user name", "keep"), secret: new Secret(secret) },
  };
}

/** The answer of a successful `get`. The key order is Docker's. */
export function credentialAnswer(serverUrl: string, credential: Credential): string {
  return `${JSON.stringify({
    ServerURL: serverUrl,
    Username: credential.username,
    Secret: credential.secret.expose(),
  })}\n`;
}

function storeFields(text: string): ReadonlyMap<string, unknown> {
  let value: unknown;
  try {
    value = parseForeignJson(text);
  } catch {
    throw new InvalidInput(`${NAME}: the payload is not one JSON object`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidInput(`${NAME}: the payload is not one JSON object`);
  }
  return new Map(Object.entries(value).map(([key, field]) => [key.toLowerCase(), field]));
}

function stringField(
  fields: ReadonlyMap<string, unknown>,
  name: "serverurl" | "username" | "secret",
): string {
  const value = fields.get(name) ?? "";
  if (typeof value !== "string") throw new InvalidInput(`${NAME}: ${name} in the payload is not a string`);
  return value;
}

function checkedField(text: string, what: string, spaces: "trim" | "keep" = "trim"): string {
  if (new TextEncoder().encode(text).length > MAX_FIELD_BYTES)
    throw new InvalidInput(`${NAME}: ${what} is longer than 64 KiB`);
  const field = spaces === "keep" ? trimmed(text, "", "\r\n") : trimmed(text, " \t", " \t\r\n");
  if (/[\x00-\x1f\x7f]/.test(field)) throw new InvalidInput(`${NAME}: ${what} contains a control character`);
  if (!field.isWellFormed()) throw new InvalidInput(`${NAME}: ${what} is not valid UTF-8`);
  return field;
}

/** Trims in linear time; a pattern anchored at the end would be quadratic on hostile input. */
function trimmed(text: string, atStart: string, atEnd: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && atStart.includes(text.charAt(start))) start += 1;
  while (end > start && atEnd.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InvalidInput(`${NAME}: ${what} is not valid UTF-8`);
  }
}

/** Without the byte-order mark that some editors put in front. */
function withoutMark(bytes: Uint8Array): Uint8Array {
  return bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** The usual input, which needs no decoder and no pattern: printable ASCII, then perhaps line ends. */
function printableAscii(bytes: Uint8Array): string | undefined {
  let end = bytes.length;
  while (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d) end -= 1;
  let text = "";
  for (let index = 0; index < end; index += 1) {
    const byte = bytes[index] ?? 0;
    if (byte < 0x20 || byte > 0x7e) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

function isBlank(bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d && byte !== 0x0a) return false;
  }
  return true;
}

const oneLine = (text: string): string => text.replace(/[^\x20-\x7e]+/g, "?").slice(0, 200);
