// EnvironmentService/GetEnvironment: metadata, the spec with its secrets, and what of it is in force.
// It must never show one environment to another, nor a value to anybody.

import { type Call, refuse, requireUuid, subjectMessage } from "./call.ts";
import { ConnectFailure, type JsonObject, message } from "./connect.ts";
import { ids } from "./ids.ts";
import { stringField } from "./request.ts";
import type { JsonValue, ScopeKind } from "./seed.ts";
import type { SpecEntry, StoredEnvironment, StoredSecret } from "./state.ts";

const scopeNames: Record<ScopeKind, string> = {
  user: "SCOPE_USER",
  serviceAccount: "SCOPE_SERVICE_ACCOUNT",
  project: "SCOPE_PROJECT",
  organization: "SCOPE_ORGANIZATION",
  runner: "SCOPE_RUNNER",
  none: "SCOPE_UNSPECIFIED",
};

export function getEnvironment({ state, subject, body }: Call): JsonObject {
  const id = stringField(body, "environmentId");
  requireUuid(id, "environment_id");
  const isOther = subject.principal === "environment" && subject.id !== id;
  if (isOther || subject.principal === "none" || subject.principal === "account") {
    throw refuse();
  }
  const environment = state.environments.find((candidate) => candidate.id === id);
  if (environment === undefined) {
    throw new ConnectFailure("not_found", "environment not found");
  }
  return message({ environment: { ...environmentMessage(environment), ...environment.seed.extra } });
}

function environmentMessage(environment: StoredEnvironment): JsonObject {
  const { seed, entries } = environment;
  return message({
    id: environment.id,
    metadata: metadataMessage(environment),
    spec: message({
      specVersion: String(environment.specVersion),
      desiredPhase: "ENVIRONMENT_PHASE_RUNNING",
      secrets: entries.map(specSecretMessage),
    }),
    status: message({
      statusVersion: String(environment.specVersion),
      phase: "ENVIRONMENT_PHASE_RUNNING",
      secrets: entries.map(statusSecretMessage),
      devcontainer: message({
        secretsInSync: entries.every(isInForce),
        remoteUser: seed.remoteUser,
        phase: "PHASE_RUNNING",
      }),
    }),
  });
}

function metadataMessage({ seed }: StoredEnvironment): JsonObject {
  return message({
    organizationId: seed.organizationId ?? ids.organization,
    projectId: seed.projectId === undefined ? ids.project : seed.projectId,
    runnerId: seed.runnerId ?? ids.runner,
    creator: subjectMessage(seed.creator ?? { principal: "user", id: ids.user }),
    createdAt: "2026-01-02T03:04:05Z",
    name: seed.name,
    role: `ENVIRONMENT_ROLE_${seed.role ?? "DEFAULT"}`,
  });
}

function specSecretMessage({ id, sourceRef, session, secret }: SpecEntry): JsonObject {
  const { seed, scope } = secret;
  return {
    ...message(
      {
        id,
        name: seed.name,
        source: seed.source ?? (scope === "runner" ? "runner" : "control-plane"),
        sourceRef,
        session,
        scope: scopeNames[scope],
        credentialProxy: seed.credentialProxy,
        sourceDetails: seed.oidcJfrog === undefined ? undefined : { oidcJfrog: seed.oidcJfrog },
      },
      specMount(secret),
    ),
    ...seed.entryExtra,
  };
}

/** Here, unlike in ListSecrets, an environment variable shows its name and Git hosts exist. */
function specMount({ seed }: StoredSecret): Record<string, JsonValue> {
  if (seed.host !== undefined) {
    return { containerRegistryBasicAuthHost: seed.host };
  }
  if (seed.filePath !== undefined) {
    return { filePath: seed.filePath };
  }
  if (seed.environmentVariable !== undefined) {
    return { environmentVariable: seed.environmentVariable };
  }
  return seed.gitCredentialHost === undefined
    ? { apiOnly: true }
    : { gitCredentialHost: seed.gitCredentialHost };
}

function isInForce(entry: SpecEntry): boolean {
  return Date.now() >= entry.sessionInForceAtMs;
}

function statusSecretMessage(entry: SpecEntry): JsonObject {
  const inForce = isInForce(entry);
  return message({
    id: entry.id,
    phase: inForce ? "CONTENT_PHASE_READY" : "CONTENT_PHASE_UPDATING",
    secretName: entry.secret.seed.name,
    session: inForce ? entry.session : entry.previousSession,
  });
}
