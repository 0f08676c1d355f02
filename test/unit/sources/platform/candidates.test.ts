// Several secrets for one registry, read over the wire only as far as the decision needs; what happens to losers, to
// deleted ones, and to lists that make no sense.

import { describe, expect, it } from "vitest";
import type { SecretSeed } from "../../../stand-ins/platform/seed.ts";
import { DAY_MS, HOST, MINUTE_MS, OUTAGE, SECOND_MS, TEAM, world } from "./platform-world.ts";

const of = (name: string, scope: SecretSeed["scope"] & string, value: string): SecretSeed => ({
  name,
  host: HOST,
  scope,
  value,
});

describe("which one", () => {
  it.each<[string, SecretSeed[], string]>([
    [
      "user before project",
      [of("A", "project", "p:1"), of("B", "user", "u:1")],
      "u:1 (GetEnvironment GetSecretValue)",
    ],
    [
      "service account before project",
      [of("A", "project", "p:1"), of("B", "serviceAccount", "s:1")],
      "s:1 (GetEnvironment GetSecretValue)",
    ],
    [
      "organization before runner",
      [of("A", "runner", "r:1"), of("B", "organization", "o:1")],
      "o:1 (GetEnvironment GetSecretValue)",
    ],
    [
      "any before none",
      [of("A", "none", "n:1"), of("B", "organization", "o:1")],
      "o:1 (GetEnvironment GetSecretValue)",
    ],
    [
      "by name",
      [of("B", "project", "b:1"), of("A", "project", "a:1")],
      "a:1 (GetEnvironment GetSecretValue)",
    ],
    [
      "explicit before native",
      [of("A", "project", "runner-native"), of("B", "project", "b:1")],
      "b:1 (GetEnvironment GetSecretValue GetSecretValue)",
    ],
    [
      "native of a higher scope",
      [of("A", "user", "runner-native"), of("B", "project", "b:1")],
      "native (GetEnvironment GetSecretValue)",
    ],
    [
      "the first of two native ones",
      [of("A", "user", "runner-native"), of("B", "user", "runner-native")],
      "native (GetEnvironment GetSecretValue GetSecretValue)",
    ],
    [
      "a bad value does not give way",
      [of("A", "user", "bad"), of("B", "project", "b:1")],
      "failed value-invalid managed (GetEnvironment GetSecretValue)",
    ],
  ])("%s", async (_, secrets, expected) => {
    expect(await (await world({ seed: { secrets } })).ask()).toBe(expected);
    expect(await (await world({ seed: { secrets: secrets.toReversed() } })).ask()).toBe(expected);
  });

  it("precedence of the configuration; a scope that it leaves out is not used", async () => {
    const secrets = [of("U", "user", "u:1"), of("P", "project", "p:1"), of("O", "organization", "o:1")];
    const answers: string[] = [];
    for (const precedence of [["organization", "user"], ["project"], ["runner"]]) {
      answers.push(await (await world({ seed: { secrets }, config: { precedence } })).get());
    }
    expect(answers).toEqual(["o:1", "p:1", "none"]);
  });

  it("runs of different precedence or value format never take each other's answers", async () => {
    const w = await world({ seed: { secrets: [of("U", "user", "u:1"), of("P", "project", "p:1")] } });
    expect(await w.get()).toBe("u:1");
    w.configure({ precedence: ["project"] });
    expect(await w.get()).toBe("p:1");
    w.configure({ valueFormat: "base64" });
    expect(await w.get()).toBe("failed value-invalid managed");
    w.configure({});
    expect(await w.get()).toBe("u:1");
  });
});

