// The front of the stand-in: from an HTTP request to a journal entry and a delivered answer.
// Every request is journalled before it is answered, also one that is refused, hit by a fault or never answered.

import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Method, subjectOf } from "./call.ts";
import { type Answer, bareAnswer, ConnectFailure, errorAnswer, jsonAnswer } from "./connect.ts";
import { compressed, deliver } from "./delivery.ts";
import { getEnvironment } from "./environments.ts";
import { faultAnswer } from "./fault-answer.ts";
import type { CallTraits, FaultScript } from "./fault-script.ts";
import type { FaultSeed, MethodName } from "./fault-seed.ts";
import { discovery, discoveryPath, jwks, jwksPath } from "./id-token.ts";
import { getAuthenticatedIdentity, getIdToken } from "./identity.ts";
import type { Journal, JournalEntry } from "./journal.ts";
import { listSecrets, requestedScope } from "./list-secrets.ts";
import { redactedBody, redactedHeaders, type TokenLabels } from "./redaction.ts";
import { decodeMessage, looseJson, readBody, refusedForm } from "./request.ts";
import { getRunner } from "./runners.ts";
import { getSecretValue } from "./secret-value.ts";
import type { TokenSeed } from "./seed.ts";
import type { PlatformState } from "./state.ts";
import { type EventHub, watchEventsPath, watchedEnvironment } from "./watch-events.ts";

interface MethodEntry {
  name: MethodName;
  /** Absent: its answer is a stream. */
  run?: Method;
  /** May also be called with Connect GET. */
  hasNoSideEffects: boolean;
}

const methods: Record<string, MethodEntry> = {
  "gitpod.v1.SecretService/ListSecrets": { name: "ListSecrets", run: listSecrets, hasNoSideEffects: true },
  "gitpod.v1.SecretService/GetSecretValue": {
    name: "GetSecretValue",
    run: getSecretValue,
    hasNoSideEffects: true,
  },
  "gitpod.v1.EnvironmentService/GetEnvironment": {
    name: "GetEnvironment",
    run: getEnvironment,
    hasNoSideEffects: true,
  },
  "gitpod.v1.IdentityService/GetAuthenticatedIdentity": {
    name: "GetAuthenticatedIdentity",
    run: getAuthenticatedIdentity,
    hasNoSideEffects: true,
  },
  "gitpod.v1.IdentityService/GetIDToken": { name: "GetIDToken", run: getIdToken, hasNoSideEffects: false },
  "gitpod.v1.RunnerService/GetRunner": { name: "GetRunner", run: getRunner, hasNoSideEffects: true },
  [watchEventsPath]: { name: "WatchEvents", hasNoSideEffects: false },
};

export interface Front {
  readonly state: PlatformState;
  readonly faults: FaultScript;
  readonly journal: Journal;
  readonly labels: TokenLabels;
  readonly events: EventHub;
  readonly unknownMethods: "bare404" | "unimplemented";
  latencyMs: number;
  origin: string;
  foreignOrigin: string;
}

interface Exchange {
  request: IncomingMessage;
  url: URL;
  bytes: Buffer;
  method: MethodEntry | undefined;
  token: TokenSeed | undefined;
  response: ServerResponse;
  /** The environment whose events are watched; undefined: the organization's. */
  watched: string | undefined;
}

export function frontHandler(front: Front): RequestListener {
  return (request, response) => {
    // A client that breaks off while sending leaves nothing to answer.
    handle(front, request, response).catch(() => response.destroy());
  };
}

