// Real RS256 ID tokens with a key pair made at the first use, and the documents by which others verify them.
// The private key must never leave this process.

import { createHash, generateKeyPair, type KeyObject, sign } from "node:crypto";
import { promisify } from "node:util";
import type { JsonObject } from "./connect.ts";

export interface IdTokenClaims extends JsonObject {
  iss: string;
  aud: string | string[];
  iat: number;
  exp: number;
}

interface SigningKey {
  keyId: string;
  privateKey: KeyObject;
  jwk: JsonObject;
}

export const jwksPath = "/.well-known/jwks.json";
export const discoveryPath = "/.well-known/openid-configuration";

/** One key per process: making it takes longer than everything else here. */
let signingKey: Promise<SigningKey> | undefined;

async function makeKey(): Promise<SigningKey> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const { n = "", e = "" } = publicKey.export({ format: "jwk" });
  const keyId = createHash("sha256").update(n).digest("base64url").slice(0, 16);
  return { keyId, privateKey, jwk: { kty: "RSA", use: "sig", alg: "RS256", kid: keyId, n, e } };
}

function currentKey(): Promise<SigningKey> {
  signingKey ??= makeKey();
  return signingKey;
}

export async function signIdToken(claims: IdTokenClaims): Promise<string> {
  const { keyId, privateKey } = await currentKey();
  const signed = [{ alg: "RS256", typ: "JWT", kid: keyId }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${signed}.${sign("RSA-SHA256", Buffer.from(signed), privateKey).toString("base64url")}`;
}

export async function jwks(): Promise<JsonObject> {
  const { jwk } = await currentKey();
  return { keys: [jwk] };
}

export function discovery(issuer: string, origin: string): JsonObject {
  return {
    issuer,
    jwks_uri: `${origin}${jwksPath}`,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
  };
}
