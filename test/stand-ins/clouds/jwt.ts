// RS256 tokens: signing for the test's own issuer and service accounts, and the check that the stand-ins of STS
// and Google make. It accepts no other algorithm, whatever a header says.

import { createPublicKey, createSign, createVerify, type JsonWebKeyInput, type KeyObject } from "node:crypto";

export interface Jwks {
  keys: JsonWebKeyWithId[];
}
type JsonWebKeyWithId = JsonWebKeyInput["key"] & { kid?: string };

/** A key, a key set, the URL of one, or a function that finds it: whatever the issuer at hand offers. */
export type KeySource = KeyObject | Jwks | string | (() => Jwks | Promise<Jwks>);

export type Claims = Record<string, unknown>;

export class TokenRefused extends Error {
  readonly reason: "malformed" | "algorithm" | "signature" | "expired" | "not-yet" | "issuer" | "audience";

  constructor(reason: TokenRefused["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

export function signJwt(claims: Claims, key: KeyObject, kid?: string): string {
  const header = { alg: "RS256", typ: "JWT", ...(kid === undefined ? {} : { kid }) };
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${createSign("RSA-SHA256").update(signed).sign(key).toString("base64url")}`;
}

export interface TokenRules {
  keys: KeySource;
  issuer: string;
  audiences: readonly string[];
  nowMs: number;
}

/** Gives the claims or throws TokenRefused. */
export async function verifyJwt(token: string, rules: TokenRules): Promise<Claims> {
  const [header = "", payload = "", signature = "", ...rest] = token.split(".");
  if (signature === "" || rest.length > 0) throw new TokenRefused("malformed", "not a JWT");
  const { alg, kid } = decode(header);
  if (alg !== "RS256") throw new TokenRefused("algorithm", `algorithm ${String(alg)} is not accepted`);
  const claims = decode(payload);
  const key = await findKey(rules.keys, typeof kid === "string" ? kid : undefined);
  const verifier = createVerify("RSA-SHA256").update(`${header}.${payload}`);
  if (key === undefined || !verifier.verify(key, signature, "base64url")) {
    throw new TokenRefused("signature", "the signature does not verify");
  }
  checkClaims(claims, rules);
  return claims;
}

/** What a token says of itself, to find out whose rules it has to meet; empty when it says nothing readable. */
export function unverifiedClaims(token: string): Claims {
  try {
    return decode(token.split(".")[1] ?? "");
  } catch {
    return {};
  }
}

function checkClaims(claims: Claims, rules: TokenRules): void {
  const nowSeconds = rules.nowMs / 1000;
  if (claims.iss !== rules.issuer)
    throw new TokenRefused("issuer", `issuer ${String(claims.iss)} is unknown`);
  if (typeof claims.exp !== "number" || claims.exp <= nowSeconds) {
    throw new TokenRefused("expired", "the token has expired");
  }
  if (typeof claims.iat === "number" && claims.iat > nowSeconds + 300) {
    throw new TokenRefused("not-yet", "the token was issued in the future");
  }
  const audiences: unknown[] = Array.isArray(claims.aud) ? claims.aud : [claims.aud];
  if (!audiences.some((it) => typeof it === "string" && rules.audiences.includes(it))) {
    throw new TokenRefused("audience", `audience ${audiences.join()} is not ours`);
  }
}

async function findKey(source: KeySource, kid: string | undefined): Promise<KeyObject | undefined> {
  if (typeof source === "object" && "type" in source) return source;
  const jwks =
    typeof source === "string"
      ? await fetchJwks(source)
      : typeof source === "function"
        ? await source()
        : source;
  const key = jwks.keys.find((it) => kid === undefined || it.kid === undefined || it.kid === kid);
  return key && createPublicKey({ key, format: "jwk" });
}

async function fetchJwks(url: string): Promise<Jwks> {
  const response = await fetch(url);
  return (await response.json()) as Jwks;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(part: string): Claims {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    if (typeof value === "object" && value !== null) return { ...value };
  } catch {
    // Told below like every other bad token.
  }
  throw new TokenRefused("malformed", "not a JWT");
}
