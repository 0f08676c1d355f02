// One call to the platform: what is tried again and after how long, what is an outage and what an answer, and the two
// redirects. The clock is moved by hand, so that no wait takes time and every wait is seen.

import { describe, expect, it, onTestFinished } from "vitest";
import { isRecord } from "../../src/core/entry.ts";
import { Failure, failureLine } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";
import { deadlineAfter, systemClock } from "../../src/edge/clock.ts";
import {
  createHttp,
  type Http,
  type HttpRequest,
  type HttpResponse,
  TransportError,
} from "../../src/edge/http.ts";
import { callPlatform } from "../../src/sources/platform-call.ts";
import { Outage, Refused } from "../../src/sources/platform-errors.ts";
import { endpointOf } from "../edge/hostile-server.ts";
import { ManualClock } from "../edge/manual-clock.ts";
import type { FaultSeed } from "../platform/fault-seed.ts";
import { platformForTest } from "../platform/worlds.ts";

class RecordingClock extends ManualClock {
  readonly waits: number[] = [];

  override async sleep(ms: number): Promise<void> {
    this.waits.push(ms);
    await super.sleep(ms);
  }
}

const METHOD = "gitpod.v1.IdentityService/GetAuthenticatedIdentity";

interface Called {
  readonly end: string;
  readonly waits: readonly number[];
  readonly requests: number;
}

async function call(http: Http, base: string, deadlineMs = 10_000): Promise<Omit<Called, "requests">> {
  const clock = new RecordingClock();
  const end = await callPlatform(
    {
      base: endpointOf(base),
      method: METHOD,
      body: {},
      token: new Secret("c4nary-token"),
      userAgent: "test",
      deadline: deadlineAfter(clock, deadlineMs),
      parse: (value) => (isRecord(value) && "subject" in value ? value : undefined),
    },
    http,
    clock,
  ).then(
    () => "answer",
    (error: unknown) => {
      if (!(error instanceof Failure)) throw error;
      const line = failureLine("r", error);
      expect(line).toMatch(/^r: [ -~]+ \[[a-z-]+\]$/);
      expect(line).not.toContain("c4nary");
      const kind = error instanceof Refused ? `refused ${error.connectCode}` : `outage ${error.code}`;
      if (!(error instanceof Refused || error instanceof Outage)) throw error;
      return kind;
    },
  );
  return { end, waits: clock.waits };
}

async function withFaults(faults: FaultSeed[], deadlineMs?: number): Promise<Called> {
  const platform = await platformForTest({
    faults,
    tokens: [{ label: "t", token: "c4nary-token", principal: "environment" }],
  });
  const http = createHttp({ env: {}, deadline: deadlineAfter(systemClock, 20_000), trace: () => undefined });
  onTestFinished(() => http.close());
  return { ...(await call(http, platform.baseUrl, deadlineMs)), requests: platform.journal.count() };
}

/** An Http that answers from a list, for what only a real name or TLS would bring about. */
function scripted(...steps: (Partial<HttpResponse> | TransportError)[]): { http: Http; sent: HttpRequest[] } {
  const sent: HttpRequest[] = [];
  const http: Http = {
    async send(request) {
      sent.push(request);
      const step = steps.shift();
      if (step instanceof TransportError) throw step;
      return { status: 200, headers: {}, body: Buffer.from('{"subject":{}}'), ...step };
    },
    close: () => undefined,
  };
  return { http, sent };
}

