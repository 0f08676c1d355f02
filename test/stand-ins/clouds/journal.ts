// What reached a stand-in and what became of it. It never holds a secret: those are replaced by a fingerprint,
// so that a test can still see whether two requests carried the same one.

import { createHash } from "node:crypto";
import type { Fault } from "./faults.ts";

export interface JournalEntry {
  service: string;
  operation: string;
  method: string;
  host: string;
  path: string;
  headers: Record<string, string>;
  /** Fields of the query and of a form or JSON body. */
  fields: Record<string, string>;
  atMs: number;
  /** Undefined as long as nothing was answered. */
  status: number | undefined;
  /** The error code of the service, when it refused. */
  code: string | undefined;
  /** Who asked, as far as the stand-in could prove it. */
  principal: string | undefined;
  /** The signing region, for signed requests. */
  region: string | undefined;
  fault: Fault["kind"] | undefined;
}

const SECRET_HEADERS = new Set([
  "x-amz-security-token",
  "x-aws-ec2-metadata-token",
  "cookie",
  "proxy-authorization",
]);
const SECRET_FIELDS = new Set([
  "WebIdentityToken",
  "assertion",
  "refresh_token",
  "client_secret",
  "subject_token",
  "access_token",
]);

export function fingerprint(secret: string): string {
  return `sha256:${createHash("sha256").update(secret).digest("hex").slice(0, 12)}`;
}

function redactAuthorization(value: string): string {
  const signature = /Signature=[0-9a-f]+/;
  return signature.test(value) ? value.replace(signature, "Signature=redacted") : fingerprint(value);
}

export function redactHeaders(headers: Record<string, string>): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name === "authorization") shown[name] = redactAuthorization(value);
    else shown[name] = SECRET_HEADERS.has(name) ? fingerprint(value) : value;
  }
  return shown;
}

export function redactFields(fields: Record<string, string>): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(fields)) {
    shown[name] = SECRET_FIELDS.has(name) ? fingerprint(value) : value;
  }
  return shown;
}

export class Journal {
  readonly entries: JournalEntry[] = [];

  /** Requests, whatever became of them. */
  count(operation?: string): number {
    return this.#of(operation).length;
  }

  /** Requests that got what they asked for. */
  granted(operation?: string): number {
    return this.#of(operation).filter((it) => it.status === 200 && it.fault === undefined).length;
  }

  last(operation?: string): JournalEntry | undefined {
    return this.#of(operation).at(-1);
  }

  clear(): void {
    this.entries.length = 0;
  }

  #of(operation: string | undefined): JournalEntry[] {
    return operation === undefined ? this.entries : this.entries.filter((it) => it.operation === operation);
  }
}
