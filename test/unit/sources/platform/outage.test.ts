// What is served while the platform cannot be asked, for how long, and how often it is asked meanwhile; and that a
// refusal is no outage.

import { describe, expect, it } from "vitest";
import type { FaultSeed } from "../../../stand-ins/platform/fault-seed.ts";
import { DAY_MS, HOST, MINUTE_MS, OUTAGE, SECOND_MS, TEAM, world } from "./platform-world.ts";

const OTHER = { name: "OTHER", host: "other.example.test", value: "other:one" };

describe("with a last known answer", () => {
  it("it serves, and the platform is asked once in 15 s, whatever registry is asked about", async () => {
    const w = await world({ seed: { secrets: [TEAM, OTHER] } });
    await w.get();
    await w.get(OTHER.host);
    await w.get("nobody.example.test");
    await w.fail(OUTAGE);
    w.clock.advance(MINUTE_MS);
    expect(await w.ask()).toBe("demo:first (GetEnvironment)");
    expect(await w.ask()).toBe("demo:first ()");
    expect(await w.ask(OTHER.host)).toBe("other:one ()");
    expect(await w.ask("nobody.example.test")).toBe("none ()");
    w.clock.advance(15 * SECOND_MS - 1);
    expect(await w.ask()).toBe("demo:first ()");
    w.clock.advance(1);
    expect(await w.ask()).toBe("demo:first (GetEnvironment)");
  });

  it("as soon as the platform is back, and the memory of the outage over, it is asked", async () => {
    const w = await world();
    await w.get();
    await w.change({ do: "setValue", secret: "TEAM", value: "demo:second" }, { do: "goDown" });
    w.clock.advance(MINUTE_MS);
    expect(await w.get()).toBe("demo:first");
    await w.change({ do: "comeUp" });
    w.clock.advance(15 * SECOND_MS);
    expect(await w.get()).toBe("demo:second");
  });

  it("up to staleSeconds, and then it is a failure of a managed registry", async () => {
    const w = await world({ config: { staleSeconds: 3600 } });
    await w.get();
    await w.fail(OUTAGE);
    w.clock.advance(3600 * SECOND_MS);
    expect(await w.get()).toBe("demo:first");
    w.clock.advance(15 * SECOND_MS);
    expect(await w.get()).toBe("failed platform-unreachable managed");
  });

  it("one day unless configured", async () => {
    const w = await world();
    await w.get();
    await w.fail(OUTAGE);
    w.clock.advance(DAY_MS);
    expect(await w.get()).toBe("demo:first");
    w.clock.advance(MINUTE_MS);
    expect(await w.get()).toBe("failed platform-unreachable managed");
  });

  it("staleSeconds 0: never", async () => {
    const w = await world({ config: { staleSeconds: 0 } });
    await w.get();
    await w.fail(OUTAGE);
    w.clock.advance(MINUTE_MS);
    expect(await w.get()).toBe("failed platform-unreachable managed");
  });

  it("an outage at the value, after the list showed a change: the last known one serves", async () => {
    const w = await world();
    await w.get();
    await w.change({ do: "setValue", secret: "TEAM", value: "demo:second" });
    await w.fail({ ...OUTAGE, method: "GetSecretValue" });
    w.clock.advance(MINUTE_MS);
    expect(await w.get()).toBe("demo:first");
    await w.recover();
    w.clock.advance(15 * SECOND_MS);
    expect(await w.get()).toBe("demo:second");
  });

  it("a secret that the last list no longer shows is not served from an older answer", async () => {
    const w = await world({ seed: { secrets: [TEAM, OTHER] } });
    await w.get();
    await w.change({ do: "removeFromSpec", secret: "TEAM" });
    w.clock.advance(MINUTE_MS);
    await w.get(OTHER.host);
    await w.fail(OUTAGE);
    w.clock.advance(MINUTE_MS);
    expect(await w.get()).toBe("none");
  });

  it.each(["native", "plain"])("a %s answer", async (kind) => {
    const w = await world({
      seed: { secrets: [{ ...TEAM, value: kind === "native" ? "runner-native" : "u:p" }] },
    });
    const before = await w.get();
    await w.fail(OUTAGE);
    w.clock.advance(MINUTE_MS);
    expect(await w.get()).toBe(before);
  });
});

describe("without one", () => {
  it("a failure that is not ours to call managed; the platform is asked once in 15 s", async () => {
    const w = await world();
    await w.fail(OUTAGE);
    expect(await w.ask()).toBe("failed platform-unreachable (GetEnvironment)");
    expect(await w.ask("other.example.test")).toBe("failed platform-unreachable ()");
    w.clock.advance(15 * SECOND_MS - 1);
    expect(await w.ask()).toBe("failed platform-unreachable ()");
    w.clock.advance(1);
    expect(await w.ask()).toBe("failed platform-unreachable (GetEnvironment)");
  });

  it("an outage at the value is managed: the list showed it", async () => {
    const w = await world();
    await w.fail({ ...OUTAGE, method: "GetSecretValue" });
    expect(await w.get()).toBe("failed platform-unreachable managed");
    expect(await w.ask()).toBe("failed platform-unreachable managed ()");
  });

  it("another base is another platform: its outage is not this one's", async () => {
    const w = await world();
    const down = { ONA_BASE_URL: "http://127.0.0.1:1/api" };
    expect(await w.get(HOST, w.remote(down))).toBe("failed platform-unreachable");
    expect(await w.get()).toBe("demo:first");
  });
});

