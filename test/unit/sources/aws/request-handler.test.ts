// The SDK's requests on our HTTP edge: what is sent as it was meant, and what is not sent at all.

import { describe, expect, it } from "vitest";
import { deadlineAfter, systemClock } from "../../../../src/edge/clock.ts";
import type { HttpRequest } from "../../../../src/edge/http.ts";
import { TransportError } from "../../../../src/edge/transport-error.ts";
import { awsRequestHandler } from "../../../../src/sources/aws/request-handler.ts";
import type { MintContext } from "../../../../src/sources/cloud/context.ts";
import { OTHER_CLOUDS } from "../../../../src/sources/mint/other-clouds.ts";

const NOW_MS = Date.parse("2026-05-01T12:00:00Z");
const REQUEST = { method: "GET", protocol: "https:", hostname: "sts.example", path: "/", headers: {} };

function noting(requests: HttpRequest[], headers: Record<string, string> = {}): MintContext {
  return {
    env: {},
    home: undefined,
    clock: { ...systemClock, nowMs: () => NOW_MS },
    deadline: deadlineAfter(systemClock, 1000),
    trace: () => undefined,
    idToken: () => Promise.reject(new Error("none")),
    others: OTHER_CLOUDS,
    http: {
      async send(request) {
        requests.push(request);
        return { status: 200, headers, body: Buffer.from("answer") };
      },
      close: () => undefined,
    },
  };
}

describe("a request", () => {
  it("keeps its query, repeated and escaped as it was signed", async () => {
    const sent: HttpRequest[] = [];
    const query = { role_name: "a b/c*", list: ["1", "2"], empty: null };
    await awsRequestHandler(noting(sent)).handle({ ...REQUEST, path: "/federation/credentials", query });
    expect(sent[0]?.path).toBe("/federation/credentials?role_name=a%20b%2Fc%2A&list=1&list=2&empty=");
  });

  it("keeps port, method, headers and body", async () => {
    const sent: HttpRequest[] = [];
    const headers = { authorization: "x" };
    await awsRequestHandler(noting(sent)).handle({
      ...REQUEST,
      method: "POST",
      port: 8443,
      headers,
      body: "{}",
    });
    expect(sent[0]).toMatchObject({ method: "POST", headers, body: "{}" });
    expect(sent[0]?.endpoint.origin).toBe("https://sts.example:8443");
  });

  it("goes to loopback without TLS, IPv6 too", async () => {
    const sent: HttpRequest[] = [];
    await awsRequestHandler(noting(sent)).handle({
      ...REQUEST,
      protocol: "http:",
      hostname: "[::1]",
      port: 9,
    });
    expect(sent[0]?.endpoint.origin).toBe("http://[::1]:9");
  });

  it.each([
    ["over plain http", { protocol: "http:" }],
    [
      "to the metadata server, which is not the SDK's to ask",
      { protocol: "http:", hostname: "169.254.169.254" },
    ],
    ["to an odd host", { hostname: "user@sts.example" }],
    ["with a stream", { body: new ReadableStream() }],
  ])("is not sent %s", async (_what, odd) => {
    const sent: HttpRequest[] = [];
    const handler = awsRequestHandler(noting(sent));
    await expect(handler.handle({ ...REQUEST, ...odd })).rejects.toThrow(TransportError);
    expect(sent).toEqual([]);
    expect(handler.last()).toBeInstanceOf(TransportError);
  });
});

describe("an answer", () => {
  it("says how far the server's clock is ahead", async () => {
    const handler = awsRequestHandler(noting([], { date: "Sat, 02 May 2026 12:00:00 GMT" }));
    expect(handler.skewMs()).toBeUndefined();
    await handler.handle(REQUEST);
    expect(handler.skewMs()).toBe(24 * 3600_000);
    expect(handler.last()).toBe(200);
  });

  it("without a time, or with an odd one, says nothing of it", async () => {
    const handler = awsRequestHandler(noting([], { date: "soon" }));
    await handler.handle(REQUEST);
    expect(handler.skewMs()).toBeUndefined();
  });
});
