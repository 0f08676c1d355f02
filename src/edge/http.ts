// All network of the program: the platform, AWS and Google go through here and so obey one set of rules. No
// redirect is followed, no body above 1 MiB is read, nothing outlives the deadline, certificates are always
// checked. Errors name the host and the kind of error, never a header or a body.

import type { SecureContext } from "node:tls";
import type { Dispatcher } from "undici";
import { type Endpoint, isSafeEndpoint } from "../core/endpoint.ts";
import type { Deadline } from "./clock.ts";
import { connectorFor } from "./connect.ts";
import { plainBody, readResponse } from "./http-response.ts";
import { isMetadataAddress, type ProxySetting, proxyFor, proxyName } from "./proxy.ts";
import type { Trace } from "./trace.ts";
import { type TransportDetails, TransportError, toTransportError } from "./transport-error.ts";
import { Agent } from "./undici.ts";

/** How long a connection, TLS included, may take to come about, in milliseconds. */
const CONNECT_LIMIT_MS = 3000;
/** How long a look at a certificate may take, for an error message only, in milliseconds. */
const ISSUER_LIMIT_MS = 1000;
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO|DEPTH_ZERO|^CERT_|ALTNAME/;

export interface HttpRequest {
  readonly method: string;
  readonly endpoint: Endpoint;
  /** Path and query; the endpoint's own path is not added. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Limit for this request beside the run's deadline, in milliseconds. */
  readonly timeoutMs?: number;
  readonly connectTimeoutMs?: number;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; a repeated header is joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Http {
  /** Throws a TransportError, and nothing else. */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Drops every connection, idle or not, for whoever lives on; at the end of a process the system does it. */
  close(): void;
}

interface HttpOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly deadline: Deadline;
  readonly trace: Trace;
}

