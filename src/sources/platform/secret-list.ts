// The list of secrets that an environment has: from the environment itself, or, where that is refused, from the lists
// of the scopes that are known. An outage anywhere is an outage of the whole: a lower scope never stands in for one
// that did not answer.

import type { Candidate } from "../../core/candidate.ts";
import { type Config, SCOPES, type Scope } from "../../core/config.ts";
import { Failure, Outage, Refusal } from "../../core/failures.ts";
import type { Identity, SkippedSecret } from "../../core/platform-answers.ts";
import type { Deadline } from "../../edge/clock.ts";
import type { PlatformClient } from "./client.ts";

export interface SecretList {
  readonly candidates: readonly Candidate[];
  readonly skipped: readonly SkippedSecret[];
}

type ScopeIds = Readonly<Partial<Record<Scope, string>>>;

/** The refusals of GetEnvironment after which the scopes are listed. */
const FALLBACK_CODES: ReadonlySet<string> = new Set([
  "permission_denied",
  "unimplemented",
  "not_found",
  "failed_precondition",
]);

/** Throws an Outage, or another Failure when it is not told which secrets there are. */
export async function fetchSecretList(
  config: Config,
  environmentId: string | undefined,
  client: PlatformClient,
  deadline: Deadline,
): Promise<SecretList> {
  const identity = environmentId === undefined ? await knownIdentity(client, deadline) : undefined;
  const ownId = identity?.principal === "PRINCIPAL_ENVIRONMENT" ? identity.subjectId : undefined;
  const id = environmentId ?? ownId;
  if (config.lookup === "list") {
    return listScopes(config, await idsForList(config, id, identity, client, deadline), client, deadline);
  }
  if (id !== undefined) {
    const answer = await refusable(client.environment(id, deadline));
    if (!(answer instanceof Refusal)) return answer;
    if (config.lookup === "environment" || !FALLBACK_CODES.has(answer.connectCode)) throw unknown(answer);
  } else if (config.lookup === "environment") {
    throw new Failure("lookup-refused", "the environment's id is not known", {
      hint: "set ONA_ENVIRONMENT_ID or environmentId in the configuration",
    });
  }
  const subject = identity ?? (await identityForList(config, client, deadline));
  return listScopes(config, { ...idsOf(subject), ...config.scopeIds }, client, deadline);
}

/** In list mode the environment still tells which project and user it belongs to, if it may be asked. */
async function idsForList(
  config: Config,
  environmentId: string | undefined,
  identity: Identity | undefined,
  client: PlatformClient,
  deadline: Deadline,
): Promise<ScopeIds> {
  const subject = identity ?? (await identityForList(config, client, deadline));
  const ask = environmentId !== undefined && config.scopeIds.project === undefined;
  const answer = ask ? await refusable(client.environment(environmentId, deadline)) : undefined;
  const fromEnvironment = answer === undefined || answer instanceof Refusal ? {} : answer.scopeIds;
  return { ...idsOf(subject), ...fromEnvironment, ...config.scopeIds };
}

async function listScopes(
  config: Config,
  ids: ScopeIds,
  client: PlatformClient,
  deadline: Deadline,
): Promise<SecretList> {
  const candidates: Candidate[] = [];
  const skipped: SkippedSecret[] = [];
  let refused: Refusal | undefined;
  let answered = false;
  for (const scope of config.precedence ?? SCOPES) {
    const scopeId = ids[scope];
    if (scopeId === undefined) continue;
    const list = await refusable(listScope(scope, scopeId, client, deadline));
    if (list instanceof Refusal) {
      refused ??= list;
      continue;
    }
    answered = true;
    candidates.push(...list.candidates);
    skipped.push(...list.skipped);
  }
  if (!answered) throw unknown(refused);
  return { candidates, skipped };
}

async function listScope(
  scope: Scope,
  scopeId: string,
  client: PlatformClient,
  deadline: Deadline,
): Promise<SecretList> {
  const candidates: Candidate[] = [];
  const skipped: SkippedSecret[] = [];
  const seen = new Set<string>();
  const grantedMs = deadline.remainingMs();
  let token = "";
  // A list cut short would hide secrets behind a lower scope's: one that never ends takes until the deadline, and fails.
  for (;;) {
    const answer = await client.secrets(scope, scopeId, token, deadline).catch((error: unknown) => {
      throw withTimeOfAllPages(error, grantedMs);
    });
    candidates.push(...answer.candidates);
    skipped.push(...answer.skipped);
    token = answer.nextToken;
    if (token === "" || seen.has(token)) return { candidates, skipped };
    seen.add(token);
  }
}

/** What was granted to a list is the time of all its pages, not of the one at which it ran out. */
function withTimeOfAllPages(error: unknown, grantedMs: number): unknown {
  if (!(error instanceof Outage) || error.grantedMs >= grantedMs) return error;
  return new Outage(error.code, error.message, { hint: error.hint ?? "try again", grantedMs });
}

/** The identity is not asked for when the configuration already names every scope it could tell. */
async function identityForList(
  config: Config,
  client: PlatformClient,
  deadline: Deadline,
): Promise<Identity | undefined> {
  const { user, serviceAccount, organization } = config.scopeIds;
  if (organization !== undefined && (user !== undefined || serviceAccount !== undefined)) return undefined;
  return knownIdentity(client, deadline);
}

async function knownIdentity(client: PlatformClient, deadline: Deadline): Promise<Identity | undefined> {
  const identity = await refusable(client.identity(deadline));
  return identity instanceof Refusal ? undefined : identity;
}

function idsOf(identity: Identity | undefined): ScopeIds {
  if (identity === undefined) return {};
  const { principal, subjectId, organizationId } = identity;
  return {
    ...(principal === "PRINCIPAL_USER" && subjectId !== "" ? { user: subjectId } : {}),
    ...(principal === "PRINCIPAL_SERVICE_ACCOUNT" && subjectId !== "" ? { serviceAccount: subjectId } : {}),
    ...(organizationId === "" ? {} : { organization: organizationId }),
  };
}

/** Turns a refusal into a value, so that only outages and worse go up by themselves. */
async function refusable<T>(call: Promise<T>): Promise<T | Refusal> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function unknown(refused: Refusal | undefined): Failure {
  const what = refused === undefined ? "no scope to list is known" : `it answered ${refused.connectCode}`;
  return new Failure("lookup-refused", `the platform does not say which secrets there are: ${what}`, {
    hint: "use the environment's own token, or name scopes in the configuration",
  });
}
