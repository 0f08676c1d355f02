// SecretService/GetSecretValue: the only way to a value, and only for an environment that has the secret in its spec.
// It must never answer a user, a service account or a runner, whatever they could list.

import { type Call, refuse, requireUuid } from "./call.ts";
import { ConnectFailure, type JsonObject, message } from "./connect.ts";
import { stringField } from "./request.ts";
import type { SpecEntry, StoredSecret } from "./state.ts";

export function getSecretValue({ state, subject, body }: Call): JsonObject {
  const id = stringField(body, "secretId");
  if (subject.principal !== "environment") {
    throw refuse("only environments may read secret values");
  }
  requireUuid(id, "secret_id");
  const environment = state.environments.find((candidate) => candidate.id === subject.id);
  const entries = environment?.entries ?? [];
  const secret =
    state.valueBy === "entryId"
      ? entries.find((entry) => entry.id === id)?.secret
      : secretInSpec(state.secrets, entries, id);
  if (secret?.readable !== true) {
    throw new ConnectFailure("not_found", "secret not found");
  }
  return message({ value: secret.value });
}

function secretInSpec(
  secrets: readonly StoredSecret[],
  entries: readonly SpecEntry[],
  id: string,
): StoredSecret | undefined {
  const secret = secrets.find((candidate) => candidate.id === id);
  if (secret?.readable === true && !entries.some((entry) => entry.sourceRef === id)) {
    throw refuse("secret is not part of this environment");
  }
  return secret;
}