export function createHttp({ env, deadline, trace }: HttpOptions): Http {
  const dispatchers = dispatcherPool(env);
  return {
    async send(request) {
      const { endpoint } = request;
      const isSafe = isSafeEndpoint(endpoint) || isMetadataAddress(endpoint.host);
      if (!isSafe && request.headers.authorization !== undefined) {
        throw new TransportError("not-allowed", endpoint.host, "");
      }
      const time = timeOf(request, deadline);
      if (time.limitMs <= 0) throw new TransportError("timeout", endpoint.host, "", routeOf(env, endpoint));
      const stop = new AbortController();
      const timer = setTimeout(() => stop.abort(), time.limitMs);
      try {
        const dispatched = dispatchers.for(endpoint, request.connectTimeoutMs ?? CONNECT_LIMIT_MS);
        const limits = { signal: stop.signal, isOver: time.isOver };
        const answered = dispatched.then((dispatcher) => exchange(dispatcher, request, limits));
        const response = await orStopped(answered, stop.signal);
        trace(`${request.method} ${endpoint.host}${shownPath(request)}: ${response.status}`);
        return response;
      } catch (error) {
        const details = { ...routeOf(env, endpoint), waitedMs: time.usedMs() };
        const failure = toTransportError(error, endpoint.host, stop.signal.aborted, details);
        trace(`${request.method} ${endpoint.host}${shownPath(request)}: ${failure.message}`);
        throw await withIssuer(failure, endpoint, env, deadline);
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => dispatchers.close(),
  };
}

interface RequestTime {
  readonly limitMs: number;
  readonly usedMs: () => number;
  readonly isOver: () => boolean;
}

function timeOf(request: HttpRequest, deadline: Deadline): RequestTime {
  const startMs = deadline.remainingMs();
  const limitMs = Math.min(request.timeoutMs ?? Number.POSITIVE_INFINITY, startMs);
  const usedMs = (): number => startMs - deadline.remainingMs();
  return { limitMs, usedMs, isOver: () => usedMs() >= limitMs };
}

/** The port and the proxy, for the message of a failure. */
export function routeOf(env: HttpOptions["env"], endpoint: Endpoint): TransportDetails {
  return { port: endpoint.port, proxy: proxyName(env, endpoint) };
}

/** Who issued a certificate that is not trusted, often a proxy that looks into TLS; looked at only then. */
async function withIssuer(
  failure: TransportError,
  endpoint: Endpoint,
  env: HttpOptions["env"],
  deadline: Deadline,
): Promise<TransportError> {
  const limitMs = Math.min(ISSUER_LIMIT_MS, deadline.remainingMs());
  const isUntrusted = failure.kind === "tls" && UNTRUSTED.test(failure.systemCode);
  if (!isUntrusted || failure.details.atProxy === true || limitMs <= 0) return failure;
  const { certificateOf } = await import("./certificate.ts");
  const seen = await certificateOf(endpoint, env, limitMs);
  const issuer = seen?.issuer.replace(/[^ -~]|"/g, "?").slice(0, 80);
  return issuer ? failure.with(failure.host, { issuer }) : failure;
}

/** The dispatchers of a run: one for each proxy, limit and scheme, so that connections are used again. */
export function dispatcherPool(env: HttpOptions["env"]) {
  const known = new Map<string, Promise<Dispatcher>>();
  let trust: Promise<SecureContext> | undefined;

  const make = async (usesTls: boolean, proxy: ProxySetting | undefined, connectTimeoutMs: number) => {
    // A metadata server is asked without TLS, and then nothing of it is loaded.
    if (usesTls) trust ??= import("./trust.ts").then(({ trustOf }) => trustOf(env).context);
    return newDispatcher(proxy, await trust, connectTimeoutMs);
  };

  return {
    /** Rejects with a TransportError of no host (`setting`) when the proxy or a file of certificates is of no use. */
    for(endpoint: Endpoint, connectTimeoutMs: number): Promise<Dispatcher> {
      const proxy = proxyFor(env, endpoint);
      const key = `${proxy?.url ?? ""} ${connectTimeoutMs} ${endpoint.scheme}`;
      const usesTls = endpoint.scheme === "https" || /^https:/i.test(proxy?.url ?? "");
      const dispatched = known.get(key) ?? make(usesTls, proxy, connectTimeoutMs);
      known.set(key, dispatched);
      return dispatched;
    },
    close(): void {
      for (const dispatched of known.values())
        dispatched.then((dispatcher) => dispatcher.destroy()).catch(() => undefined);
      known.clear();
    },
  };
}

function newDispatcher(
  proxy: ProxySetting | undefined,
  secureContext: SecureContext | undefined,
  connectTimeoutMs: number,
): Dispatcher {
  // `rejectUnauthorized` is said aloud so that NODE_TLS_REJECT_UNAUTHORIZED=0 has no effect.
  const tls = { rejectUnauthorized: true, ...(secureContext ? { secureContext } : {}) };
  // One connection to a server: we ask one thing after another, and the next question must not pay for a second handshake.
  const limits = { allowH2: false, headersTimeout: 0, bodyTimeout: 0, connections: 1 };
  const connect = connectorFor(proxy, { ...tls, timeout: connectTimeoutMs });
  return new Agent({ ...limits, connect });
}

/** undici hears an abort only while a connection is there: before, a proxy that says nothing would hold us. */
export function orStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, stopped]);
}

/** Without the query, and without ids that are as good as a secret (a container's credentials have one). */
export function shownPath({ path }: HttpRequest): string {
  return (path.split("?")[0] ?? "").replace(/[0-9a-f]{8}-[0-9a-f-]{20,}/gi, "…");
}

async function exchange(
  dispatcher: Dispatcher,
  request: HttpRequest,
  limits: Parameters<typeof readResponse>[2],
): Promise<HttpResponse> {
  limits.signal.throwIfAborted();
  const { endpoint } = request;
  const { status, headers, body } = await readResponse(
    dispatcher,
    {
      origin: endpoint.origin,
      path: request.path,
      method: request.method as Dispatcher.HttpMethod,
      headers: { "accept-encoding": "identity", ...request.headers },
      body: request.body ?? null,
    },
    limits,
  );
  return { status, headers, body: await plainBody(body, headers["content-encoding"]) };
}
