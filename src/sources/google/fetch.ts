// The Google clients' way to our HTTP edge: a `fetch` for gaxios that opens no connection of its own. It sends to
// https, to loopback or to a metadata server, follows nothing, and keeps of an answer only what a failure needs.

import { type Endpoint, isSafeEndpoint, parseEndpoint } from "../../core/endpoint.ts";
import { isRecord } from "../../core/entry.ts";
import { parseForeignJson } from "../../core/foreign-json.ts";
import type { HttpResponse } from "../../edge/http.ts";
import type { Retry } from "../../edge/retry.ts";
import { isPassing, retryAfterMs } from "../../edge/retry.ts";
import { TransportError } from "../../edge/transport-error.ts";
import type { MintContext } from "../cloud/context.ts";

/** One attempt at Google may take so long, in milliseconds; the deadline may end it earlier. */
const TRY_LIMIT_MS = 5000;
const LINK_LIMIT_MS = 1000;
/** Where a credential file may find an ID token over plain http: the metadata servers of the clouds. */
const LINK_HOSTS: ReadonlySet<string> = new Set(["169.254.169.254", "fd00:ec2::254", "fd20:ce::254"]);
const TOKEN_URL = "https://oauth2.googleapis.com/token";

/** How the last attempt ended. */
export interface GoogleOutcome {
  /** A status, or no response; undefined when nothing was asked. */
  readonly last: number | TransportError | undefined;
  /** Google's error code, such as `invalid_grant`; undefined for a refusal that is not in Google's form. */
  readonly code: string | undefined;
  /** What Google's own words say is wrong, where they are known. */
  readonly problem?: GoogleProblem | undefined;
  /** How far Google's clock was ahead of ours; undefined when no answer said the time. */
  readonly skewMs: number | undefined;
  readonly retryAfterMs: number;
}

export type GoogleProblem = "audience" | "provider" | "issuer" | "expired" | "condition";

export interface GoogleTransport {
  readonly fetch: typeof fetch;
  outcome(): GoogleOutcome;
}

const NOTHING: GoogleOutcome = { last: undefined, code: undefined, skewMs: undefined, retryAfterMs: 0 };

/** `tokenUri`: where a credential file says its tokens are made; the library has that address built in. */
export function googleTransport(
  { http, clock, deadline }: MintContext,
  tokenUri?: Endpoint,
): GoogleTransport {
  let outcome = NOTHING;
  const send = async (url: URL, init: RequestInit): Promise<Response> => {
    const named = url.href === TOKEN_URL && tokenUri !== undefined;
    const { endpoint, path } = named ? { endpoint: tokenUri, path: tokenUri.path } : target(url);
    const isLink = LINK_HOSTS.has(endpoint.host);
    const { body, contentType } = bodyOf(init.body);
    const headers = new Headers(init.headers);
    if (contentType !== undefined && !headers.has("content-type")) headers.set("content-type", contentType);
    const answer = await http.send({
      method: init.method ?? "GET",
      endpoint,
      path,
      headers: Object.fromEntries(headers),
      timeoutMs: Math.min(isLink ? LINK_LIMIT_MS : TRY_LIMIT_MS, deadline.remainingMs()),
      ...(body === undefined ? {} : { body }),
    });
    outcome = outcomeOf(answer, clock.nowMs());
    return responseOf(answer);
  };
  return {
    async fetch(input, init) {
      try {
        return await send(new URL(input instanceof Request ? input.url : input), init ?? {});
      } catch (error) {
        const last = error instanceof TransportError ? error : new TransportError("not-allowed", "", "");
        outcome = { ...NOTHING, last };
        throw last;
      }
    },
    outcome: () => outcome,
  };
}

/** Whether an attempt that ended so may be made again. */
export function judgeGoogle({ last, retryAfterMs: afterMs }: GoogleOutcome): Retry | undefined {
  if (last instanceof TransportError) return isPassing(last) ? { afterMs } : undefined;
  return last !== undefined && (last === 429 || last >= 500) ? { afterMs } : undefined;
}

export function outcomeOf(answer: HttpResponse, nowMs: number): GoogleOutcome {
  const serverMs = Date.parse(answer.headers.date ?? "");
  return {
    last: answer.status,
    ...(answer.status < 400 ? { code: undefined } : errorIn(answer.body)),
    skewMs: Number.isNaN(serverMs) ? undefined : serverMs - nowMs,
    retryAfterMs: retryAfterMs(answer.headers["retry-after"], nowMs) ?? 0,
  };
}

/** gaxios has made a URL of what stood in a credential file; our own grammar has the last word. */
function target(url: URL): { endpoint: Endpoint; path: string } {
  const endpoint = parseEndpoint(url.origin);
  if (endpoint !== undefined && (isSafeEndpoint(endpoint) || LINK_HOSTS.has(endpoint.host))) {
    return { endpoint, path: url.pathname + url.search };
  }
  throw new TransportError("not-allowed", url.hostname, "");
}

function bodyOf(body: RequestInit["body"]): {
  body?: string | Uint8Array;
  contentType?: string;
} {
  if (body === undefined || body === null) return {};
  if (typeof body === "string" || body instanceof Uint8Array) return { body };
  if (body instanceof URLSearchParams) {
    return { body: body.toString(), contentType: "application/x-www-form-urlencoded;charset=UTF-8" };
  }
  throw new TransportError("not-allowed", "", "");
}

function responseOf({ status, headers, body }: HttpResponse): Response {
  const isBare = status === 204 || status === 205 || status === 304;
  return new Response(isBare ? null : new Uint8Array(body), { status, headers: { ...headers } });
}

function errorIn(body: Buffer): Pick<GoogleOutcome, "code" | "problem"> {
  try {
    const value: unknown = parseForeignJson(body.toString("utf8"));
    if (!isRecord(value)) return { code: undefined };
    const code = isRecord(value.error) ? value.error.status : value.error;
    const words = typeof value.error_description === "string" ? value.error_description : "";
    return typeof code === "string" ? { code, problem: problemIn(code, words) } : { code: undefined };
  } catch {
    return { code: undefined };
  }
}

function problemIn(code: string, words: string): GoogleProblem | undefined {
  if (code === "invalid_target") return "provider";
  if (/attribute condition/i.test(words)) return "condition";
  if (/\bissuer\b/i.test(words)) return "issuer";
  if (/\baudience\b/i.test(words)) return "audience";
  return /expired|\bstale\b/i.test(words) ? "expired" : undefined;
}
