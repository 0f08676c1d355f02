// All network of the program: the platform, AWS and Google go through here and so obey one set of rules. No
// redirect is followed, no body above 1 MiB is read, nothing outlives the deadline, certificates are always
// checked. Errors name the host and the kind of trouble, never a header or a body.

import type { SecureContext } from "node:tls";
import type { Dispatcher } from "undici";
import { type Endpoint, isSafeEndpoint } from "../core/endpoint.ts";
import type { Deadline } from "./clock.ts";
import { isMetadataAddress, proxyFor } from "./proxy.ts";
import type { Trace } from "./trace.ts";
import { TransportError } from "./transport-error.ts";
import { Agent, request as send } from "./undici.ts";

const MAX_BODY_BYTES = 1024 * 1024;
/** How long a connection, TLS included, may take to come about, in milliseconds. */
const CONNECT_LIMIT_MS = 3000;

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
  const ways = createWays(env);
  return {
    async send(request) {
      const { endpoint } = request;
      const isSafe = isSafeEndpoint(endpoint) || isMetadataAddress(endpoint.host);
      if (!isSafe && request.headers.authorization !== undefined) {
        throw new TransportError("not-allowed", endpoint.host, "");
      }
      const limitMs = Math.min(request.timeoutMs ?? Number.POSITIVE_INFINITY, deadline.remainingMs());
      if (limitMs <= 0) throw new TransportError("timeout", endpoint.host, "");
      const stop = new AbortController();
      const timer = setTimeout(() => stop.abort(), limitMs);
      try {
        const way = ways.to(endpoint, request.connectTimeoutMs ?? CONNECT_LIMIT_MS);
        const answered = way.then((dispatcher) => exchange(dispatcher, request, stop.signal));
        const response = await orStopped(answered, stop.signal);
        trace(`${request.method} ${endpoint.host}${shownPath(request)}: ${response.status}`);
        return response;
      } catch (error) {
        const failure = toTransportError(error, endpoint.host, stop.signal.aborted);
        trace(`${request.method} ${endpoint.host}${shownPath(request)}: ${failure.message}`);
        throw failure;
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => ways.close(),
  };
}

/** The dispatchers of a run: one for each proxy, limit and scheme, so that connections are used again. */
export function createWays(env: HttpOptions["env"]) {
  const known = new Map<string, Promise<Dispatcher>>();
  let trust: Promise<SecureContext> | undefined;

  const make = async (usesTls: boolean, proxy: string | undefined, connectTimeoutMs: number) => {
    // A metadata server is asked without TLS, and then nothing of it is loaded.
    if (usesTls) trust ??= import("./trust.ts").then(({ trustOf }) => trustOf(env).context);
    return newDispatcher(proxy, await trust, connectTimeoutMs);
  };

  return {
    /** Rejects with a TransportError of no host when the proxy's address is of no use. */
    to(endpoint: Endpoint, connectTimeoutMs: number): Promise<Dispatcher> {
      const proxy = proxyFor(env, endpoint);
      const key = `${proxy ?? ""} ${connectTimeoutMs} ${endpoint.scheme}`;
      const usesTls = endpoint.scheme === "https" || /^https:/i.test(proxy ?? "");
      const way = known.get(key) ?? make(usesTls, proxy, connectTimeoutMs);
      known.set(key, way);
      return way;
    },
    close(): void {
      for (const way of known.values()) way.then((dispatcher) => dispatcher.destroy()).catch(() => undefined);
      known.clear();
    },
  };
}

async function newDispatcher(
  proxy: string | undefined,
  secureContext: SecureContext | undefined,
  connectTimeoutMs: number,
): Promise<Dispatcher> {
  // `rejectUnauthorized` is said aloud so that NODE_TLS_REJECT_UNAUTHORIZED=0 has no effect.
  const tls = { rejectUnauthorized: true, ...(secureContext ? { secureContext } : {}) };
  // One connection to a server: we ask one thing after another, and the next question must not pay for a second handshake.
  const limits = { allowH2: false, headersTimeout: 0, bodyTimeout: 0, connections: 1 };
  const timed = { ...tls, timeout: connectTimeoutMs };
  if (proxy === undefined) return new Agent({ ...limits, connect: timed });
  // Undici warns on stderr that it knows SOCKS only as an experiment.
  if (!/^https?:/i.test(proxy)) throw new TransportError("proxy", "", "unsupported proxy");
  const { ProxyAgent } = await import("./undici-proxy.ts");
  try {
    return new ProxyAgent({ ...limits, uri: proxy, requestTls: timed, proxyTls: timed });
  } catch {
    throw new TransportError("proxy", "", "bad proxy URL");
  }
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
  signal: AbortSignal,
): Promise<HttpResponse> {
  signal.throwIfAborted();
  const { endpoint } = request;
  const answer = await send.call(dispatcher, {
    origin: endpoint.origin,
    path: request.path,
    method: request.method as Dispatcher.HttpMethod,
    headers: { "accept-encoding": "identity", ...request.headers },
    body: request.body ?? null,
    signal,
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new TransportError("too-large", endpoint.host, "");
    chunks.push(chunk);
  }
  const headers = Object.fromEntries(
    Object.entries(answer.headers).map(([name, value]) => [name, [value].flat().join(", ")]),
  );
  const body = await plainBody(Buffer.concat(chunks), headers["content-encoding"], endpoint.host);
  return { status: answer.statusCode, headers, body };
}

/** We ask for no compression; a server that compresses all the same is read, inside the size limit. */
async function plainBody(body: Buffer, named: string | undefined, host: string): Promise<Buffer> {
  const encoding = named?.trim().toLowerCase();
  if (encoding === undefined || encoding === "identity" || body.length === 0) return body;
  const { brotliDecompressSync, gunzipSync, inflateSync } = await import("node:zlib");
  const decoders: Record<string, typeof gunzipSync> = {
    gzip: gunzipSync,
    "x-gzip": gunzipSync,
    deflate: inflateSync,
    br: brotliDecompressSync as typeof gunzipSync,
  };
  const decode = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
  if (decode === undefined) throw new TransportError("broken", host, "content-encoding");
  try {
    return decode(body, { maxOutputLength: MAX_BODY_BYTES });
  } catch (error) {
    const trouble = systemCodeOf(error) === "ERR_BUFFER_TOO_LARGE" ? "too-large" : "broken";
    throw new TransportError(trouble, host, "content-encoding");
  }
}

const CONNECT_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
]);
const TLS_CODE = /CERT|TLS|SSL|SIGNATURE|EPROTO|UNABLE_TO/;

export function toTransportError(error: unknown, host: string, aborted: boolean): TransportError {
  if (error instanceof TransportError) return new TransportError(error.trouble, host, error.systemCode);
  const code = systemCodeOf(error);
  if (TLS_CODE.test(code)) return new TransportError("tls", host, code);
  if (code === "UND_ERR_CONNECT_TIMEOUT") return new TransportError("timeout", host, "connect");
  if (CONNECT_CODES.has(code)) return new TransportError("connect", host, code);
  return aborted ? new TransportError("timeout", host, "") : new TransportError("broken", host, code);
}

function systemCodeOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  if (typeof code === "string" && /^[A-Z0-9_]{2,60}$/.test(code)) return code;
  if (Array.isArray(errors) && errors.length > 0) return systemCodeOf(errors[0]);
  return cause === undefined ? "" : systemCodeOf(cause);
}
