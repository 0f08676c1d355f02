// The platform's answers, from JSON to named types (Connect unary, proto3 JSON: defaults are left out, unknown enum
// values appear as text or number). What does not fit is undefined, which the caller treats as an outage.

import type { Candidate } from "./candidate.ts";
import type { Scope } from "./config.ts";
import { isRecord } from "./entry.ts";
import { parseForeignJson } from "./foreign-json.ts";
import { parseRegistry } from "./registry.ts";

/** A Connect error body. */
export interface ConnectError {
  readonly code: string;
  /** From google.rpc.RetryInfo: a delay, `unusable` when the detail is there without one. */
  readonly retryDelayMs: number | "unusable" | undefined;
  /** Its text says that something has expired; for messages only, since texts are not part of the protocol. */
  readonly saysExpired: boolean;
}

export interface Identity {
  readonly subjectId: string;
  readonly principal: string;
  readonly organizationId: string;
}

/** A secret whose host is no registry. */
export interface SkippedSecret {
  readonly name: string;
}

export interface EnvironmentAnswer {
  readonly candidates: readonly Candidate[];
  readonly skipped: readonly SkippedSecret[];
  readonly scopeIds: Readonly<Partial<Record<Scope, string>>>;
}

export interface SecretsPage {
  readonly candidates: readonly Candidate[];
  readonly skipped: readonly SkippedSecret[];
  readonly nextToken: string;
}

/** In the order of the enum's numbers, for servers that send numbers. */
const SCOPE_NAMES: readonly (readonly [string, Scope | undefined])[] = [
  ["SCOPE_UNSPECIFIED", undefined],
  ["SCOPE_ORGANIZATION", "organization"],
  ["SCOPE_PROJECT", "project"],
  ["SCOPE_USER", "user"],
  ["SCOPE_SERVICE_ACCOUNT", "serviceAccount"],
  ["SCOPE_RUNNER", "runner"],
];

