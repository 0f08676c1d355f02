// IdentityService: who a token stands for, and ID tokens for federation with a cloud.
// It must never issue an ID token to a principal without a subject, nor without an audience.

import { type Call, refuse, subjectMessage } from "./call.ts";
import { ConnectFailure, type JsonObject, message } from "./connect.ts";
import { type IdTokenClaims, signIdToken } from "./id-token.ts";
import { ids } from "./ids.ts";
import { stringField, stringsField } from "./request.ts";
import type { StoredEnvironment } from "./state.ts";

export function getAuthenticatedIdentity({ state, subject }: Call): JsonObject {
  const isMember = subject.principal !== "account" && subject.principal !== "none";
  return message({
    subject: subjectMessage(subject),
    organizationId: isMember ? ids.organization : "",
    organizationTier: isMember ? state.organizationTier : "",
  });
}

export async function getIdToken(call: Call): Promise<JsonObject> {
  const { state, subject, body } = call;
  const audience = stringsField(body, "audience");
  stringField(body, "version");
  if (subject.principal === "none") {
    throw refuse();
  }
  if (audience.length === 0) {
    throw new ConnectFailure("invalid_argument", "validation error: audience: must contain at least 1 item");
  }
  if (state.organizationTier !== "enterprise") {
    throw new ConnectFailure("failed_precondition", "OIDC is available to enterprise customers only");
  }
  return message({ token: await signIdToken(claims(call, audience)) });
}

function claims({ state, subject, origin }: Call, audience: string[]): IdTokenClaims {
  const environment = state.environments.find((candidate) => candidate.id === subject.id);
  const isV2 = state.oidc.version === "v2";
  const issuedAtSeconds = Math.floor(Date.now() / 1000);
  return {
    iss: state.oidc.issuer ?? origin,
    aud: isV2 && audience.length === 1 ? (audience[0] ?? "") : audience,
    iat: issuedAtSeconds,
    exp: issuedAtSeconds + (state.oidc.lifetimeSeconds ?? 3600),
    ...(isV2 ? v2Claims(subject.id, environment) : v3Claims(subject.id, environment)),
    ...state.oidc.claims,
  };
}

function v2Claims(subjectId: string, environment: StoredEnvironment | undefined): JsonObject {
  const organization = `org:${organizationOf(environment)}`;
  if (environment === undefined) {
    return { sub: `${organization}/user:${subjectId}` };
  }
  return { sub: `${organization}/prj:${projectOf(environment)}/env:${environment.id}` };
}

function v3Claims(subjectId: string, environment: StoredEnvironment | undefined): JsonObject {
  const organizationId = organizationOf(environment);
  if (environment === undefined) {
    return { sub: `organization_id:${organizationId}:user_id:${subjectId}`, organization_id: organizationId };
  }
  const projectId = projectOf(environment);
  const last = projectId === "" ? `environment_id:${environment.id}` : `project_id:${projectId}`;
  const creator = environment.seed.creator ?? { principal: "user", id: ids.user };
  return message({
    sub: `organization_id:${organizationId}:${last}`,
    environment_id: environment.id,
    organization_id: organizationId,
    project_id: projectId,
    runner_id: environment.seed.runnerId ?? ids.runner,
    creator_principal: creator.principal,
    creator_id: creator.id,
    creator_email: "dev@example.test",
    creator_name: "Dev",
    creator_idp: "example",
  });
}

function organizationOf(environment: StoredEnvironment | undefined): string {
  return environment?.seed.organizationId ?? ids.organization;
}

function projectOf(environment: StoredEnvironment): string {
  const { projectId } = environment.seed;
  return projectId === undefined ? ids.project : (projectId ?? "");
}
