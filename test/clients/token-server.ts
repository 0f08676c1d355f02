// The authorization server beside a registry with token authentication: Basic, password and refresh-token grants.
// It must never grant a repository to somebody it does not know, and it notes which grant each client used.

import { createPrivateKey, type KeyObject, randomUUID, sign, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface TokenServer {
  realm: string;
  service: string;
  issuer: string;
  /** `basic alice`, `password alice`, `refresh_token alice`, `anonymous`, or `refused`, in order of arrival. */
  grants: string[];
  accounts: Map<string, string>;
  /** Refresh token to account. */
  refreshTokens: Map<string, string>;
  close(): Promise<void>;
}

interface Access {
  type: string;
  name: string;
  actions: string[];
}

const service = "clients-bed";
const issuer = "clients-bed-issuer";
const lifetimeSeconds = 300;
const refusal = { errors: [{ code: "UNAUTHORIZED", message: "unknown account" }] };

export async function startTokenServer(files: { key: string; certificate: string }): Promise<TokenServer> {
  const signer = {
    key: createPrivateKey(readFileSync(files.key)),
    x5c: new X509Certificate(readFileSync(files.certificate)).raw.toString("base64"),
  };
  const grants: string[] = [];
  const accounts = new Map<string, string>();
  const refreshTokens = new Map<string, string>();
  const server = createServer(async (request, response) => {
    const asked = await readRequest(request);
    const grant = judge(asked, accounts, refreshTokens);
    grants.push(grant.name);
    const body = grant.allowed ? tokenBody(signer, grant, asked.scopes) : refusal;
    response.writeHead(grant.allowed ? 200 : 401, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  });
  const port = await listen(server);
  const realm = `http://127.0.0.1:${port}/token`;
  return { realm, service, issuer, grants, accounts, refreshTokens, close: () => close(server) };
}

interface Asked {
  kind: "basic" | "password" | "refresh_token" | "anonymous";
  user: string;
  secret: string;
  scopes: string[];
}

interface Grant {
  allowed: boolean;
  name: string;
  /** Absent for an anonymous token, which opens nothing. */
  account?: string;
}

async function readRequest(request: IncomingMessage): Promise<Asked> {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const form = request.method === "POST" ? new URLSearchParams(await text(request)) : url.searchParams;
  const scopes = form.getAll("scope").flatMap((scope) => scope.split(" "));
  const kind = form.get("grant_type");
  if (kind === "refresh_token") return { kind, user: "", secret: form.get("refresh_token") ?? "", scopes };
  if (kind === "password") {
    return { kind, user: form.get("username") ?? "", secret: form.get("password") ?? "", scopes };
  }
  const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? "");
  if (basic?.[1] === undefined) return { kind: "anonymous", user: "", secret: "", scopes };
  const pair = Buffer.from(basic[1], "base64").toString("utf8");
  const colon = pair.indexOf(":");
  return { kind: "basic", user: pair.slice(0, colon), secret: pair.slice(colon + 1), scopes };
}

function judge(asked: Asked, accounts: Map<string, string>, refreshTokens: Map<string, string>): Grant {
  if (asked.kind === "anonymous") return { allowed: true, name: "anonymous" };
  const refused = { allowed: false, name: "refused" };
  const account = asked.kind === "refresh_token" ? refreshTokens.get(asked.secret) : asked.user;
  if (account === undefined) return refused;
  if (asked.kind !== "refresh_token" && accounts.get(asked.user) !== asked.secret) return refused;
  return { allowed: true, name: `${asked.kind} ${account}`, account };
}

function parseScope(scope: string): Access[] {
  const parts = /^([a-z]+):(.+):([a-z,*]+)$/.exec(scope);
  if (parts?.[1] === undefined || parts[2] === undefined || parts[3] === undefined) return [];
  return [{ type: parts[1], name: parts[2], actions: parts[3].split(",") }];
}

function tokenBody(signer: Signer, grant: Grant, scopes: readonly string[]): object {
  const access = grant.account === undefined ? [] : scopes.flatMap(parseScope);
  const token = issue(signer, grant.account ?? "", access);
  const issuedAt = new Date().toISOString();
  return { token, access_token: token, expires_in: lifetimeSeconds, issued_at: issuedAt };
}

interface Signer {
  key: KeyObject;
  x5c: string;
}

function issue(signer: Signer, sub: string, access: readonly Access[]): string {
  const now = Math.floor(Date.now() / 1000);
  const header = { typ: "JWT", alg: "RS256", x5c: [signer.x5c] };
  const times = { iat: now, nbf: now - 10, exp: now + lifetimeSeconds };
  const claims = { iss: issuer, sub, aud: service, jti: randomUUID(), ...times, access };
  const unsigned = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${unsigned}.${sign("RSA-SHA256", Buffer.from(unsigned), signer.key).toString("base64url")}`;
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