describe("tried again", () => {
  const twice: readonly (readonly [number, number])[] = [
    [150, 187.5],
    [300, 375],
  ];

  it.each<[string, FaultSeed]>([
    ["502", { kind: "answer", status: 502, html: "<p>bad gateway</p>" }],
    ["503", { kind: "error", code: "unavailable" }],
    ["504", { kind: "answer", status: 504, text: "" }],
    ["a reset before the answer", { kind: "reset", at: "headers" }],
    ["a reset in the answer", { kind: "reset", at: "body" }],
    ["a cut answer", { kind: "truncate" }],
  ])("%s: twice, a little later each time", async (_, fault) => {
    const good = await withFaults([{ ...fault, times: 2 }]);
    expect(good).toMatchObject({ end: "answer", requests: 3 });
    for (const [index, [least, most]] of twice.entries()) {
      expect(good.waits[index]).toBeGreaterThanOrEqual(least);
      expect(good.waits[index]).toBeLessThanOrEqual(most);
    }
    const bad = await withFaults([fault]);
    expect(bad).toMatchObject({ end: "outage platform-unreachable", requests: 3 });
  });

  it("no connection at all", async () => {
    const refused = new TransportError("connect", "h", "ECONNREFUSED");
    const { http, sent } = scripted(refused, refused, refused, {});
    expect(await call(http, "https://ona.example/api")).toMatchObject({ end: "outage platform-unreachable" });
    expect(sent).toHaveLength(3);
  });

  it.each<[string, FaultSeed, number]>([
    ["RetryInfo", { kind: "rateLimit", retryInfoMs: 1500 }, 1500],
    ["RetryInfo with its readable form", { kind: "rateLimit", retryInfoMs: 1500, debug: true }, 1500],
    [
      "RetryInfo before a header",
      { kind: "rateLimit", retryInfoMs: 1500, headers: { "retry-after": "4" } },
      1500,
    ],
    ["RateLimit-RetryAfter", { kind: "rateLimit", headers: { "RateLimit-RetryAfter": "2" } }, 2000],
    ["Retry-After", { kind: "rateLimit", headers: { "retry-after": "2" } }, 2000],
    [
      "RateLimit-RetryAfter before Retry-After",
      { kind: "rateLimit", headers: { "ratelimit-retryafter": "2", "retry-after": "4" } },
      2000,
    ],
  ])("429 with %s", async (_, fault, delayMs) => {
    const { end, waits, requests } = await withFaults([{ ...fault, times: 1 }]);
    expect([end, requests, waits.length]).toEqual(["answer", 2, 1]);
    expect(waits[0]).toBeGreaterThanOrEqual(delayMs);
    expect(waits[0]).toBeLessThanOrEqual(delayMs * 1.25);
  });
});

describe("not tried again", () => {
  it.each<[string, FaultSeed, string]>([
    ["429 without a delay", { kind: "rateLimit" }, "outage platform-rate-limited"],
    ["429 with a delay of zero", { kind: "rateLimit", retryInfoMs: 0 }, "outage platform-rate-limited"],
    [
      "429 with an unusable RetryInfo, whatever the header says",
      { kind: "rateLimit", retryInfoValue: "!!", headers: { "retry-after": "1" } },
      "outage platform-rate-limited",
    ],
    [
      "429 with a delay beyond the deadline",
      { kind: "rateLimit", retryInfoMs: 10_000 },
      "outage platform-rate-limited",
    ],
    [
      "429 with an odd header",
      { kind: "rateLimit", headers: { "retry-after": "soon" } },
      "outage platform-rate-limited",
    ],
    ["500", { kind: "error", code: "internal" }, "outage platform-unreachable"],
    ["500 of no kind", { kind: "answer", status: 500, html: "<p>" }, "outage platform-unreachable"],
    ["501 with unimplemented", { kind: "error", code: "unimplemented" }, "refused unimplemented"],
    ["400", { kind: "error", code: "invalid_argument" }, "refused invalid_argument"],
    ["401", { kind: "error", code: "unauthenticated" }, "refused unauthenticated"],
    ["403", { kind: "error", code: "permission_denied" }, "refused permission_denied"],
    ["404", { kind: "error", code: "not_found" }, "refused not_found"],
    ["409", { kind: "error", code: "aborted" }, "refused aborted"],
    ["a code of tomorrow", { kind: "answer", status: 418, json: { code: "teapot" } }, "refused teapot"],
    [
      "401 of somebody in between",
      { kind: "answer", status: 401, html: "<p>c4nary</p>" },
      "outage platform-unreachable",
    ],
    [
      "404 of somebody in between",
      { kind: "answer", status: 404, json: { error: "c4nary" } },
      "outage platform-unreachable",
    ],
    ["407", { kind: "answer", status: 407, text: "c4nary" }, "outage platform-unreachable"],
    [
      "200 that is no answer",
      { kind: "answer", status: 200, json: { code: "not_found" } },
      "outage platform-bad-answer",
    ],
    ["200 that is no JSON", { kind: "loginPage" }, "outage platform-bad-answer"],
    ["204", { kind: "answer", status: 204, text: "" }, "outage platform-bad-answer"],
    ["too much", { kind: "huge", bytes: 1_500_000 }, "outage platform-bad-answer"],
    ["too much, compressed", { kind: "huge", bytes: 30_000_000, gzip: true }, "outage platform-bad-answer"],
    [
      "an error with an answer's status",
      { kind: "error", code: "not_found", status: 200 },
      "outage platform-bad-answer",
    ],
  ])("%s", async (_, fault, end) => {
    expect(await withFaults([fault])).toEqual({ end, waits: [], requests: 1 });
  });

  it("silence: the time is used up", async () => {
    const { end, waits, requests } = await withFaults([{ kind: "hang" }], 300);
    expect([end, waits, requests]).toEqual(["outage platform-timeout", [], 1]);
  });

  it("bad certificates", async () => {
    const { http, sent } = scripted(new TransportError("tls", "h", "CERT_HAS_EXPIRED"), {});
    expect(await call(http, "https://ona.example/api")).toEqual({ end: "outage platform-tls", waits: [] });
    expect(sent).toHaveLength(1);
  });

  it("a wait that would reach the deadline", async () => {
    expect(await withFaults([{ kind: "error", code: "unavailable" }], 100)).toMatchObject({
      waits: [],
      requests: 1,
    });
  });
});

