// How long the platform is given, and how often it is asked when many want the same at once.

import { describe, expect, it, onTestFinished } from "vitest";
import { parseEndpoint } from "../../../../src/core/endpoint.ts";
import { deadlineAfter, systemClock } from "../../../../src/edge/clock.ts";
import { createHttp, type Http } from "../../../../src/edge/http.ts";
import { fetchSecret } from "../../../../src/sources/platform/ask.ts";
import { PlatformClient } from "../../../../src/sources/platform/client.ts";
import { tokenSources } from "../../../../src/sources/platform/token-sources.ts";
import { HOST, inWords, MINUTE_MS, OUTAGE, refOf, TEAM, type World, world } from "./platform-world.ts";

/** One run, and how long each of its requests might have taken. */
async function limits(w: World): Promise<{ answer: string; limitsMs: number[] }> {
  const local = w.local();
  const limitsMs: number[] = [];
  const real = createHttp({ env: {}, deadline: deadlineAfter(systemClock, 60_000), trace: () => undefined });
  onTestFinished(() => real.close());
  const http: Http = {
    send(request) {
      limitsMs.push(request.timeoutMs ?? Number.POSITIVE_INFINITY);
      return real.send(request);
    },
    close: () => real.close(),
  };
  const base = parseEndpoint(w.platform.baseUrl);
  if (base === undefined) throw new Error("no base");
  const sources = tokenSources(local.config, w.env).filter((source) => source.isPresent());
  const client = new PlatformClient({
    base,
    sources,
    http: async () => http,
    clock: w.clock,
    runCommand: async () => ({ kind: "printed", stdout: "" }),
  });
  const options = { ...(await w.remoteOf(local).askOptions()), client };
  return { answer: inWords(await fetchSecret(refOf(HOST), options)), limitsMs };
}

describe("the platform gets", () => {
  it("the whole deadline when nothing could stand in", async () => {
    const w = await world({ config: { deadlineMs: 7000 } });
    expect(await limits(w)).toEqual({ answer: "demo:first", limitsMs: [7000, 7000] });
  });

  it("two seconds in all when the last known answer could", async () => {
    const w = await world();
    await w.get();
    await w.change({ do: "setValue", secret: "TEAM", value: "demo:second" });
    w.clock.advance(MINUTE_MS);
    expect(await limits(w)).toEqual({ answer: "demo:second", limitsMs: [2000, 2000] });
    await w.fail(OUTAGE);
    w.clock.advance(MINUTE_MS);
    expect(await limits(w)).toEqual({ answer: "demo:second", limitsMs: [2000] });
  });

  it("the whole deadline again when the last known answer is too old, was erased, or may never stand in", async () => {
    const old = await world({ config: { staleSeconds: 60 } });
    await old.get();
    old.clock.advance(2 * MINUTE_MS);
    expect((await limits(old)).limitsMs).toEqual([10_000]);

    const erased = await world();
    await erased.get();
    erased.clock.advance(1);
    erased.erase();
    expect((await limits(erased)).limitsMs).toEqual([10_000, 10_000]);

    const madeUp = await world({
      seed: { secrets: [{ ...TEAM, oidcJfrog: { host: "j", providerName: "p" } }] },
    });
    await madeUp.get();
    madeUp.clock.advance(MINUTE_MS);
    expect((await limits(madeUp)).limitsMs).toEqual([10_000, 10_000]);
  });

  it("what silence it has used is gone: retries share the time", async () => {
    const w = await world();
    await w.change({ do: "fault", fault: { times: 2, kind: "error", code: "unavailable" } });
    const { answer, limitsMs } = await limits(w);
    expect(answer).toBe("demo:first");
    expect(limitsMs).toHaveLength(4);
    expect(limitsMs.toSorted((a, b) => b - a)).toEqual(limitsMs);
    expect(limitsMs.at(-1)).toBeLessThan(10_000 - 450);
  });
});

describe("many at once", () => {
  const secrets = Array.from({ length: 8 }, (_, n) => ({
    name: `S${n}`,
    host: `r${n}.example.test`,
    value: `u:${n}`,
  }));
  const run = (w: World, host: string): Promise<string> => w.get(host, w.remote({}, systemClock));

  it("who want the same: one list and one value", async () => {
    const w = await world({ seed: { secrets: [TEAM], latencyMs: 30 } });
    const answers = await Promise.all(Array.from({ length: 20 }, () => run(w, HOST)));
    expect(new Set(answers)).toEqual(new Set(["demo:first"]));
    expect(w.requests()).toEqual(["GetEnvironment", "GetSecretValue"]);
  });

  it("who want different registries: one list, and one value each", async () => {
    const w = await world({ seed: { secrets, latencyMs: 30 } });
    const answers = await Promise.all(secrets.flatMap(({ host }) => [run(w, host), run(w, host)]));
    expect(answers).toEqual(secrets.flatMap(({ value }) => [value, value]));
    expect(w.requests().toSorted()).toEqual(["GetEnvironment", ...secrets.map(() => "GetSecretValue")]);
  });

  it("who want what is not there: one list", async () => {
    const w = await world({ seed: { latencyMs: 30 } });
    const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => run(w, `n${n}.example.test`)));
    expect(new Set(answers)).toEqual(new Set(["none"]));
    expect(w.requests()).toEqual(["GetEnvironment"]);
  });

  it("during an outage: it is found once, and all are told", async () => {
    const w = await world({ seed: { secrets, latencyMs: 30, faults: [OUTAGE] } });
    const answers = await Promise.all(secrets.map(({ host }) => run(w, host)));
    expect(new Set(answers)).toEqual(new Set(["failed platform-unreachable"]));
    expect(w.requests()).toEqual(["GetEnvironment"]);
  });

  it("with freshSeconds 0: those who waited take the answer of the one who asked", async () => {
    const w = await world({ config: { freshSeconds: 0 }, seed: { secrets: [TEAM], latencyMs: 100 } });
    const answers = await Promise.all(Array.from({ length: 10 }, () => run(w, HOST)));
    expect(new Set(answers)).toEqual(new Set(["demo:first"]));
    expect(w.requests()).toEqual(["GetEnvironment", "GetSecretValue"]);
  });
});
