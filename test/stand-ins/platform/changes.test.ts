// Changes of state while clients are running, and that a mistake in a script never passes unnoticed.

import { describe, expect, test } from "vitest";
import { ask } from "./ask.ts";
import type { FaultSeed } from "./fault-seed.ts";
import { ids, secretId } from "./ids.ts";
import type { PlatformChange, PlatformSeed } from "./seed.ts";
import { type Platform, startPlatform } from "./stand-in.ts";
import { platformForTest } from "./worlds.ts";

const team = { name: "TEAM", host: "r.example.test", value: "u:old", session: "s-1" };

interface SeenSecret {
  name?: string;
  session?: string;
  phase?: string;
  updatedAt?: string;
}

async function seenIn(platform: Platform, part: "spec" | "status"): Promise<SeenSecret[]> {
  const { json } = await ask(platform, "GetEnvironment", { environmentId: ids.environment });
  const environment = json.environment as unknown as Record<typeof part, { secrets?: SeenSecret[] }>;
  return environment[part].secrets ?? [];
}

async function listed(platform: Platform): Promise<SeenSecret[]> {
  const { json } = await ask(platform, "ListSecrets", { filter: { scope: { projectId: ids.project } } });
  return (json.secrets ?? []) as SeenSecret[];
}

async function value(platform: Platform, id = secretId(1)): Promise<unknown> {
  const { json } = await ask(platform, "GetSecretValue", { secretId: id });
  return json.value ?? json.code;
}

describe("setValue", () => {
  test("a new value, a new session, a later updatedAt", async () => {
    const platform = await platformForTest({ secrets: [team] });
    const [before] = await listed(platform);
    await platform.apply({ do: "setValue", secret: "TEAM", value: "u:new" });
    const [after] = await listed(platform);
    expect(await value(platform)).toBe("u:new");
    expect((await seenIn(platform, "spec"))[0]?.session).toBe("s-1.1");
    expect(Date.parse(after?.updatedAt ?? "")).toBeGreaterThan(Date.parse(before?.updatedAt ?? ""));
    await platform.apply({ do: "setValue", secret: "TEAM", value: "u:newer" });
    expect((await listed(platform))[0]?.updatedAt).not.toBe(after?.updatedAt);
    expect((await seenIn(platform, "spec"))[0]?.session).toBe("s-1.2");
  });

  test("status lags behind spec while the change propagates", async () => {
    const platform = await platformForTest({ secrets: [team] });
    await platform.apply({
      do: "setValue",
      secret: "TEAM",
      value: "u:new",
      session: "s-2",
      propagationMs: 60_000,
    });
    expect((await seenIn(platform, "spec"))[0]?.session).toBe("s-2");
    expect((await seenIn(platform, "status"))[0]).toMatchObject({
      session: "s-1",
      phase: "CONTENT_PHASE_UPDATING",
    });
  });

  test("session false changes the value behind everybody's back", async () => {
    const platform = await platformForTest({ secrets: [team] });
    await platform.apply({ do: "setValue", secret: "TEAM", value: "u:new", session: false });
    expect([await value(platform), (await seenIn(platform, "spec"))[0]?.session]).toEqual(["u:new", "s-1"]);
  });
});

describe("deletion", () => {
  const rows: [string, PlatformChange, { inSpec: number; listed: number; value: unknown }][] = [
    ["plain", { do: "deleteSecret", secret: "TEAM" }, { inSpec: 0, listed: 0, value: "not_found" }],
    [
      "kept in the spec",
      { do: "deleteSecret", secret: "TEAM", keepInSpec: true },
      { inSpec: 1, listed: 0, value: "not_found" },
    ],
    [
      "kept in the spec with its value",
      { do: "deleteSecret", secret: "TEAM", keepInSpec: true, keepValue: true },
      { inSpec: 1, listed: 0, value: "u:old" },
    ],
    [
      "only removed from the spec",
      { do: "removeFromSpec", secret: "TEAM" },
      { inSpec: 0, listed: 1, value: "permission_denied" },
    ],
  ];
  for (const [name, change, expected] of rows) {
    test(name, async () => {
      const platform = await platformForTest({ secrets: [team] });
      await platform.apply(change);
      const inSpec = (await seenIn(platform, "spec")).length;
      expect({ inSpec, listed: (await listed(platform)).length, value: await value(platform) }).toEqual(
        expected,
      );
    });
  }

  test("a secret of the same name can be made afterwards, under an id of its own", async () => {
    const platform = await platformForTest({ secrets: [team] });
    await platform.apply(
      { do: "deleteSecret", secret: "TEAM" },
      { do: "addSecret", secret: { ...team, value: "u:2" } },
    );
    expect([platform.secretId("TEAM"), await value(platform, secretId(2))]).toEqual([secretId(2), "u:2"]);
  });
});

