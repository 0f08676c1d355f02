// One run of configure: which registries are ours now, what becomes of the chosen files, what a person should know. While
// the platform cannot be asked nothing is taken out, neither an entry nor a login.

import { compareLogin } from "./compare-login.ts";
import { isMintedLogin } from "./compare-minted.ts";
import { isProvider } from "./core/clouds/clouds.ts";
import type { FileReport, Report, Warning } from "./core/configure-report.ts";
import { type Failure, toFailure } from "./core/failures.ts";
import type { RegistryRef } from "./core/registry.ts";
import { ruleFor } from "./core/registry-rules.ts";
import type { Credential } from "./core/secret.ts";
import type { StoredLogin } from "./core/stored-login.ts";
import { changeConfigFile, type FileWish } from "./docker/change-file.ts";
import type { Place } from "./docker/places.ts";
import { deadlineAfter } from "./edge/clock.ts";
import type { Local } from "./local.ts";
import { managedRegistries } from "./managed.ts";
import { prefetch } from "./prefetch.ts";
import type { Remote } from "./remote.ts";
import { type Ownership, ownership } from "./store/ownership.ts";

/** Undefined: it could not be asked. */
export type Comparisons = Map<string, Promise<boolean | undefined>>;

export interface DelegateOptions {
  readonly places: readonly Place[];
  /** Only these; undefined: every managed one. */
  readonly named: readonly RegistryRef[] | undefined;
  readonly prefetch: boolean;
  readonly dryRun: boolean;
  readonly helperNames: readonly string[];
  /** What comparisons of logins found; whoever runs again and again keeps it, so that no value is read for one twice. */
  readonly comparisons?: Comparisons;
}

export type Delegated = Pick<
  Report,
  "managed" | "files" | "platform" | "failure" | "prefetched" | "warnings"
>;

/** How long another configure may hold the files, in milliseconds. */
const LEASE_LIMIT_MS = 10_000;

/** The name to write in `credHelpers`: the one that this program is called by. */
export const helperName = (helperNames: readonly string[]): string => helperNames.at(-1) ?? "ona";

/** Brings every place up to date. Never throws: what is wrong with a file stands in its report. */
export async function delegate(local: Local, remote: Remote, options: DelegateOptions): Promise<Delegated> {
  const isKnown = local.seesPlatform;
  const { registries, failure } = await managedRegistries(local, remote, { fresh: true });
  const all = [...registries, ...mintedByPattern(options.named ?? [], registries, local)];
  const isNamed = (ref: RegistryRef): boolean => options.named?.some(({ key }) => key === ref.key) ?? true;
  const wanted = all.filter(isNamed);
  const missing = (options.named ?? []).filter((ref) => !all.some(({ key }) => key === ref.key));
  const mayRemove = isKnown && failure === undefined;
  const isGone = (ref: RegistryRef): boolean =>
    mayRemove && isNamed(ref) && mintedByPattern([ref], registries, local).length === 0;
  const wish: FileWish = {
    registries: wanted,
    isGone,
    isPlatforms: mayRemove ? comparison(local, remote, options.comparisons) : async () => false,
    helper: helperName(options.helperNames),
    helperNames: options.helperNames,
  };
  const { stateDir } = local.directories;
  const record = ownership(stateDir, local.context.uid);
  const files: FileReport[] = [];
  const warnings: Warning[] = [...notAsked(isKnown, failure), ...notManaged(missing, mayRemove)];
  for (const place of options.places) {
    const { file, warning } = await changed(place, wish, record, local, options.dryRun);
    files.push(file);
    if (warning !== undefined) warnings.push(warning);
  }
  const fetched = options.prefetch && !options.dryRun ? await prefetch(wanted, local, remote) : undefined;
  return {
    managed: wanted.map(({ key }) => key).toSorted(),
    files,
    platform: failure !== undefined ? "failed" : isKnown ? "asked" : undefined,
    failure,
    prefetched: fetched?.registries,
    warnings: [...warnings, ...(fetched?.warnings ?? [])],
  };
}

/** Those of `refs` that no list can show, since a pattern of the configuration mints for them. */
function mintedByPattern(
  refs: readonly RegistryRef[],
  known: readonly RegistryRef[],
  local: Local,
): readonly RegistryRef[] {
  return refs.filter((ref) => {
    const source = ruleFor(local.config.rules, ref)?.source ?? "platform";
    return isProvider(source) && !known.some(({ key }) => key === ref.key);
  });
}

/** Compares a login with what the platform gives, each only once. */
function comparison(
  local: Local,
  remote: Remote,
  asked: Comparisons = new Map(),
): (login: StoredLogin) => Promise<boolean> {
  return ({ ref, credential }) => {
    if (credential === undefined) return Promise.resolve(false);
    const key = JSON.stringify([ref.key, credential.username, credential.secret.expose()]);
    const known = asked.get(key) ?? isPlatforms(ref, credential, local, remote);
    asked.set(key, known);
    // What could not be asked is asked again.
    known.then((isKnown) => isKnown === undefined && asked.delete(key));
    return known.then((isEqual) => isEqual === true);
  };
}

async function isPlatforms(
  ref: RegistryRef,
  credential: Credential,
  local: Local,
  remote: Remote,
): Promise<boolean | undefined> {
  const comparison = await compareLogin(ref, credential, local, remote, "store");
  if (comparison !== "different") return comparison === "equal" ? true : undefined;
  return isMintedLogin(ref, credential, local, remote);
}

async function changed(
  { path }: Place,
  wish: FileWish,
  record: Ownership,
  local: Local,
  dryRun: boolean,
): Promise<{ file: FileReport; warning?: Warning }> {
  const { uid, clock } = local.context;
  const deadline = deadlineAfter(clock, LEASE_LIMIT_MS);
  const { helperNames } = wish;
  const tools = { ownership: record, uid, clock, deadline, dryRun, helperNames };
  try {
    const outcome = await changeConfigFile(path, wish, tools);
    const { notRemembered, ...file } = outcome;
    const report = { file: { ...file, error: undefined } };
    return notRemembered === undefined ? report : { ...report, warning: fromFailure(notRemembered) };
  } catch (error) {
    return { file: failedFile(path, error) };
  }
}

function notAsked(isKnown: boolean, failure: Failure | undefined): readonly Warning[] {
  if (failure !== undefined) {
    const { code, message, hint } = failure;
    return [{ code, message: `nothing was taken out: ${message}`, remedy: hint }];
  }
  if (isKnown) return [];
  const message = "no platform is known here: neither a token nor an environment id nor a configuration";
  return [{ code: "no-platform", message, remedy: "run this inside of an environment" }];
}

function notManaged(missing: readonly RegistryRef[], isCertain: boolean): readonly Warning[] {
  return missing.map(({ key }) => ({
    code: "not-managed",
    message: `${key} was left alone: no secret and no entry of the configuration ${isCertain ? "names it" : "is known to name it"}`,
    remedy: undefined,
    command: `docker-credential-ona doctor ${key}`,
  }));
}

/** A file that was left as it is. */
export function failedFile(path: string, error: unknown): FileReport {
  const nothing = { changed: false, created: false, backup: undefined, registries: [] };
  return { path, target: path, ...nothing, error: toFailure(error) };
}

export function fromFailure({ code, message, hint }: Failure): Warning {
  return { code, message, remedy: hint };
}
