// Recomputes an AWS signature (version 4) from the keys of the ring. It never takes a word of the request for
// granted: every field that the signature covers goes through the hash again.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { AccessKey, KeyRing } from "./key-ring.ts";
import type { Asked } from "./stand-in.ts";

export type SignatureFault =
  | "missing"
  | "incomplete"
  | "unknown-key"
  | "wrong-token"
  | "token-expired"
  | "skewed"
  | "scope"
  | "mismatch";

export type Verdict =
  | { kind: "signed"; key: AccessKey; region: string }
  | { kind: "refused"; fault: SignatureFault; message: string; region?: string };

export interface Expectation {
  service: string;
  /** True for a signing region that this API answers for. */
  isOwnRegion(region: string): boolean;
  ring: KeyRing;
  nowMs: number;
}

interface Claim {
  accessKeyId: string;
  day: string;
  region: string;
  service: string;
  signedHeaders: string[];
  signature: string;
}

const MAX_SKEW_MS = 5 * 60_000;
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([A-Z0-9]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;

export function verifySignature(asked: Asked, expected: Expectation): Verdict {
  const authorization = asked.headers.authorization;
  if (authorization === undefined) return refused("missing", "Missing Authentication Token");
  const claim = parseClaim(authorization);
  const signedAtMs = parseAmzDate(asked.headers["x-amz-date"]);
  if (claim === undefined || signedAtMs === undefined || !coversEnough(claim, asked)) {
    return refused("incomplete", "Authorization header does not hold a complete signature version 4");
  }
  const key = expected.ring.find(claim.accessKeyId);
  const refusal =
    key === undefined
      ? refused("unknown-key", "The security token included in the request is invalid.")
      : (tokenRefusal(key, asked, expected.nowMs) ??
        skewRefusal(signedAtMs, asked.headers["x-amz-date"] ?? "", expected.nowMs) ??
        scopeRefusal(claim, asked, expected) ??
        signatureRefusal(claim, asked, key));
  if (key === undefined || refusal !== undefined) {
    return { ...(refusal ?? refused("unknown-key", "")), region: claim.region };
  }
  return { kind: "signed", key, region: claim.region };
}

function refused(fault: SignatureFault, message: string): Verdict & { kind: "refused" } {
  return { kind: "refused", fault, message };
}

function parseClaim(authorization: string): Claim | undefined {
  const parts = AUTHORIZATION.exec(authorization);
  if (parts === null) return undefined;
  const [, accessKeyId = "", day = "", region = "", service = "", signedHeaders = "", signature = ""] = parts;
  return { accessKeyId, day, region, service, signedHeaders: signedHeaders.split(";"), signature };
}

function parseAmzDate(value: string | undefined): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(value ?? "");
  if (parts === null) return undefined;
  const [, y, mo, d, h, mi, s] = parts.map(Number);
  return Date.UTC(y ?? 0, (mo ?? 1) - 1, d, h, mi, s);
}

/** What must be under the signature, or it could be exchanged on the way. */
function coversEnough(claim: Claim, asked: Asked): boolean {
  const must = ["host", "x-amz-date"];
  for (const name of ["x-amz-security-token", "x-amz-target", "content-type"]) {
    if (asked.headers[name] !== undefined) must.push(name);
  }
  const inOrder = claim.signedHeaders.join() === [...claim.signedHeaders].sort().join();
  return inOrder && must.every((name) => claim.signedHeaders.includes(name));
}

function tokenRefusal(key: AccessKey, asked: Asked, nowMs: number) {
  if (asked.headers["x-amz-security-token"] !== key.sessionToken) {
    return refused("wrong-token", "The security token included in the request is invalid.");
  }
  if (key.expiresAtMs !== undefined && key.expiresAtMs <= nowMs) {
    return refused("token-expired", "The security token included in the request is expired");
  }
  return undefined;
}

function skewRefusal(signedAtMs: number, signedAt: string, nowMs: number) {
  const now = amzDate(nowMs);
  if (signedAtMs < nowMs - MAX_SKEW_MS) {
    const limit = amzDate(nowMs - MAX_SKEW_MS);
    return refused("skewed", `Signature expired: ${signedAt} is now earlier than ${limit} (${now} - 5 min.)`);
  }
  if (signedAtMs > nowMs + MAX_SKEW_MS) {
    const limit = amzDate(nowMs + MAX_SKEW_MS);
    return refused(
      "skewed",
      `Signature not yet current: ${signedAt} is still later than ${limit} (${now} + 5 min.)`,
    );
  }
  return undefined;
}

function scopeRefusal(claim: Claim, asked: Asked, expected: Expectation) {
  if (claim.service !== expected.service) {
    return refused("scope", `Credential should be scoped to correct service: '${expected.service}'. `);
  }
  if (!expected.isOwnRegion(claim.region)) {
    return refused("scope", `Credential should be scoped to a valid region, not '${claim.region}'. `);
  }
  if (claim.day !== asked.headers["x-amz-date"]?.slice(0, 8)) {
    return refused("scope", "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date");
  }
  return undefined;
}

function signatureRefusal(claim: Claim, asked: Asked, key: AccessKey) {
  const scope = `${claim.day}/${claim.region}/${claim.service}/aws4_request`;
  const toSign = [
    "AWS4-HMAC-SHA256",
    asked.headers["x-amz-date"] ?? "",
    scope,
    sha256(canonicalRequest(claim, asked)),
  ].join("\n");
  let signingKey: Buffer = Buffer.from(`AWS4${key.secretAccessKey}`);
  for (const part of scope.split("/")) signingKey = createHmac("sha256", signingKey).update(part).digest();
  const calculated = createHmac("sha256", signingKey).update(toSign).digest();
  if (timingSafeEqual(calculated, Buffer.from(claim.signature, "hex"))) return undefined;
  return refused(
    "mismatch",
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
  );
}

function canonicalRequest(claim: Claim, asked: Asked): string {
  const headers = claim.signedHeaders.map(
    (name) => `${name}:${(asked.headers[name] ?? "").trim().replace(/ +/g, " ")}\n`,
  );
  return [
    asked.method,
    asked.path.split("/").map(encodeStrictly).join("/"),
    canonicalQuery(asked.query),
    headers.join(""),
    claim.signedHeaders.join(";"),
    sha256(asked.body),
  ].join("\n");
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .map(([name, value]) => `${encodeStrictly(name)}=${encodeStrictly(value)}`)
    .sort()
    .join("&");
}

function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function amzDate(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, "");
}
