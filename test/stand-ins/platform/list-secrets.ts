// SecretService/ListSecrets: metadata of one scope, page by page, to whoever may see that scope.
// It must never show a value, and never merge scopes: one call, one scope.

import { type Call, refuse, requireUuid } from "./call.ts";
import { ConnectFailure, type JsonObject, message } from "./connect.ts";
import { ids } from "./ids.ts";
import { intField, objectField, stringField, stringsField } from "./request.ts";
import type { JsonValue, ScopeKind } from "./seed.ts";
import type { StoredSecret } from "./state.ts";

const scopeFields = {
  projectId: "project",
  userId: "user",
  organizationId: "organization",
  serviceAccountId: "serviceAccount",
} as const satisfies Record<string, ScopeKind>;

interface Scope {
  kind: ScopeKind;
  id: string;
}

export function listSecrets(call: Call): JsonObject {
  const scope = requestedScope(call.body);
  if (scope !== undefined) {
    requireMaySee(call, scope);
  } else if (call.subject.principal === "none" || call.subject.principal === "account") {
    throw refuse();
  }
  const visible = call.state.secrets.filter(
    (secret) =>
      secret.listed &&
      secret.seed.gitCredentialHost === undefined &&
      (scope === undefined || (secret.scope === scope.kind && secret.scopeId === scope.id)),
  );
  const { page, nextToken } = cutPage(call, visible);
  return message({ pagination: message({ nextToken }), secrets: page.map(secretMessage) });
}

/** The scope in the filter, for the method and for faults; undefined without one. */
export function requestedScope(body: JsonObject): Scope | undefined {
  const filter = objectField(body, "filter") ?? {};
  // Deprecated, and the platform ignores it: the answer is not filtered by it.
  stringsField(filter, "projectIds");
  const scope = objectField(filter, "scope") ?? {};
  const given = Object.entries(scopeFields)
    .map(([name, kind]) => ({ kind, id: stringField(scope, name) }))
    .filter(({ id }) => id !== "");
  if (given.length > 1) {
    throw new ConnectFailure("invalid_argument", "unmarshal message: more than one scope");
  }
  return given[0];
}

function requireMaySee({ state, subject }: Call, { kind, id }: Scope): void {
  requireUuid(id, "filter.scope");
  const isMember = !["none", "account"].includes(subject.principal);
  const environment = state.environments.find((candidate) => candidate.id === subject.id);
  const creatorId = environment?.seed.creator?.id ?? ids.user;
  const mayAct = id === subject.id || (subject.principal === "environment" && id === creatorId);
  const maySee =
    kind === "user" || (kind === "serviceAccount" && subject.principal !== "user") ? mayAct : isMember;
  if (!maySee) {
    throw refuse();
  }
  if (kind === "organization" && state.organizationTier !== "enterprise") {
    throw new ConnectFailure(
      "failed_precondition",
      "organization secrets are available to enterprise customers only",
    );
  }
}

function cutPage(call: Call, secrets: StoredSecret[]): { page: StoredSecret[]; nextToken: string } {
  const pagination = objectField(call.body, "pagination") ?? {};
  const size = pageSize(call, pagination);
  // The generated SDK puts the next token into the query and leaves the body as it was.
  const token = call.query.get("token") ?? stringField(pagination, "token");
  if (call.state.repeatPageToken) {
    return { page: secrets.slice(0, size), nextToken: "again" };
  }
  const start = token === "" ? 0 : pageStart(token);
  const end = start + size;
  return { page: secrets.slice(start, end), nextToken: end < secrets.length ? pageToken(end) : "" };
}

function pageSize(call: Call, pagination: JsonObject): number {
  const size = Number(call.query.get("pageSize") ?? intField(pagination, "pageSize"));
  if (!Number.isInteger(size) || size < 0 || size > 100) {
    throw new ConnectFailure("invalid_argument", "validation error: pagination.page_size: must be 0 to 100");
  }
  return size === 0 ? 25 : size;
}

function pageToken(start: number): string {
  return Buffer.from(`page:${start}`).toString("base64url");
}

function pageStart(token: string): number {
  const match = /^page:(\d+)$/.exec(Buffer.from(token, "base64url").toString());
  if (match === null || pageToken(Number(match[1])) !== token) {
    throw new ConnectFailure("invalid_argument", "invalid pagination token");
  }
  return Number(match[1]);
}

function secretMessage(secret: StoredSecret): JsonObject {
  const { seed } = secret;
  const scopeField = Object.entries(scopeFields).find(([, kind]) => kind === secret.scope)?.[0];
  return {
    ...message(
      {
        id: secret.id,
        name: seed.name,
        createdAt: seed.createdAt ?? "2026-01-02T03:04:05Z",
        updatedAt: secret.updatedAt,
        creator: message({ id: ids.user, principal: "PRINCIPAL_USER" }),
        scope: scopeField === undefined ? undefined : message({ [scopeField]: secret.scopeId }),
        credentialProxy: seed.credentialProxy,
        source: seed.oidcJfrog === undefined ? { verbatim: true } : { oidcJfrog: seed.oidcJfrog },
      },
      listMount(secret),
    ),
    ...seed.listExtra,
  };
}

function listMount({ seed }: StoredSecret): Record<string, JsonValue> {
  if (seed.host !== undefined) {
    return { containerRegistryBasicAuthHost: seed.host };
  }
  if (seed.filePath !== undefined) {
    return { filePath: seed.filePath };
  }
  return seed.environmentVariable === undefined ? { apiOnly: true } : { environmentVariable: true };
}
