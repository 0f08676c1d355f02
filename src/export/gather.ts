// The credentials that an export is made of: those of the registries that are ours and of the local logins, or of the
// registries that were named. One registry that fails takes no other with it.

import type { ExportEntry } from "../core/export/entry.ts";
import { isFinal, type RoundOutcome } from "../core/export/in-force.ts";
import { Failure } from "../core/failures.ts";
import type { Resolution } from "../core/policy.ts";
import type { RegistryRef } from "../core/registry.ts";
import type { Local } from "../local.ts";
import { managedRegistries } from "../managed.ts";
import type { Remote } from "../remote.ts";
import { resolveCredential } from "../resolve.ts";
import { localLogins } from "../store/logins.ts";

/** Something that the user should know of; `isError`: not all was had that was asked for. */
export interface Problem {
  /** A registry's key, or what else the line begins with. */
  readonly subject: string;
  readonly failure: Failure;
  readonly isError: boolean;
}

export interface Gathered extends RoundOutcome {
  readonly problems: readonly Problem[];
  /** Some of it may be had a little later. */
  readonly mayImprove: boolean;
}

/** `cannotCarry`: why the format has no place for a credential; undefined when it has. Never throws. */
export async function gather(
  local: Local,
  remote: Remote,
  named: readonly RegistryRef[],
  cannotCarry: (entry: ExportEntry) => string | undefined,
): Promise<Gathered> {
  const { registries, failure } = named.length > 0 ? { registries: named } : await ours(local, remote);
  const found: ExportEntry[] = [];
  const undecided = new Set<string>();
  const problems: Problem[] = [];
  if (failure !== undefined) problems.push({ subject: "docker-credential-ona", failure, isError: true });
  for (const registry of registries) {
    const resolution = await resolveCredential(registry, local, remote);
    const entry = entryOf(registry, resolution);
    const obstacle = entry === undefined ? undefined : cannotCarry(entry);
    if (entry !== undefined && obstacle === undefined) found.push(entry);
    const problem = obstacle === undefined ? problemOf(resolution, named.length > 0) : unfit(obstacle);
    if (problem === undefined) continue;
    problems.push({ subject: registry.key, ...problem });
    if (resolution.kind === "failed" && !isFinal(resolution.failure.code)) undecided.add(registry.key);
  }
  return {
    found,
    undecided,
    mayBeMore: failure !== undefined,
    only: named.length > 0 ? new Set(named.map(({ key }) => key)) : undefined,
    problems,
    mayImprove: failure !== undefined || undecided.size > 0,
  };
}

/** The same that `list` names. */
async function ours(
  local: Local,
  remote: Remote,
): Promise<{ registries: readonly RegistryRef[]; failure: Failure | undefined }> {
  const managed = await managedRegistries(local, remote);
  const logins = localLogins(local.loginPlace)
    .all()
    .map(({ registry }) => registry);
  const keys = new Set([...managed.registries.map(({ key }) => key), ...logins]);
  const registries = [...keys]
    .filter((key) => !key.startsWith("https://"))
    .toSorted()
    .map((key): RegistryRef => ({ key, kind: "registry" }));
  return { registries, failure: managed.failure };
}

function entryOf(registry: RegistryRef, resolution: Resolution): ExportEntry | undefined {
  if (resolution.kind !== "found") return undefined;
  const { credential, expiresAtMs } = resolution;
  return { registry, credential, expiresAtMs };
}

/** `isNamed`: the user asked for this very registry. */
function problemOf(resolution: Resolution, isNamed: boolean): Omit<Problem, "subject"> | undefined {
  switch (resolution.kind) {
    case "found":
      return undefined;
    case "none":
      return isNamed ? { failure: nobody(), isError: true } : undefined;
    case "anonymous":
      return { failure: resolution.failure, isError: false };
    case "failed":
      return { failure: resolution.failure, isError: true };
  }
}

function nobody(): Failure {
  return new Failure("secret-missing", "nobody has a credential for it", {
    hint: "make a secret for this very registry on the platform, or name it in the configuration",
  });
}

function unfit(obstacle: string): Omit<Problem, "subject"> {
  return { failure: new Failure("value-invalid", obstacle, { hint: "use another user" }), isError: true };
}
