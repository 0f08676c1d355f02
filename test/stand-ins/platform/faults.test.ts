// Scripted faults: which call one hits, and the answers they put in place of the real one.

import { describe, expect, test } from "vitest";
import { ask, services } from "./ask.ts";
import type { FaultSeed } from "./fault-seed.ts";
import { ids, secretId } from "./ids.ts";
import type { Platform } from "./stand-in.ts";
import { platformForTest } from "./worlds.ts";

const secrets = [
  { name: "ONE", host: "one.example.test", value: "u:p" },
  { name: "TWO", host: "two.example.test", value: "u:q" },
];
const first = { secretId: secretId(1) };

function withFaults(...faults: FaultSeed[]): Promise<Platform> {
  return platformForTest({ secrets, faults });
}

async function statuses(platform: Platform, count: number): Promise<number[]> {
  const seen: number[] = [];
  for (let call = 0; call < count; call += 1) {
    seen.push((await ask(platform, "GetSecretValue", first)).status);
  }
  return seen;
}

describe("which calls a fault hits", () => {
  const unavailable = { method: "GetSecretValue", kind: "error", code: "unavailable" } as const;

  test("every one, the nth, several, the first few", async () => {
    expect(await statuses(await withFaults(unavailable), 2)).toEqual([503, 503]);
    expect(await statuses(await withFaults({ ...unavailable, nth: 2 }), 3)).toEqual([200, 503, 200]);
    expect(await statuses(await withFaults({ ...unavailable, nth: [1, 3] }), 3)).toEqual([503, 200, 503]);
    expect(await statuses(await withFaults({ ...unavailable, times: 2 }), 3)).toEqual([503, 503, 200]);
  });

  test("a chain: each fault counts all matching calls, the first due one decides", async () => {
    const platform = await withFaults(
      { ...unavailable, nth: 1 },
      { method: "GetSecretValue", nth: 2, kind: "error", code: "unauthenticated" },
      { ...unavailable, nth: 2 },
    );
    expect(await statuses(platform, 3)).toEqual([503, 401, 200]);
  });

  test("by method, token, principal, scope and secret", async () => {
    const denied = { kind: "error", code: "permission_denied" } as const;
    const platform = await withFaults(
      { ...denied, method: "ListSecrets", scope: "organization" },
      { ...denied, secret: "TWO" },
      { ...denied, method: "GetEnvironment", principal: "user" },
      { ...denied, token: "service-account" },
    );
    const list = async (scope: object) => (await ask(platform, "ListSecrets", { filter: { scope } })).status;
    expect(await list({ organizationId: ids.organization })).toBe(403);
    expect(await list({ projectId: ids.project })).toBe(200);
    expect((await ask(platform, "GetSecretValue", first)).status).toBe(200);
    expect((await ask(platform, "GetSecretValue", { secretId: secretId(2) })).status).toBe(403);
    const environment = { environmentId: ids.environment };
    const identity = async (token: string) =>
      (await ask(platform, "GetAuthenticatedIdentity", {}, { token })).status;
    expect((await ask(platform, "GetEnvironment", environment)).status).toBe(200);
    expect((await ask(platform, "GetEnvironment", environment, { token: "user-token" })).status).toBe(403);
    expect([await identity("user-token"), await identity("service-account-token")]).toEqual([200, 403]);
  });

  test("can be added and cleared while it runs", async () => {
    const platform = await withFaults();
    await platform.apply({ do: "fault", fault: unavailable });
    expect(await statuses(platform, 1)).toEqual([503]);
    await platform.apply({ do: "clearFaults" });
    expect(await statuses(platform, 1)).toEqual([200]);
    expect(platform.journal.entries.map(({ fault }) => fault)).toEqual(["error", undefined]);
  });
});

describe("answers", () => {
  test("rate limits: every hint alone, and none", async () => {
    const platform = await withFaults(
      { nth: 1, kind: "rateLimit", retryInfoMs: 3000, debug: true },
      { nth: 2, kind: "rateLimit", headers: { "RateLimit-RetryAfter": "2" } },
      { nth: 3, kind: "rateLimit", retryInfoValue: "!!" },
      { nth: 4, kind: "rateLimit" },
    );
    const answers = [];
    for (let call = 0; call < 4; call += 1) {
      answers.push(await ask(platform, "GetSecretValue", first));
    }
    expect(answers.map(({ status, json }) => [status, json.code, json.details])).toEqual([
      [
        429,
        "resource_exhausted",
        [{ type: "google.rpc.RetryInfo", value: "CgIIAw", debug: { retryDelay: "3s" } }],
      ],
      [429, "resource_exhausted", undefined],
      [429, "resource_exhausted", [{ type: "google.rpc.RetryInfo", value: "!!" }]],
      [429, "resource_exhausted", undefined],
    ]);
    expect(answers.map(({ headers }) => headers.get("ratelimit-retryafter"))).toEqual([
      null,
      "2",
      null,
      null,
    ]);
  });

  test("answers of somebody in between", async () => {
    const platform = await withFaults(
      { nth: 1, kind: "answer", status: 502, html: "<h1>Bad gateway</h1>" },
      { nth: 2, kind: "answer", status: 503 },
      { nth: 3, kind: "loginPage" },
      { nth: 4, kind: "answer", status: 200, text: "OK", contentType: "application/json" },
      { nth: 5, kind: "answer", status: 200, json: ["odd"], headers: { "x-odd": "1" } },
    );
    const seen = [];
    for (let call = 0; call < 5; call += 1) {
      const { status, headers, text } = await ask(platform, "GetSecretValue", first);
      seen.push([status, headers.get("content-type"), text.slice(0, 9)]);
    }
    expect(seen).toEqual([
      [502, "text/html; charset=utf-8", "<h1>Bad g"],
      [503, null, ""],
      [200, "text/html; charset=utf-8", "<!doctype"],
      [200, "application/json", "OK"],
      [200, "application/json", '["odd"]'],
    ]);
  });

  test("redirects: to itself, to a foreign host, to any origin with the path kept", async () => {
    const platform = await withFaults(
      { nth: 1, kind: "redirect", to: "same" },
      { nth: 2, kind: "redirect", status: 308, to: "foreign" },
      { nth: 3, kind: "redirect", status: 302, to: "https://app.ona.com" },
      { nth: 4, kind: "redirect", to: "https://app.ona.com/login" },
    );
    const path = `/api/${services.GetSecretValue}`;
    const seen = [];
    for (let call = 0; call < 4; call += 1) {
      const { status, headers } = await ask(platform, "GetSecretValue", first);
      seen.push([status, headers.get("location")]);
    }
    expect(seen).toEqual([
      [307, `${platform.origin}${path}`],
      [308, `${platform.foreign.origin}${path}`],
      [302, `https://app.ona.com${path}`],
      [307, "https://app.ona.com/login"],
    ]);
  });

  test("the foreign host notices who comes, and with a token or not", async () => {
    const { foreign } = await withFaults();
    await fetch(foreign.origin);
    await fetch(foreign.origin, {
      method: "POST",
      headers: { authorization: "Bearer env-token" },
      body: "{}",
    });
    expect([foreign.requestsSeen, foreign.authorizationsSeen]).toEqual([2, 1]);
  });
});
