// Local logins through the verbs: when one is kept and when it is only what the platform gives anyway, how long it
// lives, and whose it is.

import { describe, expect, it } from "vitest";
import { mintPlan } from "../../../src/core/mint-plan.ts";
import { Secret } from "../../../src/core/secret.ts";
import { deadlineAfter } from "../../../src/edge/clock.ts";
import { mintedToken } from "../../../src/sources/mint/token-cache.ts";
import {
  DAY_MS,
  HOST,
  HOUR_MS,
  MINUTE_MS,
  OUTAGE,
  refOf,
  SECOND_MS,
  TEAM,
  type World,
  world,
} from "../sources/platform/platform-world.ts";
import { erase, get, list, login } from "./verbs.ts";

const LOSER = { name: "LOSER", host: HOST, value: "loser:one", scope: "organization" } as const;
const ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
const GAR = "europe-docker.pkg.dev";

describe("a login that the platform gives anyway is not kept", () => {
  it.each([
    ["the winner", "demo:first"],
    ["a loser", "loser:one"],
  ])("%s: a later update of the secret shows", async (_, text) => {
    const w = await world({ seed: { secrets: [TEAM, LOSER] } });
    await login(w, HOST, text);
    expect(await get(w, HOST)).toBe("demo:first");
    await w.change({ do: "setValue", secret: "TEAM", value: "demo:second" });
    w.clock.advance(MINUTE_MS);
    expect(await get(w, HOST)).toBe("demo:second");
  });

  it("a value of earlier, which the platform no longer gives", async () => {
    const w = await world();
    await get(w, HOST);
    await w.change({ do: "setValue", secret: "TEAM", value: "demo:second" });
    w.clock.advance(MINUTE_MS);
    await get(w, HOST);
    await login(w, HOST, "demo:first");
    expect(await get(w, HOST)).toBe("demo:second");
    await w.fail(OUTAGE);
    await login(w, HOST, "demo:second");
    w.clock.advance(MINUTE_MS);
    expect(await get(w, HOST)).toBe("demo:second");
    expect(await list(w)).toEqual({ [HOST]: "demo" });
  });

  it("and an older login goes", async () => {
    const w = await world();
    await login(w, HOST, "me:mine");
    expect(await get(w, HOST)).toBe("me:mine");
    await login(w, HOST, "demo:first");
    expect(await get(w, HOST)).toBe("demo:first");
  });

  it("asked afresh: a value that changed a moment ago is recognised", async () => {
    const w = await world();
    await get(w, HOST);
    await w.change({ do: "setValue", secret: "TEAM", value: "demo:second" });
    await login(w, HOST, "demo:second");
    w.clock.advance(MINUTE_MS);
    await w.change({ do: "setValue", secret: "TEAM", value: "demo:third" });
    w.clock.advance(MINUTE_MS);
    expect(await get(w, HOST)).toBe("demo:third");
  });

  it("a minted token, this one or the one before; none is minted for it", async () => {
    const w = await world({ seed: { secrets: [{ name: "N", host: ECR, value: "runner-native" }] } });
    const local = w.local();
    const plan = mintPlan(refOf(ECR), undefined, "machine", local.config);
    if (plan === undefined) throw new Error("no plan");
    const key = await local.mintKey(plan);
    const mint = async (token: string): Promise<void> => {
      const { cache } = w.local();
      const nowMs = w.clock.nowMs();
      const options = { cache, clock: w.clock, deadline: deadlineAfter(w.clock, 10_000), settings: () => "" };
      await mintedToken(key, options, async () => ({
        username: "AWS",
        secret: new Secret(token),
        obtainedAtMs: nowMs,
        expiresAtMs: nowMs + 12 * HOUR_MS,
        refreshAtMs: nowMs + 6 * HOUR_MS,
      }));
    };
    await mint("one");
    w.clock.advance(6 * HOUR_MS);
    await mint("two");
    for (const token of ["AWS:one", "AWS:two"]) {
      await login(w, ECR, token);
      expect(await get(w, ECR)).toBe("AWS:two");
    }
    await login(w, ECR, "AWS:somebody-else");
    expect(await get(w, ECR)).toBe("AWS:somebody-else");
  });
});

describe("any other login wins until it is erased", () => {
  it.each(["me:mine", "demo:other", "Demo:first", "demo:first ", "other:first", "<token>:eyJ"])(
    "%s",
    async (text) => {
      const w = await world();
      await login(w, HOST, text);
      for (const advanceMs of [0, MINUTE_MS, 30 * DAY_MS]) {
        w.clock.advance(advanceMs);
        expect(await get(w, HOST)).toBe(text);
      }
      await erase(w, HOST);
      expect(await get(w, HOST)).toBe("demo:first");
    },
  );

  it("over every rule of the configuration, under every spelling of the registry", async () => {
    const w = await world({ config: { registries: { [HOST]: { source: "none" }, "*.example.test": {} } } });
    await login(w, `https://${HOST.toUpperCase()}:443/v2/`, "me:mine");
    expect(await get(w, HOST)).toBe("me:mine");
    expect(await get(w, `${HOST}:5000`)).toBe("NF");
    await erase(w, `${HOST}./`);
    expect(await get(w, HOST)).toBe("NF");
  });

  it("a new login replaces it", async () => {
    const w = await world();
    await login(w, HOST, "me:mine");
    w.clock.advance(SECOND_MS);
    await login(w, HOST, "me:newer");
    expect(await get(w, HOST)).toBe("me:newer");
  });

  it("Docker Hub's token keys are their own and never answer for it", async () => {
    const w = await world({ seed: { secrets: [{ name: "HUB", host: "docker.io", value: "hub:secret" }] } });
    await login(w, "https://index.docker.io/v1/access-token", "t:access");
    expect(await get(w, "https://index.docker.io/v1/access-token")).toBe("t:access");
    expect(await get(w, "https://index.docker.io/v1/refresh-token")).toBe("NF");
    expect(await get(w, "https://index.docker.io/v1/")).toBe("hub:secret");
    await erase(w, "https://index.docker.io/v1/");
    expect(await get(w, "https://index.docker.io/v1/access-token")).toBe("t:access");
  });
});

