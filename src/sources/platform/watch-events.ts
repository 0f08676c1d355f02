// Follows the platform's events (EventService/WatchEvents, JSON lines). It carries no news itself: whoever listens asks
// again. A refusal is told from an error on the way, since after a refusal nobody tries again.

import type { Endpoint } from "../../core/endpoint.ts";
import { Outage, Refusal } from "../../core/failures.ts";
import { parseConnectError, parseJson } from "../../core/platform-answers.ts";
import { Lines, type Urgency, urgencyOf } from "../../core/platform-events.ts";
import type { Secret } from "../../core/secret.ts";
import type { Deadline } from "../../edge/clock.ts";
import type { HttpRequest } from "../../edge/http.ts";
import { type HttpStream, openStream, type StreamOptions } from "../../edge/http-stream.ts";
import { TransportError } from "../../edge/transport-error.ts";
import { allowedRedirect } from "./call.ts";
import { type PlatformClient, USER_AGENT } from "./client.ts";

const METHOD = "gitpod.v1.EventService/WatchEvents";
/** Statuses by which a server says that it has no such method or does not speak this form of it. */
const NO_SUCH_METHOD: ReadonlySet<number> = new Set([404, 405, 415, 501]);
const MAX_ERROR_BYTES = 64 * 1024;
const ERROR_BODY_LIMIT_MS = 2000;

export interface WatchRequest extends StreamOptions {
  readonly client: PlatformClient;
  /** Undefined: the organization's events are asked for. */
  readonly environmentId: string | undefined;
  /** For getting a token, not for the stream. */
  readonly deadline: Deadline;
  /** The platform has accepted: from now on nothing is missed. */
  readonly onOpen: () => void;
  readonly onEvent: (urgency: Exclude<Urgency, "never">) => void;
}

/** Settles when the stream ends: resolves when the server ended it, throws a Refusal, an Outage or another Failure. */
export async function watchEvents(request: WatchRequest): Promise<void> {
  const { client, deadline, environmentId, onOpen, onEvent } = request;
  const stream = await client.withToken(deadline, (token, base) => open(request, token, base));
  onOpen();
  const lines = new Lines();
  try {
    for await (const chunk of stream.chunks) {
      for (const line of lines.push(chunk)) {
        const urgency = urgencyOf(line, environmentId);
        if (urgency !== "never") onEvent(urgency);
      }
    }
  } catch (error) {
    if (error instanceof TransportError) throw outage("the stream of events broke off");
    throw outage("what came is no stream of events");
  }
}

async function open(request: WatchRequest, token: Secret, base: Endpoint): Promise<HttpStream> {
  const first = await sent(request, token, base);
  const target = allowedRedirect(first, base, METHOD);
  const stream = target === undefined ? first : await sent(request, token, target);
  if (stream.status === 200 && !/^text\/html\b/i.test(stream.headers["content-type"] ?? "")) return stream;
  throw await refusal(stream);
}

async function sent(request: WatchRequest, token: Secret, base: Endpoint): Promise<HttpStream> {
  const { environmentId } = request;
  const http: HttpRequest = {
    method: "POST",
    endpoint: base,
    path: `${base.path}/${METHOD}`,
    headers: {
      authorization: `Bearer ${token.expose()}`,
      "content-type": "application/jsonl",
      accept: "application/jsonl",
      "user-agent": USER_AGENT,
    },
    body: JSON.stringify(environmentId === undefined ? { organization: true } : { environmentId }),
  };
  try {
    return await openStream(http, request);
  } catch (error) {
    if (error instanceof TransportError) throw outage("the stream of events could not be opened");
    throw error;
  }
}

async function refusal(stream: HttpStream): Promise<Refusal | Outage> {
  const code = parseConnectError(parseJson(await shortBody(stream)))?.code;
  const { status } = stream;
  const isAnswer = code !== undefined && status !== 429 && (status < 500 || code === "unimplemented");
  if (isAnswer) return refused(code);
  if (NO_SUCH_METHOD.has(status)) return refused("unimplemented");
  return outage(`the platform answered with HTTP ${status}`);
}

/** What comes of the body within a moment; whoever opened the stream closes it. */
async function shortBody({ chunks }: HttpStream): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const moment = new Promise<void>((resolve) => setTimeout(resolve, ERROR_BODY_LIMIT_MS));
  await Promise.race([collect(chunks, parts), moment]);
  return Buffer.concat(parts);
}

async function collect(chunks: HttpStream["chunks"], parts: Uint8Array[]): Promise<void> {
  let size = 0;
  try {
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > MAX_ERROR_BYTES) break;
      parts.push(chunk);
    }
  } catch {
    // What came of it has to do.
  }
}

function refused(code: string): Refusal {
  return new Refusal(code, "platform-refused", `the platform answered WatchEvents with ${code}`, POLLING);
}

function outage(message: string): Outage {
  return new Outage("platform-unreachable", message, { hint: POLLING });
}

const POLLING = "it is asked at intervals instead";
