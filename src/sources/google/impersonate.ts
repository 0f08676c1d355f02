// The token of a service account for somebody who may impersonate it: one call to generateAccessToken. The library's
// own class for it warns on stderr.

import { type Endpoint, isSafeEndpoint, parseEndpoint } from "../../core/endpoint.ts";
import { isRecord, isText } from "../../core/entry.ts";
import { Failure } from "../../core/failures.ts";
import { parseForeignJson } from "../../core/foreign-json.ts";
import { withRetries } from "../../edge/retry.ts";
import { TransportError } from "../../edge/transport-error.ts";
import type { MintContext } from "../cloud/context.ts";
import { badAnswer, type GoogleCall, googleFailure } from "./errors.ts";
import { type GoogleOutcome, judgeGoogle, outcomeOf } from "./fetch.ts";
import { credentialFileName } from "./files.ts";
import type { GoogleToken } from "./metadata.ts";

const PATH = /^\/v1\/projects\/-\/serviceAccounts\/[A-Za-z0-9._%@-]+:generateAccessToken$/;
const TRY_LIMIT_MS = 5000;
const CALL: GoogleCall = {
  api: "Google's service account credentials API",
  refused: {
    message: "Google refuses the impersonation of the service account",
    hint: "give the caller roles/iam.serviceAccountTokenCreator on it, and check its name",
  },
};

export interface Impersonation {
  readonly url: string;
  readonly scopes: readonly string[];
  readonly delegates: readonly string[];
}

/** Throws a Failure: the name comes from the configuration. */
export function impersonationUrl(serviceAccount: string): string {
  if (/^[A-Za-z0-9._-]+@[A-Za-z0-9.-]+$/.test(serviceAccount)) {
    return `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${serviceAccount}:generateAccessToken`;
  }
  throw new Failure("config-invalid", "the service account to impersonate is not an e-mail address", {
    hint: "correct identity in the configuration",
  });
}

/** Throws a Failure. */
export async function impersonate(
  bearer: string,
  { url, scopes, delegates }: Impersonation,
  context: MintContext,
): Promise<GoogleToken> {
  const endpoint = apiOf(url, context);
  const ask = () => post(endpoint, bearer, { delegates, scope: scopes, lifetime: "3600s" }, context);
  const outcome = await withRetries(context, ask, () => undefined, judgeGoogle);
  if (outcome.last !== 200) throw googleFailure(outcome, callFor(url), context);
  return read(outcome.body);
}

/** Names the account: its name is the configuration's or the credential file's, and no secret. */
function callFor(url: string): GoogleCall {
  const account = /\/serviceAccounts\/([A-Za-z0-9._%@-]{1,200}):/.exec(url)?.[1];
  if (account === undefined) return CALL;
  const message = `Google refuses the impersonation of the service account ${account}`;
  return { ...CALL, refused: { ...CALL.refused, message } };
}

async function post(
  endpoint: Endpoint,
  bearer: string,
  body: unknown,
  { http, clock, deadline }: MintContext,
): Promise<GoogleOutcome & { body: Buffer }> {
  try {
    const answer = await http.send({
      method: "POST",
      endpoint,
      path: endpoint.path,
      headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      timeoutMs: Math.min(TRY_LIMIT_MS, deadline.remainingMs()),
    });
    return { ...outcomeOf(answer, clock.nowMs()), body: answer.body };
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    const outcome = { last: error, code: undefined, skewMs: undefined, retryAfterMs: 0 };
    return { ...outcome, body: Buffer.alloc(0) };
  }
}

function apiOf(url: string, { env }: MintContext): Endpoint {
  const endpoint = parseEndpoint(url);
  if (endpoint !== undefined && isSafeEndpoint(endpoint) && PATH.test(endpoint.path)) return endpoint;
  throw new Failure("config-invalid", `${credentialFileName(env)} names no address for an impersonation`, {
    hint: "use a credential file that gcloud wrote",
  });
}

function read(body: Buffer): GoogleToken {
  let value: unknown;
  try {
    value = parseForeignJson(body.toString("utf8"));
  } catch {
    throw badAnswer(CALL.api);
  }
  const { accessToken: token, expireTime: end } = isRecord(value) ? value : {};
  const expiresAtMs = isText(end) ? Date.parse(end) : Number.NaN;
  if (!isText(token) || !/^[\x21-\x7e]+$/.test(token)) throw badAnswer(CALL.api);
  return { token, expiresAtMs };
}