describe("while the platform cannot be asked", () => {
  it("it is kept, and compared at the first get that finds the platform", async () => {
    const w = await world();
    await w.fail(OUTAGE);
    await login(w, HOST, "demo:first");
    expect(await get(w, HOST)).toBe("demo:first");
    await w.recover();
    w.clock.advance(MINUTE_MS);
    expect(await get(w, HOST)).toBe("demo:first");
    await w.change({ do: "setValue", secret: "TEAM", value: "demo:second" });
    w.clock.advance(MINUTE_MS);
    expect(await get(w, HOST)).toBe("demo:second");
  });

  it("one that turns out to be another wins on", async () => {
    const w = await world();
    await w.fail(OUTAGE);
    await login(w, HOST, "me:mine");
    await w.recover();
    w.clock.advance(MINUTE_MS);
    expect(await get(w, HOST)).toBe("me:mine");
    w.requests();
    w.clock.advance(MINUTE_MS);
    expect(await get(w, HOST)).toBe("me:mine");
    expect(w.requests()).toEqual([]);
  });

  it("a refused value leaves the question open", async () => {
    const w = await world();
    await w.fail({ method: "GetSecretValue", kind: "error", code: "permission_denied" });
    await login(w, HOST, "demo:first");
    await w.recover();
    w.clock.advance(MINUTE_MS);
    await get(w, HOST);
    await w.change({ do: "setValue", secret: "TEAM", value: "demo:second" });
    w.clock.advance(MINUTE_MS);
    expect(await get(w, HOST)).toBe("demo:second");
  });
});

describe("a token of a cloud ends by itself", () => {
  const ecrToken = (w: World, lifeMs: number): string =>
    Buffer.from(
      JSON.stringify({ payload: "p", expiration: Math.floor((w.clock.nowMs() + lifeMs) / 1000) }),
    ).toString("base64");

  it("ECR: when it says, else after 12 h; Google: after 1 h", async () => {
    const w = await world();
    const told = `AWS:${ecrToken(w, 2 * HOUR_MS)}`;
    await login(w, ECR, told);
    await login(w, "public.ecr.aws", "AWS:opaque");
    await login(w, GAR, "oauth2accesstoken:ya29");
    await login(w, "gcr.io", "_json_key:{}");
    const all = async (): Promise<string[]> =>
      Promise.all([ECR, "public.ecr.aws", GAR, "gcr.io"].map((host) => get(w, host)));
    expect(await all()).toEqual([told, "AWS:opaque", "oauth2accesstoken:ya29", "_json_key:{}"]);
    w.clock.advance(HOUR_MS);
    expect(await all()).toEqual([told, "AWS:opaque", "NF", "_json_key:{}"]);
    w.clock.advance(HOUR_MS);
    expect(await all()).toEqual(["NF", "AWS:opaque", "NF", "_json_key:{}"]);
    w.clock.advance(10 * HOUR_MS);
    expect(await all()).toEqual(["NF", "NF", "NF", "_json_key:{}"]);
    expect(await list(w)).toEqual({ [HOST]: "", "gcr.io": "_json_key" });
  });
});

describe("whose login it is", () => {
  it("that of the environment in which it was made; one made where none was known serves where none is", async () => {
    const w = await world({ seed: { secrets: [] } });
    const one = { ONA_ENVIRONMENT_ID: "e-1" };
    const two = { ONA_ENVIRONMENT_ID: "e-2" };
    const none = { ONA_ENVIRONMENT_ID: "", DOCKER_CREDENTIAL_ONA_TOKEN: "" };
    const all = async (): Promise<string[]> => Promise.all([one, two, none].map((env) => get(w, HOST, env)));
    await w.fail(OUTAGE);
    await login(w, HOST, "me:one", one);
    expect(await all()).toEqual(["me:one", "NF", "NF"]);
    await login(w, HOST, "me:none", none);
    expect(await all()).toEqual(["me:one", "NF", "me:none"]);
    await erase(w, HOST, two);
    expect(await all()).toEqual(["me:one", "NF", "me:none"]);
    await erase(w, HOST, one);
    expect(await all()).toEqual(["NF", "NF", "me:none"]);
  });

  it("clocks that jump take no login away", async () => {
    const w = await world({ seed: { secrets: [] } });
    await login(w, HOST, "me:mine");
    for (const jumpMs of [-HOUR_MS, -DAY_MS, 400 * DAY_MS, -w.clock.nowMs()]) {
      w.clock.jump(jumpMs);
      expect(await get(w, HOST)).toBe("me:mine");
    }
  });
});