describe("one that does not answer", () => {
  const secrets = [of("U", "user", "u:1"), of("P", "project", "p:1")];

  it("gives way when it is refused, and is asked again soon", async () => {
    const w = await world({ seed: { secrets } });
    await w.fail({ method: "GetSecretValue", secret: "U", kind: "error", code: "failed_precondition" });
    expect(await w.ask()).toBe("p:1 (GetEnvironment GetSecretValue GetSecretValue)");
    expect(await w.ask()).toBe("p:1 ()");
    await w.recover();
    w.clock.advance(MINUTE_MS);
    expect(await w.get()).toBe("u:1");
  });

  it("gives way when it is not found", async () => {
    const w = await world({ seed: { secrets } });
    await w.change({ do: "deleteSecret", secret: "U", keepInSpec: true });
    expect(await w.get()).toBe("p:1");
  });

  it("does not give way during an outage", async () => {
    const w = await world({ seed: { secrets } });
    await w.fail({ ...OUTAGE, method: "GetSecretValue", secret: "U" });
    expect(await w.ask()).toBe("failed platform-unreachable managed (GetEnvironment GetSecretValue)");
  });

  it("by reference, then by id", async () => {
    const entryId = "0199a000-0000-7000-8000-0000000000f1";
    const w = await world({ seed: { secrets: [{ ...TEAM, entryId }], valueBy: "entryId" } });
    expect(await w.ask()).toBe("demo:first (GetEnvironment GetSecretValue GetSecretValue)");
  });
});

describe("deleted on the platform, still in the environment's spec", () => {
  const deleted = { do: "deleteSecret", secret: "TEAM", keepInSpec: true } as const;

  it("serves its last known value on and on", async () => {
    const w = await world();
    await w.get();
    await w.change(deleted);
    for (const advanceMs of [MINUTE_MS, 20 * MINUTE_MS, DAY_MS, 3 * DAY_MS]) {
      w.clock.advance(advanceMs);
      expect(await w.get()).toBe("demo:first");
    }
  });

  it("gives way to another candidate that answers", async () => {
    const w = await world({ seed: { secrets: [TEAM, of("LOWER", "organization", "lower:one")] } });
    expect(await w.get()).toBe("demo:first");
    await w.change(deleted);
    w.clock.advance(20 * MINUTE_MS);
    expect(await w.get()).toBe("lower:one");
  });

  it("and never seen: a failure", async () => {
    const w = await world();
    await w.change(deleted);
    expect(await w.get()).toBe("failed secret-missing managed");
  });

  it("erased here, it cannot come back", async () => {
    const w = await world();
    await w.get();
    await w.change(deleted);
    w.clock.advance(SECOND_MS);
    w.erase();
    expect(await w.get()).toBe("failed secret-missing managed");
  });

  it("gone from the spec as well: none", async () => {
    const w = await world();
    await w.get();
    await w.change({ do: "deleteSecret", secret: "TEAM" });
    w.clock.advance(MINUTE_MS);
    expect(await w.get()).toBe("none");
  });
});

describe("a list that makes no sense", () => {
  it.each(["runner-native", "user:password"])(
    "one secret twice, with two sessions, of value %s: each is read once",
    async (value) => {
      const twin = {
        name: "TEAM",
        host: HOST,
        value,
        id: "0199a000-0000-7000-8000-0000000000f2",
        sourceRef: "0199a000-0000-7000-8000-0000000000a1",
        session: "older",
      };
      const w = await world({ seed: { secrets: [{ ...TEAM, value }, twin] } });
      expect(await w.get()).toBe(value === "runner-native" ? "native" : value);
      expect(w.platform.journal.count("GetSecretValue")).toBeLessThanOrEqual(2);
    },
  );

  it("a thousand secrets for one registry: the decision needs one", async () => {
    const secrets = Array.from({ length: 1000 }, (_, n) =>
      of(`S${String(n).padStart(4, "0")}`, "project", `u:${n}`),
    );
    const w = await world({ seed: { secrets } });
    expect(await w.ask()).toBe("u:0 (GetEnvironment GetSecretValue)");
  });

  it("names and ids that are no text", async () => {
    const w = await world({
      seed: { secrets: [{ ...TEAM, entryExtra: { name: { a: 1 }, session: 5, scope: [] } }] },
    });
    expect(await w.get()).toBe("demo:first");
  });
});