test("one host in several scopes and spellings: all of them are in the spec", async () => {
  const platform = await platformForTest({
    secrets: [
      { ...team, scope: "user", host: "https://R.example.test" },
      { ...team, scope: "project", host: "r.example.test:443" },
      { ...team, scope: "organization", host: "r.example.test/" },
      { ...team, scope: "runner" },
    ],
  });
  expect(await seenIn(platform, "spec")).toHaveLength(4);
  expect(await value(platform, secretId(4))).toBe("permission_denied");
  expect(() => platform.secretId("TEAM")).toThrow("several secrets called TEAM");
});

test("a token that is rotated: the old one is refused under its old label, the new one works", async () => {
  const platform = await platformForTest({ secrets: [team] });
  await value(platform);
  await platform.apply(
    { do: "revokeToken", label: "environment" },
    { do: "addToken", token: { label: "environment-2", token: "env-token-2", principal: "environment" } },
  );
  expect(await value(platform)).toBe("unauthenticated");
  expect(
    (await ask(platform, "GetSecretValue", { secretId: secretId(1) }, { token: "env-token-2" })).status,
  ).toBe(200);
  expect(platform.journal.entries.map(({ token }) => token)).toEqual([
    "environment",
    "environment",
    "environment-2",
  ]);
});

test("goDown refuses connections, comeUp answers on the same port", async () => {
  const platform = await platformForTest({ secrets: [team] });
  await platform.apply({ do: "goDown" });
  await expect(value(platform)).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
  await platform.apply({ do: "comeUp" }, { do: "comeUp" });
  expect(await value(platform)).toBe("u:old");
});

test("latency is added to every answer", async () => {
  const platform = await platformForTest({ secrets: [team], latencyMs: 30 });
  const startedAtMs = Date.now();
  await value(platform);
  // Only a lower bound: how much longer it takes is up to the machine.
  expect(Date.now() - startedAtMs).toBeGreaterThanOrEqual(29);
  await platform.apply({ do: "setLatency", latencyMs: 0 });
  expect(await value(platform)).toBe("u:old");
});

describe("mistakes in a script", () => {
  // What follows is wrong on purpose, as JSON written by hand can be.
  const changes: [string, object][] = [
    ["unknown change", { do: "rotate", secret: "TEAM" }],
    ["no change", {}],
    ["misspelt key", { do: "setValue", secret: "TEAM", valeu: "x" }],
    ["no such secret", { do: "setValue", secret: "TAEM", value: "x" }],
    ["no such token", { do: "revokeToken", label: "envrionment" }],
    ["secret in no spec", { do: "removeFromSpec", secret: "TEAM", environment: "other" }],
    ["unknown kind of fault", { do: "fault", fault: { kind: "explode" } }],
    ["key of another fault", { do: "fault", fault: { kind: "hang", delayMs: 1 } }],
    ["misspelt key of a secret", { do: "addSecret", secret: { ...team, hots: "x" } }],
    ["an id that is taken", { do: "addSecret", secret: { ...team, id: secretId(1) } }],
  ];
  for (const [name, change] of changes) {
    test(name, async () => {
      const platform = await platformForTest({ secrets: [team] });
      await expect(platform.apply(change as PlatformChange)).rejects.toThrow(Error);
    });
  }

  const seeds: [string, object][] = [
    ["unknown key", { secret: [] }],
    ["unknown key of a token", { tokens: [{ lable: "x" }] }],
    ["unknown fault", { faults: [{ kind: "slow" } as unknown as FaultSeed] }],
  ];
  for (const [name, seed] of seeds) {
    test(`seed: ${name}`, async () => {
      await expect(startPlatform({ seed: seed as PlatformSeed })).rejects.toThrow(/unknown/);
    });
  }
});
