// Which registries are ours: those that the platform has a usable secret for and those that an exact entry of the
// configuration names, without the ones that it turns off. It reads no value and mints nothing.

import { type Failure, toFailure } from "./core/failures.ts";
import type { RegistryRef } from "./core/registry.ts";
import { ruleFor } from "./core/registry-rules.ts";
import type { Local } from "./local.ts";
import type { Remote } from "./remote.ts";
import { listedRegistries } from "./sources/platform/known-secrets.ts";

export interface ManagedRegistries {
  /** In no particular order; each once. */
  readonly registries: readonly RegistryRef[];
  /** Why the platform could not be asked; the registries are then those of the last list that is known. */
  readonly failure: Failure | undefined;
}

export interface ManagedOptions {
  /** Ask the platform even if a fresh list is at hand or a failure of a moment ago is remembered. */
  readonly fresh?: boolean;
}

/** The managed registries, within `remote`'s deadline. Never throws. */
export async function managedRegistries(
  local: Local,
  remote: Remote,
  options: ManagedOptions = {},
): Promise<ManagedRegistries> {
  const { rules } = local.config;
  const named = rules.filter(({ wildcards }) => wildcards === 0).map(({ pattern }) => pattern);
  const listed = await registriesOfPlatform(local, remote, options);
  const registries = [...new Set([...named, ...listed.keys])]
    .map((key): RegistryRef => ({ key, kind: "registry" }))
    .filter((ref) => ruleFor(rules, ref)?.source !== "none");
  return { registries, failure: listed.failure };
}

interface Listed {
  readonly keys: readonly string[];
  readonly failure: Failure | undefined;
}

/** From a fresh list, else from the platform, else from the last list that is known. */
async function registriesOfPlatform(
  local: Local,
  remote: Remote,
  { fresh = false }: ManagedOptions,
): Promise<Listed> {
  if (local.loaded.broken !== undefined) return { keys: [], failure: local.loaded.broken };
  if (!local.seesPlatform) return { keys: [], failure: undefined };
  const { secretCache } = local;
  const cached = secretCache.list();
  if (!fresh && cached !== undefined && secretCache.isFresh(cached)) {
    return { keys: listedRegistries(cached, secretCache), failure: undefined };
  }
  try {
    const { managedList } = await import("./sources/platform/ask.ts");
    const list = await managedList(await remote.askOptions(), fresh);
    return { keys: listedRegistries(list, secretCache), failure: undefined };
  } catch (error) {
    return {
      keys: cached === undefined ? [] : listedRegistries(cached, secretCache),
      failure: toFailure(error),
    };
  }
}