describe("a remembered failure", () => {
  it("says so and when it was asked", async () => {
    const w = await world();
    await w.fail(OUTAGE);
    await w.get();
    w.clock.advance(7 * SECOND_MS);
    const result = await w.remote().platform({ key: HOST, kind: "registry" });
    expect(result).toMatchObject({
      kind: "failed",
      failure: { message: expect.stringMatching(/ \(remembered, asked 7 s ago\)$/) },
    });
  });

  it.each<[string, Record<string, string>]>([
    ["a proxy is set", { HTTPS_PROXY: "http://proxy.example:3128" }],
    ["a host is exempt from the proxy", { no_proxy: "127.0.0.1" }],
    ["a CA file is named", { SSL_CERT_FILE: "/no/such/file" }],
    ["another token is given", { DOCKER_CREDENTIAL_ONA_TOKEN: "env-token-2" }],
    ["more time is given", { DOCKER_CREDENTIAL_ONA_DEADLINE_MS: "9000" }],
  ])("is none any more once %s", async (_, env) => {
    const w = await world();
    await w.fail(OUTAGE);
    expect(await w.ask()).toBe("failed platform-unreachable (GetEnvironment)");
    w.requests();
    await w.get(HOST, w.remote(env));
    expect(w.requests()).toEqual(["GetEnvironment"]);
    expect(await w.ask()).toBe("failed platform-unreachable ()");
  });

  it("is none any more once the configuration changed", async () => {
    const w = await world();
    await w.fail(OUTAGE);
    await w.get();
    w.configure({ deadlineMs: 8000 });
    expect(await w.ask()).toBe("failed platform-unreachable (GetEnvironment)");
  });
});

describe("kinds of outage", () => {
  const kinds: Record<string, FaultSeed> = {
    "an error page": { kind: "answer", status: 200, html: "<p>sign in</p>" },
    "401 of somebody in between": { kind: "answer", status: 401, html: "<p>no</p>" },
    "403 of somebody in between": { kind: "answer", status: 403, text: "blocked" },
    "407": { kind: "answer", status: 407, text: "proxy" },
    "404 without an error body": { kind: "answer", status: 404, text: "not here" },
    "an empty 200": { kind: "answer", status: 200, text: "" },
    "a list in place of an object": { kind: "answer", status: 200, json: [] },
    "secrets of the wrong form": {
      kind: "answer",
      status: 200,
      json: { environment: { spec: { secrets: "none" } } },
    },
    "500 with an error body": { kind: "error", code: "internal" },
    "500 of unknown kind": { kind: "error", code: "unknown" },
    "a refusal with a server's status": { kind: "error", code: "permission_denied", status: 500 },
    "429 without a delay": { kind: "rateLimit" },
    "429 with a delay that is too long": { kind: "rateLimit", retryInfoMs: 60_000 },
    "a redirect elsewhere": { kind: "redirect", to: "foreign" },
    "a reset in the body": { kind: "reset", at: "body" },
    "too much": { kind: "huge", bytes: 2_000_000 },
  };

  it.each(Object.entries(kinds))("%s: the last known answer serves", async (_, fault) => {
    const w = await world();
    await w.get();
    await w.fail(fault);
    w.clock.advance(MINUTE_MS);
    expect(await w.get()).toBe("demo:first");
  });
});

describe("a refusal is none", () => {
  it("unauthenticated: a failure for what was managed, never the stale value, remembered 5 s", async () => {
    const w = await world();
    await w.get();
    await w.change({ do: "revokeToken", label: "environment" });
    w.clock.advance(MINUTE_MS);
    expect(await w.ask()).toBe("failed token-refused managed (GetEnvironment)");
    expect(await w.ask()).toBe("failed token-refused managed ()");
    w.clock.advance(5 * SECOND_MS);
    expect(await w.ask()).toBe("failed token-refused managed (GetEnvironment)");
    await w.change({ do: "addToken", token: { label: "new", token: "env-token", principal: "environment" } });
    w.clock.advance(5 * SECOND_MS);
    expect(await w.get()).toBe("demo:first");
  });

  it("of every way to know which secrets there are: managed only if it was", async () => {
    const w = await world();
    await w.get();
    await w.fail({ kind: "error", code: "permission_denied" });
    w.clock.advance(MINUTE_MS);
    expect(await w.get()).toBe("failed lookup-refused managed");
    expect(await w.get("other.example.test")).toBe("failed lookup-refused");
  });

  it("of a value, remembered 5 s for its registry alone", async () => {
    const w = await world({ seed: { secrets: [TEAM, OTHER] } });
    await w.fail({ method: "GetSecretValue", secret: "TEAM", kind: "error", code: "failed_precondition" });
    expect(await w.get()).toBe("failed platform-refused managed");
    expect(await w.ask(OTHER.host)).toBe("other:one (GetSecretValue)");
    expect(await w.ask()).toBe("failed platform-refused managed ()");
    w.clock.advance(5 * SECOND_MS);
    expect(await w.ask()).toBe("failed platform-refused managed (GetSecretValue)");
  });

  it("a value that is none: the same, and right again when it was corrected", async () => {
    const w = await world({ seed: { secrets: [{ ...TEAM, value: "c4nary" }] } });
    expect(await w.get()).toBe("failed value-invalid managed");
    expect(await w.ask()).toBe("failed value-invalid managed ()");
    await w.change({ do: "setValue", secret: "TEAM", value: "demo:second" });
    w.clock.advance(MINUTE_MS);
    expect(await w.get()).toBe("demo:second");
  });
});
