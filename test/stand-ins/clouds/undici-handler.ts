// A request handler for the AWS clients that goes through undici, for tests that need a proxy or an own CA.
// It never retries and follows no redirect.

import { type Dispatcher, request as send } from "undici";

/** As much of the SDK's HttpRequest as goes over the wire. */
interface SignedRequest {
  method: string;
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body?: string | Uint8Array;
}

export function undiciHandler(dispatcher: Dispatcher) {
  return {
    metadata: { handlerProtocol: "http/1.1" },
    destroy() {},
    async handle(request: SignedRequest, { abortSignal }: { abortSignal?: AbortSignal } = {}) {
      const { protocol, hostname, port, path, method, headers, body } = request;
      const url = `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}`;
      const answer = await send(url, {
        dispatcher,
        method: method as Dispatcher.HttpMethod,
        headers,
        ...(body === undefined ? {} : { body }),
        ...(abortSignal === undefined ? {} : { signal: abortSignal }),
      });
      const flat = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
      return {
        response: { statusCode: answer.statusCode, headers: Object.fromEntries(flat), body: answer.body },
      };
    },
  };
}
