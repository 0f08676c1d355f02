// The AWS clients' way to our HTTP edge: an SDK request handler that opens no connection of its own. It sends to
// https, or to loopback, and nowhere else.

import { isSafeEndpoint, parseEndpoint } from "../../core/endpoint.ts";
import type { HttpResponse } from "../../edge/http.ts";
import { TransportError } from "../../edge/transport-error.ts";
import type { MintContext } from "../cloud/context.ts";

/** One attempt at AWS may take so long, in milliseconds; the deadline may end it earlier. */
const TRY_LIMIT_MS = 5000;

interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface SdkResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** As the SDK's clients take it for `requestHandler`. */
export interface AwsRequestHandler {
  readonly metadata: { readonly handlerProtocol: string };
  handle(request: SdkRequest): Promise<{ response: SdkResponse }>;
  /** How far the last server's clock was ahead of ours; undefined when no answer said the time. */
  skewMs(): number | undefined;
  /** How the last attempt ended: a status, or no response; undefined when there was none. */
  last(): number | TransportError | undefined;
  destroy(): void;
}

/** `tidy` may mend the body of a good answer before the SDK reads it. */
export function awsRequestHandler(
  context: MintContext,
  tidy: (body: Buffer) => Uint8Array = (body) => new Uint8Array(body),
): AwsRequestHandler {
  let skewMs: number | undefined;
  let last: number | TransportError | undefined;
  return {
    metadata: { handlerProtocol: "http/1.1" },
    async handle(request) {
      const response = await send(context, request).catch((error: unknown) => {
        if (error instanceof TransportError) last = error;
        throw error;
      });
      last = response.status;
      const serverMs = Date.parse(response.headers.date ?? "");
      if (!Number.isNaN(serverMs)) skewMs = serverMs - context.clock.nowMs();
      return {
        response: {
          statusCode: response.status,
          headers: { ...response.headers },
          body: response.status === 200 ? tidy(response.body) : new Uint8Array(response.body),
        },
      };
    },
    skewMs: () => skewMs,
    last: () => last,
    destroy: () => undefined,
  };
}

async function send({ http, deadline }: MintContext, request: SdkRequest): Promise<HttpResponse> {
  const port = request.port === undefined ? "" : `:${request.port}`;
  const endpoint = parseEndpoint(`${request.protocol}//${request.hostname}${port}`);
  const body = bodyOf(request.body);
  if (endpoint === undefined || !isSafeEndpoint(endpoint) || body === null) {
    throw new TransportError("not-allowed", request.hostname, "");
  }
  return http.send({
    method: request.method,
    endpoint,
    path: request.path + queryOf(request.query ?? {}),
    headers: request.headers,
    timeoutMs: Math.min(TRY_LIMIT_MS, deadline.remainingMs()),
    ...(body === undefined ? {} : { body }),
  });
}

/** Null for a stream, which none of our calls sends. */
function bodyOf(body: unknown): string | Uint8Array | undefined | null {
  if (body === undefined || body === null || body === "") return undefined;
  return typeof body === "string" || body instanceof Uint8Array ? body : null;
}

function queryOf(query: NonNullable<SdkRequest["query"]>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value ?? ""].flat().map((one) => `${escapeStrictly(name)}=${escapeStrictly(one)}`),
  );
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function escapeStrictly(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
