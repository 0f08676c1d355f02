// An issuer of ID tokens for tests that have no platform stand-in at hand: a key pair, its JWKS and tokens of any
// content. It keeps its private key in memory and listens nowhere.

import { generateKeyPairSync, type KeyObject, randomUUID } from "node:crypto";
import { type Claims, type Jwks, signJwt } from "./jwt.ts";

export interface Issuer {
  issuer: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
  jwks: Jwks;
  /** Ends in an hour, of the time given, unless the claims say otherwise. */
  token(audience: string, claims?: Claims, nowMs?: number): string;
}

export function newIssuer(issuer = "https://app.gitpod.io"): Issuer {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const kid = randomUUID();
  const jwks = { keys: [{ ...publicKey.export({ format: "jwk" }), kid, alg: "RS256", use: "sig" }] };
  const token = (audience: string, claims: Claims = {}, nowMs = Date.now()) => {
    const iat = Math.floor(nowMs / 1000);
    const sub = "organization_id:0192-org:project_id:0192-prj";
    return signJwt({ iss: issuer, aud: audience, sub, iat, exp: iat + 3600, ...claims }, privateKey, kid);
  };
  return { issuer, privateKey, publicKey, jwks, token };
}
