// What GetEnvironment says of the registry secrets beside what `get` needs: the host as somebody wrote it, and whether the
// environment has taken over the latest value. Only `doctor` reads it.

import { isRecord } from "./entry.ts";

export interface SecretDetails {
  /** What GetSecretValue is asked for. */
  readonly ref: string;
  readonly name: string;
  /** As it was written. */
  readonly host: string;
  /** The environment still has an earlier value. */
  readonly propagating: boolean;
  /** What the platform says of a secret that failed; empty when it did not. */
  readonly failure: string;
  /** A value that is put into requests on their way out; the environment itself may get another one. */
  readonly isProxied: boolean;
}

/** Undefined when it is no such answer. */
export function parseEnvironmentDetails(value: unknown): readonly SecretDetails[] | undefined {
  if (!isRecord(value) || !isRecord(value.environment)) return undefined;
  const { spec, status } = value.environment;
  const states = recordsIn(isRecord(status) ? status.secrets : undefined);
  return recordsIn(isRecord(spec) ? spec.secrets : undefined).flatMap((secret) => {
    const host = secret.containerRegistryBasicAuthHost;
    const ref = text(secret.sourceRef) || text(secret.id);
    if (typeof host !== "string" || ref === "") return [];
    const state = states.find(({ id }) => text(id) !== "" && text(id) === text(secret.id)) ?? {};
    const session = text(secret.session);
    return [
      {
        ref,
        name: text(secret.name),
        host,
        propagating: text(state.session) !== "" && session !== "" && text(state.session) !== session,
        failure: isFailed(state.phase) ? text(state.failureMessage) || "no reason is given" : "",
        isProxied: isRecord(secret.credentialProxy),
      },
    ];
  });
}

/** By name or by the enum's number. */
const isFailed = (phase: unknown): boolean =>
  phase === "CONTENT_PHASE_FAILED" || phase === "CONTENT_PHASE_UNAVAILABLE";

const recordsIn = (value: unknown): readonly Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];

const text = (value: unknown): string => (typeof value === "string" ? value : "");
