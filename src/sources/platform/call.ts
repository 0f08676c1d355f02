// One call to the platform with one token: Connect unary JSON over POST, the retries that are allowed, the two
// redirects that are allowed, and what every result means: an answer, a refusal or an outage.

import { type Endpoint, parseEndpoint } from "../../core/endpoint.ts";
import { Outage, Refusal } from "../../core/failures.ts";
import { parseConnectError, parseJson } from "../../core/platform-answers.ts";
import type { Secret } from "../../core/secret.ts";
import type { Clock, Deadline } from "../../edge/clock.ts";
import type { Http, HttpResponse } from "../../edge/http.ts";
import { type Retry, retryAfterMs, withRetries } from "../../edge/retry.ts";
import { TransportError } from "../../edge/transport-error.ts";
import { settingFailure, transportMessage } from "../../edge/transport-message.ts";

const RETRIED_STATUS: ReadonlySet<number> = new Set([502, 503, 504]);
/** The vendor's two names for one service; the first has been seen to redirect to the second. */
const TWIN_ORIGINS: ReadonlySet<string> = new Set(["https://app.gitpod.io", "https://app.ona.com"]);

export interface PlatformCall<T> {
  readonly base: Endpoint;
  /** `gitpod.v1.Service/Method` */
  readonly method: string;
  readonly body: unknown;
  readonly token: Secret;
  readonly userAgent: string;
  readonly deadline: Deadline;
  /** Undefined when a 2xx body is not what the method answers. */
  readonly parse: (value: unknown) => T | undefined;
}

/** The parsed answer. Throws an Outage or a Refusal, or a Failure (`config-invalid`) for a variable of no use. */
export async function callPlatform<T>(call: PlatformCall<T>, http: Http, clock: Clock): Promise<T> {
  const { deadline } = call;
  let base = call.base;
  const attempt = async (): Promise<HttpResponse> => {
    const answer = await send(call, base, http);
    const target = base === call.base ? allowedRedirect(answer, base, call.method) : undefined;
    if (target === undefined) return answer;
    base = target;
    return send(call, base, http);
  };
  const grantedMs = deadline.remainingMs();
  try {
    return interpret(await withRetries({ clock, deadline }, attempt, afterError, afterAnswer), call);
  } catch (error) {
    throw error instanceof TransportError
      ? (settingFailure(error) ?? transportOutage(error, grantedMs))
      : error;
  }
}

function send<T>(call: PlatformCall<T>, base: Endpoint, http: Http): Promise<HttpResponse> {
  return http.send({
    method: "POST",
    endpoint: base,
    path: `${base.path}/${call.method}`,
    headers: {
      authorization: `Bearer ${call.token.expose()}`,
      "content-type": "application/json",
      "connect-protocol-version": "1",
      "user-agent": call.userAgent,
    },
    body: JSON.stringify(call.body),
    timeoutMs: call.deadline.remainingMs(),
  });
}

/** Silence is not asked twice: it has used up the time. */
function afterError(error: unknown): Retry | undefined {
  const isAgain = error instanceof TransportError && (error.kind === "connect" || error.kind === "broken");
  return isAgain ? { afterMs: 0 } : undefined;
}

/** Of 429 only one that says when. RetryInfo outranks the headers. */
function afterAnswer({ status, headers, body }: HttpResponse, nowMs: number): Retry | undefined {
  const header = retryAfterMs(headers["retry-after"], nowMs);
  if (RETRIED_STATUS.has(status)) return { afterMs: header ?? 0 };
  if (status !== 429) return undefined;
  const detail = parseConnectError(parseJson(body))?.retryDelayMs;
  if (detail === "unusable") return undefined;
  const afterMs = detail ?? (retryAfterMs(headers["ratelimit-retryafter"], nowMs) || header);
  return afterMs === undefined ? undefined : { afterMs };
}

