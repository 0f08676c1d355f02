// Reading one secret's value and telling what it says about that secret from what it says about the platform.

import type { Candidate } from "../../core/candidate.ts";
import type { Config } from "../../core/config.ts";
import { type Failure, Refusal, toFailure } from "../../core/failures.ts";
import type { RegistryRef } from "../../core/registry.ts";
import { parseSecretValue, type SecretValue } from "../../core/secret-value.ts";
import type { Clock, Deadline } from "../../edge/clock.ts";
import type { PlatformClient } from "./client.ts";
import type { SecretCache } from "./secret-cache.ts";
import { addToHistory } from "./secret-history.ts";

export interface ReadOptions {
  readonly config: Config;
  readonly client: PlatformClient;
  readonly secretCache: SecretCache;
  readonly clock: Clock;
  readonly deadline: Deadline;
}

export type Read =
  | { readonly kind: "explicit" | "native" | "bad"; readonly value: SecretValue }
  | { readonly kind: "missing" }
  | { readonly kind: "refused"; readonly failure: Failure };

const NOT_HERE: ReadonlySet<string> = new Set(["not_found", "invalid_argument"]);

/** One candidate's value. Throws a Failure for an outage or refused tokens, which say nothing about this secret. */
export async function readValue(ref: RegistryRef, candidate: Candidate, options: ReadOptions): Promise<Read> {
  let text: string | undefined;
  try {
    text = await valueText(candidate, options);
  } catch (error) {
    const failure = toFailure(error);
    const ofThisSecret = error instanceof Refusal || failure.code === "permission-denied";
    if (!ofThisSecret) throw failure;
    return { kind: "refused", failure };
  }
  if (text === undefined) return { kind: "missing" };
  const value = parseSecretValue(text, options.config.valueFormat);
  if (value.kind === "credential") addToHistory(ref, value.credential, options.secretCache);
  return { kind: value.kind === "credential" ? "explicit" : value.kind, value };
}

/** By `sourceRef`, then once by `id`; undefined when the platform knows neither. */
async function valueText(
  candidate: Candidate,
  { client, deadline }: ReadOptions,
): Promise<string | undefined> {
  const ids = candidate.ref === candidate.id ? [candidate.ref] : [candidate.ref, candidate.id];
  for (const id of ids) {
    try {
      return (await client.secretValue(id, deadline)).expose();
    } catch (error) {
      if (!(error instanceof Refusal) || !NOT_HERE.has(error.connectCode)) throw error;
    }
  }
  return undefined;
}