async function handle(front: Front, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const arrivedAtMs = Date.now();
  const url = new URL(request.url ?? "/", front.origin);
  const bytes = await readBody(request);
  const method = methods[url.pathname.replace(/^\/api\//, "")];
  const { label, token } = front.labels.of(request.headers.authorization, front.state.tokens);
  const exchange: Exchange = { request, url, bytes, method, token, response, watched: undefined };
  const entry = front.journal.add({
    atMs: arrivedAtMs,
    method: method?.name ?? url.pathname,
    httpMethod: request.method ?? "",
    path: url.pathname,
    query: url.search,
    token: label,
    headers: redactedHeaders(request.headers),
    body: redactedBody(looseJson(bytes)),
    status: 0,
  });
  if (front.latencyMs > 0) {
    await sleep(front.latencyMs);
  }
  const fault = method === undefined ? undefined : front.faults.next(traits(front, exchange, method, label));
  const answer = await answerAndNote(front, exchange, fault, entry);
  if (answer === undefined) {
    return;
  }
  await deliver(response, answer, fault);
}

/** Undefined when a stream answers. */
async function answerAndNote(
  front: Front,
  exchange: Exchange,
  fault: FaultSeed | undefined,
  entry: JournalEntry,
): Promise<Answer | undefined> {
  const { request, url } = exchange;
  const scripted =
    fault === undefined
      ? undefined
      : faultAnswer(fault, {
          sameOrigin: front.origin,
          foreignOrigin: front.foreignOrigin,
          path: `${url.pathname}${url.search}`,
        });
  const answer = scripted ?? (await realAnswer(front, exchange));
  if (answer === "stream") {
    entry.status = fault?.kind === "hang" ? 0 : 200;
    if (fault?.kind !== "hang") {
      front.events.open(exchange.response, exchange.watched);
    }
    return undefined;
  }
  const isAnswered = fault?.kind !== "hang" && fault?.kind !== "reset";
  entry.status = isAnswered ? answer.status : 0;
  if (fault !== undefined) {
    entry.fault = fault.kind;
  }
  if (isAnswered && answer.code !== undefined) {
    entry.code = answer.code;
  }
  const mayCompress = fault === undefined && answer.body.length > 0 && acceptsGzip(request);
  return mayCompress ? compressed(answer) : answer;
}

function acceptsGzip({ headers }: IncomingMessage): boolean {
  return /(^|[\s,])(gzip|\*)(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(String(headers["accept-encoding"] ?? ""));
}

async function realAnswer(front: Front, exchange: Exchange): Promise<Answer | "stream"> {
  const { request, url, bytes, method, token } = exchange;
  const { state, origin } = front;
  if (url.pathname === discoveryPath) {
    return jsonAnswer(discovery(state.oidc.issuer ?? origin, origin));
  }
  if (url.pathname === jwksPath) {
    return jsonAnswer(await jwks());
  }
  if (method === undefined || !url.pathname.startsWith("/api/")) {
    const isMethod = /^\/api\/gitpod\.v1\.[A-Za-z]+\/[A-Za-z]+$/.test(url.pathname);
    return isMethod && front.unknownMethods === "unimplemented"
      ? errorAnswer("unimplemented", `${url.pathname} is not implemented`)
      : bareAnswer(404);
  }
  const contentType = method.run === undefined ? "application/jsonl" : "application/json";
  const refused = refusedForm(request, method.hasNoSideEffects, contentType);
  if (refused !== undefined) {
    return refused;
  }
  if (token === undefined) {
    return errorAnswer("unauthenticated", "invalid or missing credentials");
  }
  try {
    const body = decodeMessage(request, bytes, url.searchParams);
    const call = { state, subject: subjectOf(token), body, query: url.searchParams, origin };
    if (method.run === undefined) {
      exchange.watched = watchedEnvironment(call);
      return "stream";
    }
    return jsonAnswer(await method.run(call));
  } catch (error) {
    if (error instanceof ConnectFailure) {
      return errorAnswer(error.code, error.message);
    }
    throw error;
  }
}

function traits(
  { state }: Front,
  { request, url, bytes, token }: Exchange,
  { name }: MethodEntry,
  label: string,
): CallTraits {
  const call: CallTraits = {
    method: name,
    token: label,
    principal: token?.principal,
    scope: undefined,
    secret: [],
  };
  try {
    const body = decodeMessage(request, bytes, url.searchParams);
    const id = body.secretId ?? body.secret_id;
    const names = state.secrets.filter((secret) => secret.id === id).map(({ seed }) => seed.name);
    const scope = name === "ListSecrets" ? (requestedScope(body)?.kind ?? "none") : undefined;
    return { ...call, scope, secret: typeof id === "string" ? [id, ...names] : [] };
  } catch {
    // A request that cannot be read is judged by the method; faults go by what is known without it.
    return call;
  }
}
