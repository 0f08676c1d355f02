// Access and refresh tokens of a registry: issued, checked, revoked. Opaque, or signed as Debian's registry wants them.
// An access token must never be worth more than the actions it was issued for.

import { createPublicKey, createVerify, randomBytes, sign, X509Certificate } from "node:crypto";
import { makeLoopbackCertificate } from "../platform/certificate.ts";
import type { RegistryAction } from "./registry-users.ts";

export interface Grant {
  repository: string;
  actions: RegistryAction[];
}

export interface AccessToken {
  username: string;
  grants: Grant[];
  expiresAtMs: number;
}

export interface RegistryTokensOptions {
  /** `signed`: an ES256 JWT with its certificate in `x5c`. Default `opaque`. */
  format?: "opaque" | "signed";
  /** Default 300. */
  lifetimeSeconds?: number;
}

export const tokenService = "small-registry";
export const tokenIssuer = "small-registry-tokens";

export class RegistryTokens {
  readonly lifetimeSeconds: number;
  /** PEM of the authority behind signed tokens, for another registry to trust. */
  readonly authority: string;
  readonly #format: "opaque" | "signed";
  readonly #certificate = makeLoopbackCertificate();
  readonly #access = new Map<string, AccessToken>();
  readonly #refresh = new Map<string, string>();

  constructor({ format = "opaque", lifetimeSeconds = 300 }: RegistryTokensOptions) {
    this.#format = format;
    this.lifetimeSeconds = lifetimeSeconds;
    this.authority = this.#certificate.ca;
  }

  issue(username: string, grants: Grant[]): string {
    const expiresAtMs = Date.now() + this.lifetimeSeconds * 1000;
    const access = { username, grants, expiresAtMs };
    const token = this.#format === "opaque" ? randomBytes(24).toString("base64url") : this.#signed(access);
    this.#access.set(token, access);
    return token;
  }

  /** What a token is worth now; undefined if it is unknown, revoked, expired or badly signed. */
  check(token: string): AccessToken | undefined {
    const access = this.#access.get(token);
    const isRight = access !== undefined && access.expiresAtMs > Date.now();
    return isRight && (this.#format === "opaque" || this.#isSigned(token)) ? access : undefined;
  }

  issueRefresh(username: string): string {
    const token = randomBytes(24).toString("base64url");
    this.#refresh.set(token, username);
    return token;
  }

  refreshUser(token: string): string | undefined {
    return this.#refresh.get(token);
  }

  /** All tokens of that user, or of everybody. */
  revoke(username?: string): void {
    for (const [token, access] of this.#access) {
      if (username === undefined || access.username === username) {
        this.#access.delete(token);
      }
    }
    for (const [token, user] of this.#refresh) {
      if (username === undefined || user === username) {
        this.#refresh.delete(token);
      }
    }
  }

  #signed({ username, grants, expiresAtMs }: AccessToken): string {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const x5c = [new X509Certificate(this.#certificate.cert).raw.toString("base64")];
    const claims = {
      iss: tokenIssuer,
      sub: username,
      aud: tokenService,
      exp: Math.floor(expiresAtMs / 1000),
      nbf: nowSeconds - 10,
      iat: nowSeconds,
      jti: randomBytes(8).toString("hex"),
      access: grants.map(({ repository, actions }) => ({ type: "repository", name: repository, actions })),
    };
    const text = [{ typ: "JWT", alg: "ES256", x5c }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    const key = { key: this.#certificate.key, dsaEncoding: "ieee-p1363" } as const;
    return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
  }

  #isSigned(token: string): boolean {
    const [header, claims, signature = ""] = token.split(".");
    const key = createPublicKey(this.#certificate.cert);
    return createVerify("sha256")
      .update(`${header}.${claims}`)
      .verify({ key, dsaEncoding: "ieee-p1363" }, signature, "base64url");
  }
}
