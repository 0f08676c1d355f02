// Stand-in for the credentials endpoint of ECS tasks and EKS pods. It gives keys only to the authorization token
// that it expects. SDK: AWS_CONTAINER_CREDENTIALS_FULL_URI with AWS_CONTAINER_AUTHORIZATION_TOKEN or …_TOKEN_FILE.

import { randomUUID } from "node:crypto";
import type { Clock } from "./clock.ts";
import type { KeyRing } from "./key-ring.ts";
import { type Answer, type Asked, listen, type StandIn } from "./stand-in.ts";

export const CONTAINER_ROLE = "arn:aws:sts::111122223333:assumed-role/pod/session";
export const CREDENTIALS_PATH = "/v1/credentials";

export interface ContainerSettings {
  /** The whole Authorization header; a fresh one unless given. */
  authorization?: string;
  principal?: string;
  lifetimeMs?: number;
  silent?: boolean;
}

interface Surroundings {
  clock: Clock;
  ring: KeyRing;
}

export type ContainerStandIn = StandIn<ContainerSettings & { authorization: string }>;

export function listenContainer(
  around: Surroundings,
  settings: ContainerSettings = {},
): Promise<ContainerStandIn> {
  const complete = Object.assign(settings, {
    authorization: settings.authorization ?? `Bearer ${randomUUID()}`,
  });
  return listen(
    {
      service: "container-credentials",
      contentType: "application/json",
      operation: (asked) => (asked.path === CREDENTIALS_PATH ? "credentials" : asked.path),
      answer: (asked) => answer(around, complete, asked),
      refuse: (fault) =>
        fault.kind === "denied" ? refusal(403, "AccessDenied") : refusal(500, "InternalServerError"),
    },
    around.clock,
    complete,
  );
}

function answer(around: Surroundings, settings: ContainerSettings, asked: Asked): Answer {
  if (settings.silent === true) return { status: 0, body: "", silent: true };
  if (asked.path !== CREDENTIALS_PATH) return refusal(404, "NotFound");
  if (asked.method !== "GET") return refusal(405, "MethodNotAllowed");
  if (asked.headers.authorization !== settings.authorization) return refusal(401, "AuthorizationFailure");
  const nowMs = around.clock.nowMs();
  const endsAtMs = asked.expired ? nowMs - 60_000 : nowMs + (settings.lifetimeMs ?? 6 * 3600_000);
  const key = around.ring.temporary(settings.principal ?? CONTAINER_ROLE, endsAtMs);
  const body = JSON.stringify({
    AccessKeyId: key.accessKeyId,
    SecretAccessKey: key.secretAccessKey,
    Token: key.sessionToken,
    AccountId: key.principal.split(":")[4],
    Expiration: new Date(endsAtMs).toISOString(),
  });
  return { status: 200, body, principal: key.principal };
}

function refusal(status: number, code: string): Answer {
  return { status, code, body: JSON.stringify({ Code: code, Message: code }) };
}
