// Reading a Connect request: HTTP rules first, then the JSON body, as connect-go would judge them.
// It must never accept what the platform refuses: empty bodies, wrong types, other content types.

import type { IncomingMessage } from "node:http";
import { type Answer, bareAnswer, ConnectFailure, errorAnswer, type JsonObject } from "./connect.ts";
import type { JsonValue } from "./seed.ts";

const maxBodyBytes = 4 * 1024 * 1024;

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size <= maxBodyBytes) {
      chunks.push(bytes);
    }
  }
  return Buffer.concat(chunks);
}

/** The body as JSON for the journal; its text if it is none. */
export function looseJson(bytes: Buffer): JsonValue {
  const text = bytes.toString("utf8");
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}

/** The refusal of a request whose HTTP form is wrong, or undefined if the form is right. */
export function refusedForm(
  request: IncomingMessage,
  mayGet: boolean,
  contentType = "application/json",
): Answer | undefined {
  const { method, headers } = request;
  if (method !== "POST" && !(mayGet && method === "GET")) {
    return bareAnswer(405, { allow: mayGet ? "GET,POST" : "POST" });
  }
  const given = (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  if (method === "POST" && given !== contentType) {
    return bareAnswer(415, { "accept-post": contentType });
  }
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    return errorAnswer("unimplemented", `unknown compression "${encoding}"`);
  }
  const version = headers["connect-protocol-version"];
  if (version !== undefined && version !== "1") {
    return errorAnswer("invalid_argument", `connect-protocol-version must be "1": got "${version}"`);
  }
  const timeout = headers["connect-timeout-ms"];
  if (timeout !== undefined && !/^[0-9]{1,10}$/.test(String(timeout))) {
    return errorAnswer("invalid_argument", "protocol error: invalid connect-timeout-ms");
  }
  return undefined;
}

/** The request message of a POST body, or of the query of a Connect GET. */
export function decodeMessage(request: IncomingMessage, bytes: Buffer, query: URLSearchParams): JsonObject {
  const encoded = request.method === "GET" ? getMessage(query) : bytes;
  if (encoded.length === 0) {
    throw new ConnectFailure(
      "invalid_argument",
      "unmarshal message: zero-length payload is not a valid JSON object",
    );
  }
  let parsed: JsonValue;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(encoded)) as JsonValue;
  } catch {
    throw new ConnectFailure("invalid_argument", "unmarshal message: syntax error");
  }
  return asObject(parsed, "message") ?? {};
}

function getMessage(query: URLSearchParams): Buffer {
  if (query.get("encoding") !== "json") {
    throw new ConnectFailure("invalid_argument", "unsupported encoding of a GET request");
  }
  const text = query.get("message") ?? "";
  return query.get("base64") === "1" ? Buffer.from(text, "base64url") : Buffer.from(text);
}

/** A field by its camelCase name or its snake_case form; both at once is an error, `null` is absent. */
function field(body: JsonObject, name: string): JsonValue | undefined {
  const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const names = [...new Set([name, snake])].filter((key) => Object.hasOwn(body, key));
  if (names.length > 1) {
    throw new ConnectFailure("invalid_argument", `unmarshal message: duplicate field "${name}"`);
  }
  return names[0] === undefined ? undefined : (body[names[0]] ?? undefined);
}

export function stringField(body: JsonObject, name: string): string {
  const value = field(body, name) ?? "";
  if (typeof value !== "string") {
    throw wrongType(name);
  }
  return value;
}

/** An int32; proto3 JSON takes it as number or as decimal string. */
export function intField(body: JsonObject, name: string): number {
  const value = field(body, name) ?? 0;
  const asNumber = typeof value === "string" && /^-?[0-9]+$/.test(value) ? Number(value) : value;
  if (typeof asNumber !== "number" || !Number.isInteger(asNumber)) {
    throw wrongType(name);
  }
  return asNumber;
}

export function objectField(body: JsonObject, name: string): JsonObject | undefined {
  return asObject(field(body, name), name);
}

export function stringsField(body: JsonObject, name: string): string[] {
  const value = field(body, name) ?? [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    throw wrongType(name);
  }
  return value;
}

function asObject(value: JsonValue | undefined, name: string): JsonObject | undefined {
  if (value === undefined) {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw wrongType(name);
  }
  return value;
}

function wrongType(name: string): ConnectFailure {
  return new ConnectFailure("invalid_argument", `unmarshal message: wrong type for "${name}"`);
}
