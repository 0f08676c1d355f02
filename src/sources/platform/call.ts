// One call to the platform with one token: Connect unary JSON over POST, the retries that are allowed, the two
// redirects that are allowed, and the sorting of every result into an answer, a refusal or an outage.

import { type Endpoint, parseEndpoint } from "../../core/endpoint.ts";
import { parseConnectError, parseJson } from "../../core/platform-answers.ts";
import type { Secret } from "../../core/secret.ts";
import type { Clock, Deadline } from "../../edge/clock.ts";
import type { Http, HttpResponse } from "../../edge/http.ts";
import { TransportError } from "../../edge/transport-error.ts";
import { transportMessage } from "../../edge/transport-message.ts";
import { Outage, Refused } from "./errors.ts";

const MAX_RETRIES = 2;
const RETRIED_STATUS: ReadonlySet<number> = new Set([502, 503, 504]);
const BACKOFF_MS = 150;
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

/** The parsed answer. Throws an Outage or a Refused. */
export async function callPlatform<T>(call: PlatformCall<T>, http: Http, clock: Clock): Promise<T> {
  let base = call.base;
  let redirected = false;
  const grantedMs = call.deadline.remainingMs();
  for (let attempt = 0; ; attempt += 1) {
    const result = await send(call, base, http);
    if (result instanceof TransportError) {
      const again = result.trouble === "connect" || result.trouble === "broken";
      if (again && (await mayRetry(attempt, backoffMs(attempt), call, clock))) continue;
      throw transportOutage(result, grantedMs);
    }
    const target = redirected ? undefined : allowedRedirect(result, base, call.method);
    if (target !== undefined) {
      base = target;
      redirected = true;
      attempt -= 1;
      continue;
    }
    const delayMs = retryDelayMs(result, attempt, clock);
    if (delayMs !== undefined && (await mayRetry(attempt, delayMs, call, clock))) continue;
    return sort(result, call);
  }
}

const backoffMs = (attempt: number): number => BACKOFF_MS * (1 + attempt);

async function send<T>(
  call: PlatformCall<T>,
  base: Endpoint,
  http: Http,
): Promise<HttpResponse | TransportError> {
  try {
    return await http.send({
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
  } catch (error) {
    if (error instanceof TransportError) return error;
    throw error;
  }
}

/** Waits with up to a quarter more, so that twenty processes do not come back together. */
async function mayRetry<T>(
  attempt: number,
  delayMs: number,
  call: PlatformCall<T>,
  clock: Clock,
): Promise<boolean> {
  const waitMs = delayMs * (1 + Math.random() / 4);
  if (attempt >= MAX_RETRIES || waitMs >= call.deadline.remainingMs()) return false;
  await clock.sleep(waitMs);
  return true;
}

/** The delay before a retry, or undefined when this result is final. RetryInfo outranks the headers. */
function retryDelayMs(response: HttpResponse, attempt: number, clock: Clock): number | undefined {
  if (RETRIED_STATUS.has(response.status)) return backoffMs(attempt);
  if (response.status !== 429) return undefined;
  const detail = parseConnectError(parseJson(response.body))?.retryDelayMs;
  if (detail !== undefined) return detail === "unusable" ? undefined : detail;
  const own = response.headers["ratelimit-retryafter"] ?? "";
  if (/^[1-9][0-9]{0,5}$/.test(own)) return Number(own) * 1000;
  return headerDelayMs(response.headers["retry-after"] ?? "", clock);
}

/** `Retry-After` as RFC 9110 has it: seconds or a date. A moment that has come means a short wait. */
function headerDelayMs(header: string, clock: Clock): number | undefined {
  const delayMs = /^[0-9]{1,6}(?:\.[0-9]{1,6})?$/.test(header)
    ? Number(header) * 1000
    : Date.parse(header) - clock.nowMs();
  return Number.isNaN(delayMs) ? undefined : Math.max(delayMs, BACKOFF_MS);
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

function sort<T>(response: HttpResponse, call: PlatformCall<T>): T {
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
    throw outage("platform-rate-limited", call, "is rate-limiting", "try again in a minute");
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
  throw new Refused(
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
  switch (error.trouble) {
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
