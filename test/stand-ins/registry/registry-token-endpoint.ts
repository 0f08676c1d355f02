// The token endpoint of a registry: GET with Basic, POST with a password or a refresh token.
// It must never issue an access token without a login, nor for more than the user is allowed.

import type { IncomingHttpHeaders } from "node:http";
import { type Grant, type RegistryTokens, tokenService } from "./registry-tokens.ts";
import { basicCredentials, type RegistryAction, type RegistryUsers } from "./registry-users.ts";

export interface TokenRequest {
  httpMethod: string;
  headers: IncomingHttpHeaders;
  query: URLSearchParams;
  body: string;
}

export interface TokenAnswer {
  status: number;
  json: Record<string, unknown>;
  /** Which way was taken, for the journal. */
  grantType: "basic" | "password" | "refresh_token" | "none";
  username?: string;
}

interface Login {
  username: string | undefined;
  grantType: TokenAnswer["grantType"];
}

export async function answerTokenRequest(
  users: RegistryUsers,
  tokens: RegistryTokens,
  request: TokenRequest,
): Promise<TokenAnswer> {
  const isPost = request.httpMethod === "POST";
  const parameters = isPost ? new URLSearchParams(request.body) : request.query;
  const { username, grantType } = isPost
    ? await formLogin(users, tokens, parameters)
    : await basicLogin(users, request.headers.authorization);
  if (parameters.get("service") !== tokenService) {
    return { status: 400, json: { error: "invalid_request", error_description: "wrong service" }, grantType };
  }
  if (username === undefined) {
    const json = { error: "invalid_grant", errors: [{ code: "UNAUTHORIZED", message: "login refused" }] };
    return { status: 401, json, grantType };
  }
  const grants = parameters
    .getAll("scope")
    .flatMap((scopes) => scopes.split(" "))
    .map((scope) => allowedPart(users, username, scope))
    .filter((grant) => grant !== undefined);
  const token = tokens.issue(username, grants);
  const isOffline = parameters.get("offline_token") === "true" || parameters.get("access_type") === "offline";
  return {
    status: 200,
    json: {
      access_token: token,
      ...(isPost ? {} : { token }),
      expires_in: tokens.lifetimeSeconds,
      issued_at: new Date().toISOString(),
      ...(isOffline ? { refresh_token: tokens.issueRefresh(username) } : {}),
    },
    grantType,
    username,
  };
}

async function basicLogin(users: RegistryUsers, header: string | undefined): Promise<Login> {
  const credentials = basicCredentials(header);
  if (credentials === undefined) {
    return { username: undefined, grantType: "none" };
  }
  return { username: await checked(users, ...credentials), grantType: "basic" };
}

async function formLogin(
  users: RegistryUsers,
  tokens: RegistryTokens,
  form: URLSearchParams,
): Promise<Login> {
  const grantType = form.get("grant_type");
  if (grantType === "password") {
    return {
      username: await checked(users, form.get("username") ?? "", form.get("password") ?? ""),
      grantType,
    };
  }
  if (grantType === "refresh_token") {
    return { username: tokens.refreshUser(form.get("refresh_token") ?? ""), grantType };
  }
  return { username: undefined, grantType: "none" };
}

async function checked(
  users: RegistryUsers,
  username: string,
  password: string,
): Promise<string | undefined> {
  return (await users.mayLogIn(username, password)) ? username : undefined;
}

/** `repository:team/app:pull,push`, cut down to what the user may do. */
function allowedPart(users: RegistryUsers, username: string, scope: string): Grant | undefined {
  const [, repository, list] = /^repository:([^:]+):(.*)$/.exec(scope) ?? [];
  if (repository === undefined || list === undefined) {
    return undefined;
  }
  const known: RegistryAction[] = ["pull", "push"];
  const actions = known.filter(
    (action) => list.split(",").includes(action) && users.allows(username, repository, action),
  );
  return { repository, actions };
}
