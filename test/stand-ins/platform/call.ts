// One call as a method sees it, and the words shared by the methods' answers.
// It must never carry the Bearer text: methods know the principal only.

import { ConnectFailure, type JsonObject, message } from "./connect.ts";
import { isUuid } from "./ids.ts";
import type { PrincipalKind, TokenSeed } from "./seed.ts";
import { type PlatformState, subjectId } from "./state.ts";

export interface Call {
  readonly state: PlatformState;
  readonly subject: Subject;
  readonly body: JsonObject;
  readonly query: URLSearchParams;
  /** Where the stand-in is reached, without path. */
  readonly origin: string;
}

export interface Subject {
  readonly id: string;
  readonly principal: PrincipalKind;
}

export type Method = (call: Call) => JsonObject | Promise<JsonObject>;

const principalNames: Record<PrincipalKind, string> = {
  environment: "PRINCIPAL_ENVIRONMENT",
  user: "PRINCIPAL_USER",
  serviceAccount: "PRINCIPAL_SERVICE_ACCOUNT",
  runner: "PRINCIPAL_RUNNER",
  account: "PRINCIPAL_ACCOUNT",
  none: "PRINCIPAL_UNSPECIFIED",
};

export function subjectOf(token: TokenSeed): Subject {
  return { id: subjectId(token), principal: token.principal };
}

export function subjectMessage({ id, principal }: Subject): JsonObject {
  return message({ id, principal: principalNames[principal] });
}

export function requireUuid(id: string, name: string): void {
  if (!isUuid(id)) {
    throw new ConnectFailure("invalid_argument", `validation error: ${name}: value must be a valid UUID`);
  }
}

export function refuse(text = "permission denied"): ConnectFailure {
  return new ConnectFailure("permission_denied", text);
}
