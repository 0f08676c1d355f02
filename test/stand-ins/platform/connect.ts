// The Connect unary JSON protocol, server side: error codes, proto3 JSON output rules, ready-made answers.
// It must never write a default value: proto3 JSON leaves it out, and clients have to live with that.

import type { ConnectCode } from "./fault-seed.ts";
import type { JsonValue } from "./seed.ts";

export type JsonObject = { [key: string]: JsonValue };

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
  /** The Connect code, for the journal. */
  code?: string;
}

/** What a method throws to answer with a Connect error. */
export class ConnectFailure extends Error {
  readonly code: ConnectCode;

  constructor(code: ConnectCode, message: string) {
    super(message);
    this.code = code;
  }
}

const statusByCode: Record<ConnectCode, number> = {
  canceled: 499,
  unknown: 500,
  invalid_argument: 400,
  deadline_exceeded: 504,
  not_found: 404,
  already_exists: 409,
  permission_denied: 403,
  resource_exhausted: 429,
  failed_precondition: 400,
  aborted: 409,
  out_of_range: 400,
  unimplemented: 501,
  internal: 500,
  unavailable: 503,
  data_loss: 500,
  unauthenticated: 401,
};

export function jsonAnswer(json: JsonValue, status = 200, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    body: Buffer.from(JSON.stringify(json)),
  };
}

export interface ErrorExtras {
  status?: number;
  details?: JsonValue[];
  headers?: Record<string, string>;
}

export function errorAnswer(code: ConnectCode, message: string, extras: ErrorExtras = {}): Answer {
  const details = extras.details === undefined ? {} : { details: extras.details };
  const body = { code, ...(message === "" ? {} : { message }), ...details };
  return { ...jsonAnswer(body, extras.status ?? statusByCode[code], extras.headers), code };
}

export function bareAnswer(status: number, headers: Record<string, string> = {}): Answer {
  return { status, headers, body: Buffer.alloc(0) };
}

/** A proto3 JSON message: `fields` without their defaults, and `oneof` as it is. */
export function message(
  fields: Record<string, JsonValue | undefined>,
  oneof: Record<string, JsonValue> = {},
): JsonObject {
  const out: JsonObject = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && !isDefault(value)) {
      out[name] = value;
    }
  }
  return { ...out, ...oneof };
}

function isDefault(value: JsonValue): boolean {
  if (Array.isArray(value)) {
    return value.length === 0;
  }
  if (typeof value === "string") {
    return value === "" || value.endsWith("_UNSPECIFIED");
  }
  return value === null || value === false || value === 0;
}

/** The bytes of `google.rpc.RetryInfo` in unpadded base64, as they stand in an error detail. */
export function retryInfoValue(delayMs: number): string {
  const seconds = Math.trunc(delayMs / 1000);
  const nanos = Math.trunc((delayMs % 1000) * 1e6);
  const duration = [
    ...(seconds === 0 ? [] : [0x08, ...varint(BigInt(seconds))]),
    ...(nanos === 0 ? [] : [0x10, ...varint(BigInt(nanos))]),
  ];
  return Buffer.from([0x0a, duration.length, ...duration])
    .toString("base64")
    .replaceAll("=", "");
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}