export function parseJson(body: Uint8Array): unknown {
  try {
    return parseForeignJson(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

export function parseConnectError(value: unknown): ConnectError | undefined {
  if (!isRecord(value) || typeof value.code !== "string" || !/^[a-z_]{2,40}$/.test(value.code))
    return undefined;
  const details = Array.isArray(value.details) ? value.details : [];
  const retryInfo = details.find((detail) => isRecord(detail) && detail.type === "google.rpc.RetryInfo");
  return {
    code: value.code,
    retryDelayMs: isRecord(retryInfo) ? retryDelayMs(retryInfo) : undefined,
    saysExpired: /\bexpired\b/i.test(text(value.message)),
  };
}

export function parseEnvironment(value: unknown): EnvironmentAnswer | undefined {
  if (!isRecord(value) || !isRecord(value.environment)) return undefined;
  const { metadata } = value.environment;
  const spec = value.environment.spec ?? {};
  // What is left out is none; what is there in another form is no answer, or a registry would silently be unmanaged.
  const secrets = isRecord(spec) ? (spec.secrets ?? []) : undefined;
  if (!Array.isArray(secrets)) return undefined;
  return { ...sorted(secrets.map((secret) => fromSpec(secret))), scopeIds: scopeIdsOf(metadata) };
}

export function parseSecretsPage(value: unknown, scope: Scope): SecretsPage | undefined {
  if (!isRecord(value)) return undefined;
  const secrets = value.secrets ?? [];
  const pagination = value.pagination ?? {};
  if (!Array.isArray(secrets) || !isRecord(pagination)) return undefined;
  return {
    ...sorted(secrets.map((secret) => fromList(secret, scope))),
    nextToken: text(pagination.nextToken),
  };
}

export function parseIdentityAnswer(value: unknown): Identity | undefined {
  if (!isRecord(value)) return undefined;
  const subject = isRecord(value.subject) ? value.subject : {};
  const principal = text(subject.principal);
  if (principal === "" && typeof value.organizationId !== "string") return undefined;
  return { subjectId: text(subject.id), principal, organizationId: text(value.organizationId) };
}

/** The value; an empty one is left out on the wire. */
export function parseValueAnswer(value: unknown): string | undefined {
  if (!isRecord(value)) return undefined;
  const secret = value.value ?? "";
  return typeof secret === "string" ? secret : undefined;
}

export function parseIdTokenAnswer(value: unknown): string | undefined {
  const token = isRecord(value) ? value.token : undefined;
  return typeof token === "string" && /^[\x21-\x7e]+$/.test(token) ? token : undefined;
}

type Listed = { readonly candidate: Candidate } | { readonly skipped: SkippedSecret } | undefined;

function sorted(listed: readonly Listed[]): { candidates: Candidate[]; skipped: SkippedSecret[] } {
  return {
    candidates: listed.flatMap((item) => (item !== undefined && "candidate" in item ? [item.candidate] : [])),
    skipped: listed.flatMap((item) => (item !== undefined && "skipped" in item ? [item.skipped] : [])),
  };
}

function fromSpec(secret: unknown): Listed {
  if (!isRecord(secret)) return undefined;
  const scope = SCOPE_NAMES.find(([name], number) => secret.scope === name || secret.scope === number)?.[1];
  const ref = text(secret.sourceRef) || text(secret.id);
  return toListed(secret, { ref, scope, revision: text(secret.session), source: secret.sourceDetails });
}

function fromList(secret: unknown, scope: Scope): Listed {
  if (!isRecord(secret)) return undefined;
  const ref = text(secret.id);
  const revision = text(secret.updatedAt) || text(secret.createdAt);
  return toListed(secret, { ref, scope, revision, source: secret.source });
}

interface Particulars {
  readonly ref: string;
  readonly scope: Scope | undefined;
  readonly revision: string;
  readonly source: unknown;
}

function toListed(secret: Record<string, unknown>, particulars: Particulars): Listed {
  const { containerRegistryBasicAuthHost: host } = secret;
  const { ref, scope, revision, source } = particulars;
  if (typeof host !== "string" || ref === "") return undefined;
  const registry = parseRegistry(host.trim(), "secret");
  const name = text(secret.name);
  if (registry?.kind !== "registry") return { skipped: { name } };
  const verbatim = !isRecord(source) || Object.keys(source).every((key) => key === "verbatim");
  return {
    candidate: { id: text(secret.id) || ref, ref, name, scope, revision, verbatim, registry: registry.key },
  };
}

function scopeIdsOf(metadata: unknown): Partial<Record<Scope, string>> {
  if (!isRecord(metadata)) return {};
  const ids: Partial<Record<Scope, string>> = {};
  const creator = isRecord(metadata.creator) ? metadata.creator : {};
  if (text(metadata.projectId) !== "") ids.project = text(metadata.projectId);
  if (text(metadata.organizationId) !== "") ids.organization = text(metadata.organizationId);
  if (text(creator.id) !== "" && creator.principal === "PRINCIPAL_USER") ids.user = text(creator.id);
  if (text(creator.id) !== "" && creator.principal === "PRINCIPAL_SERVICE_ACCOUNT") {
    ids.serviceAccount = text(creator.id);
  }
  return ids;
}

/** RetryInfo is `{1: Duration{1: seconds, 2: nanos}}`; `debug` repeats it as text and may be absent. */
function retryDelayMs(detail: Record<string, unknown>): number | "unusable" {
  const fields = typeof detail.value === "string" ? protobufFields(detail.value) : undefined;
  const duration = fields?.get(1);
  const inner = duration instanceof Uint8Array ? readFields(duration) : undefined;
  const seconds = inner?.get(1) ?? 0;
  const nanos = inner?.get(2) ?? 0;
  if (inner === undefined || typeof seconds !== "number" || typeof nanos !== "number") return "unusable";
  const delayMs = seconds * 1000 + Math.floor(nanos / 1e6);
  return delayMs > 0 ? delayMs : "unusable";
}

function protobufFields(base64: string): Map<number, number | Uint8Array> | undefined {
  try {
    return readFields(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

/** Varint and length-delimited fields, which is all that these messages have. */
function readFields(bytes: Uint8Array): Map<number, number | Uint8Array> | undefined {
  const fields = new Map<number, number | Uint8Array>();
  let at = 0;
  const varint = (): number => {
    let result = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) return Number.NaN;
      result += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return result;
    }
    return Number.NaN;
  };
  while (at < bytes.length) {
    const tag = varint();
    const value = varint();
    if (Number.isNaN(tag) || Number.isNaN(value)) return undefined;
    if ((tag & 7) === 0) fields.set(tag >> 3, value);
    else if ((tag & 7) === 2 && at + value <= bytes.length) {
      fields.set(tag >> 3, bytes.slice(at, at + value));
      at += value;
    } else return undefined;
  }
  return fields;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
