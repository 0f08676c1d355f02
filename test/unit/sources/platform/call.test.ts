// One call to the platform: what is tried again and after how long, what is an outage and what an answer.

import { describe, expect, it } from "vitest";
import { TransportError } from "../../../../src/edge/transport-error.ts";
import type { FaultSeed } from "../../../stand-ins/platform/fault-seed.ts";
import { call, scripted, withFaults } from "./calling.ts";

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

  it("a proxy's refusal: a domain account must not be locked by us", async () => {
    const refusal = new TransportError("proxy-refused", "h", "", { proxyStatus: 407 });
    const { http, sent } = scripted(refusal, {});
    const ended = await call(http, "https://ona.example/api");
    expect(ended).toEqual({ end: "outage platform-unreachable", waits: [] });
    expect(sent).toHaveLength(1);
  });

  it("a wait that would reach the deadline", async () => {
    expect(await withFaults([{ kind: "error", code: "unavailable" }], 100)).toMatchObject({
      waits: [],
      requests: 1,
    });
  });
});
