// A small registry of ours, in memory: private, with Basic or token login, good enough to push to and pull from.
// It must never hand out a byte to somebody who is not logged in.

import type { IncomingMessage, ServerResponse } from "node:http";
import { type Listener, listen, type Tls } from "../platform/listener.ts";
import { type ApiAnswer, actionOf, apiAnswer, failure, targetOf } from "./registry-api.ts";
import { RegistryStore } from "./registry-store.ts";
import { answerTokenRequest, type TokenAnswer } from "./registry-token-endpoint.ts";
import { RegistryTokens, type RegistryTokensOptions, tokenService } from "./registry-tokens.ts";
import { basicCredentials, RegistryUsers, type RegistryUsersOptions } from "./registry-users.ts";

export interface RegistryOptions extends RegistryUsersOptions {
  /** Default `basic`. */
  auth?: "basic" | "token";
  tokens?: RegistryTokensOptions;
  /** Where it sends its logins; default its own token endpoint. */
  realm?: string;
  /** Answers HEAD with 405, as some registries do; clients then have to ask with GET. */
  refusesHead?: boolean;
  port?: number;
  tls?: Tls;
}

interface RegistryJournalEntry {
  httpMethod: string;
  path: string;
  status: number;
  /** How the request identified itself. */
  auth: "none" | "basic" | "bearer";
  /** Who it was found to be. */
  username?: string;
  /** Requests to the token endpoint: which way was taken. */
  grantType?: TokenAnswer["grantType"];
}

export interface Registry {
  /** `127.0.0.1:port`, as it stands in an image reference. */
  readonly host: string;
  readonly origin: string;
  readonly tokenRealm: string;
  readonly store: RegistryStore;
  readonly users: RegistryUsers;
  readonly tokens: RegistryTokens;
  readonly journal: RegistryJournalEntry[];
  close(): Promise<void>;
}

interface Context {
  auth: "basic" | "token";
  store: RegistryStore;
  users: RegistryUsers;
  tokens: RegistryTokens;
  journal: RegistryJournalEntry[];
  realm: string;
  refusesHead: boolean;
}

interface Arrived {
  request: IncomingMessage;
  url: URL;
  body: Buffer;
}

export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const context: Context = {
    auth: options.auth ?? "basic",
    store: new RegistryStore(),
    users: new RegistryUsers(options),
    tokens: new RegistryTokens(options.tokens ?? {}),
    journal: [],
    realm: "",
    refusesHead: options.refusesHead ?? false,
  };
  const listener: Listener = await listen(
    (request, response) => {
      handle(context, request, response).catch(() => response.destroy());
    },
    options.port,
    options.tls,
  );
  context.realm = options.realm ?? `${listener.origin}/token`;
  return {
    host: new URL(listener.origin).host,
    origin: listener.origin,
    tokenRealm: context.realm,
    store: context.store,
    users: context.users,
    tokens: context.tokens,
    journal: context.journal,
    close: () => listener.goDown(),
  };
}

async function handle(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(Buffer.from(chunk));
  }
  const url = new URL(request.url ?? "/", "http://registry");
  const arrived = { request, url, body: Buffer.concat(chunks) };
  const entry = newEntry(request, url);
  context.journal.push(entry);
  const answer =
    context.refusesHead && request.method === "HEAD" ? NO_HEAD : await answered(context, arrived, entry);
  entry.status = answer.status;
  response.writeHead(answer.status, {
    "docker-distribution-api-version": "registry/2.0",
    "content-length": answer.body.length,
    ...answer.headers,
  });
  response.end(request.method === "HEAD" ? undefined : answer.body);
}

const NO_HEAD: ApiAnswer = { status: 405, headers: { allow: "GET" }, body: Buffer.alloc(0) };

function answered(context: Context, arrived: Arrived, entry: RegistryJournalEntry): Promise<ApiAnswer> {
  return arrived.url.pathname === "/token" ? token(context, arrived, entry) : api(context, arrived, entry);
}

function newEntry({ method = "", headers }: IncomingMessage, url: URL): RegistryJournalEntry {
  const scheme = /^(basic|bearer) /i.exec(headers.authorization ?? "")?.[1]?.toLowerCase();
  const auth = scheme === "basic" || scheme === "bearer" ? scheme : "none";
  return { httpMethod: method, path: url.pathname, status: 0, auth };
}

async function token(
  { users, tokens }: Context,
  { request, url, body }: Arrived,
  entry: RegistryJournalEntry,
): Promise<ApiAnswer> {
  const { method = "", headers } = request;
  const asked = { httpMethod: method, headers, query: url.searchParams, body: body.toString("utf8") };
  const { status, json, grantType, username } = await answerTokenRequest(users, tokens, asked);
  entry.grantType = grantType;
  if (username !== undefined) {
    entry.username = username;
  }
  return {
    status,
    headers: { "content-type": "application/json" },
    body: Buffer.from(JSON.stringify(json)),
  };
}

async function api(context: Context, arrived: Arrived, entry: RegistryJournalEntry): Promise<ApiAnswer> {
  const { request, url, body } = arrived;
  const refused = await (context.auth === "basic" ? basicRefusal : tokenRefusal)(context, arrived, entry);
  return (
    refused ??
    apiAnswer(context.store, {
      httpMethod: request.method ?? "",
      path: url.pathname,
      query: withoutForeignMount(context, url.searchParams, entry.username ?? ""),
      contentType: request.headers["content-type"] ?? "",
      body,
    })
  );
}

/** A mount is a pull from another repository: who may not pull there uploads instead. */
function withoutForeignMount({ users }: Context, query: URLSearchParams, username: string): URLSearchParams {
  if (!users.allows(username, query.get("from") ?? "", "pull")) {
    query.delete("mount");
  }
  return query;
}

async function basicRefusal(
  { users }: Context,
  { request, url }: Arrived,
  entry: RegistryJournalEntry,
): Promise<ApiAnswer | undefined> {
  const credentials = basicCredentials(request.headers.authorization);
  if (credentials === undefined || !(await users.mayLogIn(...credentials))) {
    return unauthorized('Basic realm="small registry"');
  }
  const [username] = credentials;
  entry.username = username;
  const repository = targetOf(url.pathname)?.repository;
  const isAllowed =
    repository === undefined || users.allows(username, repository, actionOf(request.method ?? ""));
  return isAllowed ? undefined : failure(403, "DENIED", "requested access to the resource is denied");
}

async function tokenRefusal(
  { tokens, realm }: Context,
  { request, url }: Arrived,
  entry: RegistryJournalEntry,
): Promise<ApiAnswer | undefined> {
  const repository = targetOf(url.pathname)?.repository;
  const action = actionOf(request.method ?? "");
  const actions = action === "pull" ? "pull" : "pull,push";
  const scope = repository === undefined ? "" : `,scope="repository:${repository}:${actions}"`;
  const challenge = `Bearer realm="${realm}",service="${tokenService}"${scope}`;
  const text = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const access = tokens.check(text ?? "");
  if (access === undefined) {
    return unauthorized(text === undefined ? challenge : `${challenge},error="invalid_token"`);
  }
  entry.username = access.username;
  const isGranted = access.grants.some(
    (grant) => grant.repository === repository && grant.actions.includes(action),
  );
  return repository === undefined || isGranted
    ? undefined
    : unauthorized(`${challenge},error="insufficient_scope"`);
}

function unauthorized(challenge: string): ApiAnswer {
  return failure(401, "UNAUTHORIZED", "authentication required", { "www-authenticate": challenge });
}