/** One 307 or 308 with the path kept: to the same host and port over https, or between the vendor's two names. */
export function allowedRedirect(
  response: Pick<HttpResponse, "status" | "headers">,
  base: Endpoint,
  method: string,
): Endpoint | undefined {
  if (response.status !== 307 && response.status !== 308) return undefined;
  const location = response.headers.location ?? "";
  const path = `${base.path}/${method}`;
  const absolute =
    location.slice(0, 1) === "/" && location[1] !== "/" ? `${base.origin}${location}` : location;
  const target = parseEndpoint(absolute);
  if (target === undefined || target.scheme !== "https" || target.path !== path) return undefined;
  const same = target.host === base.host && target.port === base.port;
  const twins = TWIN_ORIGINS.has(base.origin) && TWIN_ORIGINS.has(target.origin);
  return same || twins ? { ...target, path: base.path } : undefined;
}

function interpret<T>(response: HttpResponse, call: PlatformCall<T>): T {
  const { status } = response;
  const json = parseJson(response.body);
  if (status >= 200 && status < 300) {
    const answer = call.parse(json);
    if (answer !== undefined) return answer;
    throw outage("platform-bad-answer", call, notThePlatform(response), checkBase(call.base, response));
  }
  if (status >= 300 && status < 400) {
    throw outage(
      "platform-redirect",
      call,
      "answered with a redirect, which is refused",
      checkBase(call.base, response),
    );
  }
  if (status === 429) {
    throw outage("platform-rate-limited", call, "is rate-limiting (HTTP 429)", "try again in a minute");
  }
  const error = parseConnectError(json);
  const answered = error !== undefined && (status < 500 || error.code === "unimplemented");
  if (!answered) {
    // A filter's or a gateway's page is no word of the platform's; a wrong address is met by one too.
    const what = isPage(response)
      ? `sent a web page with HTTP ${status}, which is not the platform's own error`
      : `answered with HTTP ${status}`;
    const foreign = isPage(response) || status === 404;
    throw outage("platform-unreachable", call, what, foreign ? checkBase(call.base, response) : TRY_AGAIN);
  }
  const method = call.method.replace(/^gitpod\.v1\./, "");
  throw new Refusal(
    error.code,
    "platform-refused",
    `the platform answered ${method} with ${error.code}`,
    TRY_AGAIN,
    error.saysExpired,
  );
}

const TRY_AGAIN = "try again, and run docker-credential-ona with DOCKER_CREDENTIAL_ONA_TRACE=1 if it stays";
const CHECK_BASE = "check the API address (ONA_BASE_URL) and the proxy";

function outage<T>(code: Outage["code"], call: PlatformCall<T>, what: string, hint: string): Outage {
  const { host, port } = call.base;
  return new Outage(code, `the platform at ${host.includes(":") ? `[${host}]` : host}:${port} ${what}`, {
    hint,
  });
}

function notThePlatform(response: HttpResponse): string {
  return isPage(response)
    ? `did not answer as the platform does: a web page came with HTTP ${response.status}`
    : "did not answer as the platform does";
}

/** HTML, whatever it calls itself. */
function isPage({ headers, body }: HttpResponse): boolean {
  if (/^\s*(?:text\/html|application\/xhtml)/i.test(headers["content-type"] ?? "")) return true;
  return /^\s*(?:<!doctype|<html|<head|<body|<\?xml)/i.test(body.subarray(0, 200).toString("latin1"));
}

/** What to look at where something else answered. */
function checkBase(base: Endpoint, response: HttpResponse): string {
  if (!/\/api$/.test(base.path)) return "the API address usually ends in /api: check ONA_BASE_URL";
  return isPage(response)
    ? "a filter, a proxy or a login page is in between: have this host allowed, or check ONA_BASE_URL"
    : CHECK_BASE;
}

function transportOutage(error: TransportError, grantedMs: number): Outage {
  const { message, hint } = transportMessage(error, "the platform");
  switch (error.kind) {
    case "timeout":
      return new Outage("platform-timeout", message, { hint: hint ?? "try again", grantedMs });
    case "tls":
      return new Outage("platform-tls", message, { hint: hint ?? CHECK_BASE });
    case "too-large":
      return new Outage("platform-bad-answer", message, { hint: CHECK_BASE });
    default:
      return new Outage("platform-unreachable", message, {
        hint: hint ?? "check the network, the proxy variables and ONA_BASE_URL",
      });
  }
}
