// What the platform says, asked once in a run for all checks: whose token it is, which secrets there are. Its questions go
// one after another, because a token that is refused gives way to the next; nothing is written down.

import type { Candidate } from "../../core/candidate.ts";
import type { SecretDetails } from "../../core/environment-details.ts";
import { Failure, Refusal, toFailure } from "../../core/failures.ts";
import type { Identity, SkippedSecret } from "../../core/platform-answers.ts";
import { type Deadline, within } from "../../edge/clock.ts";
import type { PlatformRequest } from "../../sources/platform/ask.ts";
import { fetchSecretList } from "../../sources/platform/secret-list.ts";
import { tokenSources } from "../../sources/platform/token-sources.ts";
import type { Scene } from "./scene.ts";

export interface PlatformState {
  /** False: nothing on this machine knows of the platform, so it is not asked. */
  readonly asked: boolean;
  /** Every source of a token that is there, best first. */
  readonly sources: readonly string[];
  /** The one that the platform accepted, or the first where none was tried. */
  readonly source: string | undefined;
  /** Why a better source gave way. */
  readonly refusal: Failure | undefined;
  readonly identity: Identity | undefined;
  readonly environmentId: string | undefined;
  /** Undefined: `failure` says why. */
  readonly list:
    | { readonly candidates: readonly Candidate[]; readonly skipped: readonly SkippedSecret[] }
    | undefined;
  readonly failure: Failure | undefined;
  /** When the list was asked for, in milliseconds since 1970. */
  readonly atMs: number;
  readonly details: readonly SecretDetails[];
  readonly request: PlatformRequest | undefined;
}

const IDENTITY_LIMIT_MS = 4000;
const LIST_LIMIT_MS = 5000;
const DETAILS_LIMIT_MS = 2000;

/** Never throws. */
export async function askPlatformState(scene: Scene): Promise<PlatformState> {
  const { local, context, remote } = scene;
  const sources = tokenSources(local.config, context.env)
    .filter((source) => source.isPresent())
    .map(({ name }) => name);
  const none: PlatformState = {
    asked: local.seesPlatform,
    sources,
    source: sources[0],
    refusal: undefined,
    identity: undefined,
    environmentId: local.environmentId,
    list: undefined,
    failure: local.loaded.broken,
    atMs: context.clock.nowMs(),
    details: [],
    request: undefined,
  };
  if (!none.asked || none.failure !== undefined) return none;
  try {
    return await ask(none, await remote.askOptions(), scene);
  } catch (error) {
    return { ...none, failure: toFailure(error) };
  }
}

async function ask(none: PlatformState, request: PlatformRequest, scene: Scene): Promise<PlatformState> {
  const { client } = request;
  const limit = (ms: number): Deadline => within(scene.context.clock, scene.deadline, ms);
  const state = (more: Partial<PlatformState>): PlatformState => ({
    ...none,
    request,
    refusal: client.refusal,
    source: client.sourceName ?? none.source,
    ...more,
  });
  const identity = await orFailure(client.identity(limit(IDENTITY_LIMIT_MS)));
  // A refusal of this question says nothing of the next; no token and no connection do.
  if (identity instanceof Failure && !(identity instanceof Refusal)) return state({ failure: identity });
  const known = identity instanceof Failure ? undefined : identity;
  const ownId = known?.principal === "PRINCIPAL_ENVIRONMENT" ? known.subjectId : undefined;
  const environmentId = scene.local.environmentId ?? ownId;
  const { config } = scene.local;
  const list = await orFailure(fetchSecretList(config, environmentId, client, limit(LIST_LIMIT_MS)));
  const seen = { identity: known, environmentId };
  if (list instanceof Failure) return state({ ...seen, failure: list });
  // The list of a scope that is configured does without the environment.
  if (config.lookup === "list" && config.scopeIds.project !== undefined && environmentId !== undefined) {
    await orFailure(client.environment(environmentId, limit(DETAILS_LIMIT_MS)));
  }
  return state({ ...seen, list, failure: undefined, details: client.environmentDetails });
}

async function orFailure<T>(work: Promise<T>): Promise<T | Failure> {
  try {
    return await work;
  } catch (error) {
    return toFailure(error);
  }
}
