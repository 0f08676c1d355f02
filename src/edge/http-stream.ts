// A response that is read as it comes, for as long as it lasts. The rules are those of http.ts (addresses, proxies, trust,
// no redirect followed), but nothing here has an end by itself: the caller's signal is the only limit on time, and the
// caller must bound what it keeps of the body.

import type { Dispatcher } from "undici";
import { isSafeEndpoint } from "../core/endpoint.ts";
import { dispatcherPool, type HttpRequest, orStopped, routeOf, shownPath } from "./http.ts";
import type { Trace } from "./trace.ts";
import { TransportError, toTransportError } from "./transport-error.ts";
import { request as send } from "./undici.ts";

const CONNECT_LIMIT_MS = 5000;

export interface HttpStream {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it comes. Throws a TransportError when it breaks off. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface StreamOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly trace: Trace;
  /** Ends everything; the connection is gone by then. */
  readonly signal: AbortSignal;
}

/** Sends `request` on a connection of its own and waits for the headers. Throws a TransportError. */
export async function openStream(request: HttpRequest, options: StreamOptions): Promise<HttpStream> {
  const { env, trace, signal } = options;
  const { endpoint } = request;
  const route = routeOf(env, endpoint);
  if (!isSafeEndpoint(endpoint)) throw new TransportError("not-allowed", endpoint.host, "");
  const dispatchers = dispatcherPool(env);
  const failureOf = (error: unknown): TransportError =>
    toTransportError(error, endpoint.host, signal.aborted, route);
  signal.addEventListener("abort", () => dispatchers.close(), { once: true });
  try {
    const dispatched = dispatchers.for(endpoint, request.connectTimeoutMs ?? CONNECT_LIMIT_MS);
    const answered = dispatched.then((dispatcher) => start(dispatcher, request, signal));
    const answer = await orStopped(answered, signal);
    trace(`${request.method} ${endpoint.host}${shownPath(request)}: ${answer.statusCode}, a stream`);
    const headers = Object.fromEntries(
      Object.entries(answer.headers).map(([name, value]) => [name, [value].flat().join(", ")]),
    );
    const body = answer.body as AsyncIterable<Uint8Array>;
    return { status: answer.statusCode, headers, chunks: chunksOf(body, failureOf, dispatchers) };
  } catch (error) {
    dispatchers.close();
    const failure = failureOf(error);
    trace(`${request.method} ${endpoint.host}${shownPath(request)}: ${failure.message}`);
    throw failure;
  }
}

function start(
  dispatcher: Dispatcher,
  request: HttpRequest,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  signal.throwIfAborted();
  return send.call(dispatcher, {
    origin: request.endpoint.origin,
    path: request.path,
    method: request.method as Dispatcher.HttpMethod,
    headers: { "accept-encoding": "identity", ...request.headers },
    body: request.body ?? null,
    signal,
  });
}

async function* chunksOf(
  body: AsyncIterable<Uint8Array>,
  failureOf: (error: unknown) => TransportError,
  dispatchers: { close(): void },
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw failureOf(error);
  } finally {
    dispatchers.close();
  }
}