describe("redirects", () => {
  const path = `/api/${METHOD}`;
  const to = (location: string, status = 307): Partial<HttpResponse> => ({
    status,
    headers: { location },
    body: Buffer.alloc(0),
  });

  it.each<[string, string, string, string]>([
    ["the same host", "https://ona.example/api", `https://ona.example${path}`, "https://ona.example"],
    ["the same host by path", "https://ona.example/api", path, "https://ona.example"],
    [
      "the same host and port",
      "https://ona.example:8443/api",
      `https://ona.example:8443${path}`,
      "https://ona.example:8443",
    ],
    [
      "the default port, spelt out",
      "https://ona.example/api",
      `https://ona.example:443${path}`,
      "https://ona.example",
    ],
    [
      "the vendor's other name",
      "https://app.ona.com/api",
      `https://app.gitpod.io${path}`,
      "https://app.gitpod.io",
    ],
    ["and back", "https://app.gitpod.io/api", `https://app.ona.com${path}`, "https://app.ona.com"],
  ])("followed once: %s", async (_, base, location, origin) => {
    for (const status of [307, 308]) {
      const { http, sent } = scripted(to(location, status), {});
      expect(await call(http, base)).toEqual({ end: "answer", waits: [] });
      expect(sent.map(({ endpoint }) => endpoint.origin)).toEqual([endpointOf(base).origin, origin]);
      expect(sent[1]).toMatchObject({ method: "POST", path, body: "{}" });
    }
  });

  it.each<[string, string, string]>([
    ["another host", "https://ona.example/api", `https://evil.example${path}`],
    ["another port", "https://ona.example/api", `https://ona.example:8443${path}`],
    ["plain http", "https://ona.example/api", `http://ona.example${path}`],
    ["plain http to loopback", "http://127.0.0.1:80/api", `http://127.0.0.1${path}`],
    ["another path", "https://ona.example/api", "https://ona.example/other"],
    ["a query", "https://ona.example/api", `https://ona.example${path}?x=1`],
    ["user info", "https://ona.example/api", `https://user@ona.example${path}`],
    ["host and backslash", "https://ona.example/api", `https://ona.example\\@evil.example${path}`],
    ["no scheme", "https://ona.example/api", `//evil.example${path}`],
    ["no scheme, three slashes", "https://ona.example/api", `///evil.example${path}`],
    ["a relative path", "https://ona.example/api", METHOD],
    ["nowhere", "https://ona.example/api", ""],
    ["the vendor from another base", "https://ona.example/api", `https://app.ona.com${path}`],
    ["another base from the vendor", "https://app.ona.com/api", `https://ona.example${path}`],
    ["a name below the vendor's", "https://app.ona.com/api", `https://x.app.gitpod.io${path}`],
    ["the vendor's other name over http", "https://app.ona.com/api", `http://app.gitpod.io${path}`],
    [
      "the vendor's other name at another port",
      "https://app.ona.com/api",
      `https://app.gitpod.io:8443${path}`,
    ],
  ])("refused: %s", async (_, base, location) => {
    const { http, sent } = scripted(to(location), {});
    expect(await call(http, base)).toEqual({ end: "outage platform-redirect", waits: [] });
    expect(sent).toHaveLength(1);
  });

  it.each([300, 301, 302, 303, 304, 305, 306, 399])("refused: %i", async (status) => {
    const { http, sent } = scripted(to(`https://ona.example${path}`, status), {});
    expect((await call(http, "https://ona.example/api")).end).toBe("outage platform-redirect");
    expect(sent).toHaveLength(1);
  });

  it("the second one", async () => {
    const same = to(path);
    const { http, sent } = scripted(same, same, {});
    expect((await call(http, "https://ona.example/api")).end).toBe("outage platform-redirect");
    expect(sent).toHaveLength(2);
  });

  it("does not use up a retry, and the retries go where it led", async () => {
    const busy = { status: 503, body: Buffer.alloc(0) };
    const { http, sent } = scripted(to(`https://app.gitpod.io${path}`), busy, busy, {});
    expect((await call(http, "https://app.ona.com/api")).end).toBe("answer");
    expect(sent.map(({ endpoint }) => endpoint.host)).toEqual([
      "app.ona.com",
      ...Array(3).fill("app.gitpod.io"),
    ]);
  });
});
