// Many processes at once that want the same: one asks, all are answered. And what is left behind by those who died in
// the middle of it costs the others work at most, never an answer.

import { existsSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { parseRegistry } from "../../src/core/registry.ts";
import { buildsUnderTest, executables } from "../support/builds.ts";
import { atOnce, inWords, leaveDeadLocks, localOf, patientGet } from "../support/herd.ts";
import type { Machine } from "../support/machine.ts";
import { machineForTest } from "../support/machine-for-test.ts";

const HOST = "registry.example.test";
const TEAM = { name: "TEAM", host: HOST, value: "demo:password" };
const fifty = Array.from({ length: 50 }, () => HOST);
/** What each of them says in the end. */
const runs = async (at: Machine, hosts: readonly string[]): Promise<string[]> =>
  (await atOnce(hosts, (host) => patientGet(at, host))).map(inWords);
/** Waits until the platform has heard so many requests for `method`. */
const heard = async ({ platform }: Machine, method: string, count: number): Promise<void> => {
  while (platform.journal.count(method) < count) await sleep(10);
};
const right = (count: number): string[] => Array.from({ length: count }, () => "demo:password");

for (const build of executables()) {
  describe(`${build.name}: a herd`, () => {
    it("of 50 on an empty cache: one list, one value, 50 equal answers", async () => {
      const at = await machineForTest({ build, secrets: [TEAM], seed: { latencyMs: 300 } });
      expect(await runs(at, fifty)).toEqual(right(50));
      expect(at.platform.journal.methods()).toEqual(["GetEnvironment", "GetSecretValue"]);
    });

    it("of 20 for 20 registries: one list", async () => {
      const secrets = Array.from({ length: 20 }, (_, n) => ({
        name: `S${n}`,
        host: `r${n}.example.test`,
        value: `u:${n}`,
      }));
      const at = await machineForTest({ build, secrets, seed: { latencyMs: 300 } });
      expect(
        await runs(
          at,
          secrets.map(({ host }) => host),
        ),
      ).toEqual(secrets.map(({ value }) => value));
      expect(at.platform.journal.count("GetEnvironment")).toBe(1);
      expect(at.platform.journal.count("GetSecretValue")).toBe(20);
    });

    it("on a warm cache: no request at all", async () => {
      const at = await machineForTest({ build, secrets: [TEAM] });
      await patientGet(at, HOST);
      at.platform.journal.clear();
      expect(await runs(at, fifty.slice(20))).toEqual(right(30));
      expect(at.platform.journal.count()).toBe(0);
    });

    it.each([
      ["an hour ago", 3600],
      ["in an hour, by another clock", -3600],
    ])("with dead locks, left %s: 50 right answers, and few requests", async (_, ageS) => {
      const at = await machineForTest({ build, secrets: [TEAM], seed: { latencyMs: 300 } });
      leaveDeadLocks(at, HOST, ageS);
      expect(await runs(at, fifty)).toEqual(right(50));
      expect(at.platform.journal.count("GetEnvironment")).toBeLessThanOrEqual(5);
      expect(at.platform.journal.count("GetSecretValue")).toBeLessThanOrEqual(5);
      expect(readdirSync(at.cacheDir).filter((name) => name.endsWith(".lock"))).toEqual([]);
    });

    it.each(["cold", "warm"])(
      "of shells that pipe, %s: equal answers, one list and one value",
      async (heat) => {
        const at = await machineForTest({ build, secrets: [TEAM], seed: { latencyMs: 200 } });
        if (heat === "warm") await at.get(HOST);
        const launcher = ["/bin/sh", "-c", `printf %s ${HOST} | "$@"`, "sh"];
        const shells = await atOnce(fifty.slice(10), (host) => patientGet(at, host, launcher));
        expect(shells.map(inWords)).toEqual(right(40));
        expect(at.platform.journal.methods()).toEqual(["GetEnvironment", "GetSecretValue"]);
      },
    );

    it("during an outage: it is found out once, and nobody claims to know", async () => {
      const outage = { kind: "error", code: "internal" } as const;
      const at = await machineForTest({ build, secrets: [TEAM], seed: { latencyMs: 300, faults: [outage] } });
      const answers = await runs(at, fifty.slice(30));
      expect(new Set(answers)).toEqual(new Set(["1 credentials not found in native keychain"]));
      expect(at.platform.journal.count()).toBe(1);
    });
  });

  describe(`${build.name}: the one who asks`, () => {
    it.each(["GetEnvironment", "GetSecretValue"] as const)(
      "is killed while it waits for %s: the others are answered",
      async (method) => {
        const at = await machineForTest({ build, secrets: [TEAM] });
        await at.platform.apply({ do: "fault", fault: { method, nth: 1, kind: "hang" } });
        const killed = patientGet(at, HOST);
        await heard(at, method, 1);
        const others = runs(at, fifty.slice(40));
        killed.kill("SIGKILL");
        expect(await others).toEqual(right(10));
        expect((await killed).signal).toBe("SIGKILL");
        expect(at.platform.journal.count()).toBeLessThanOrEqual(8);
      },
    );

    it("is stopped: the others are answered, and the woken one replaces nothing newer", async () => {
      const at = await machineForTest({ build, secrets: [TEAM] });
      // Whoever comes later asks for a list of its own, which makes its answer the newer one.
      at.configure({ freshSeconds: 0 });
      const late = { method: "GetSecretValue", nth: 1, kind: "slowHeaders", delayMs: 200 } as const;
      await at.platform.apply({ do: "fault", fault: late });
      const stopped = patientGet(at, HOST);
      await heard(at, "GetSecretValue", 1);
      stopped.kill("SIGSTOP");
      await at.platform.apply({ do: "setValue", secret: "TEAM", value: "demo:newer" });
      expect(new Set(await runs(at, [HOST, HOST, HOST]))).toEqual(new Set(["demo:newer"]));
      stopped.kill("SIGCONT");
      expect(inWords(await stopped)).toMatch(/^demo:(?:password|newer)$/);
      const ref = parseRegistry(HOST);
      const kept = ref === undefined ? undefined : localOf(at).secretCache.answer(ref);
      expect(kept?.credential?.secret.expose()).toBe("newer");
    });

    it("is slower than a lock may be old: it gives signs of life, and nobody asks a second time", async () => {
      const at = await machineForTest({ build, secrets: [TEAM] });
      await at.platform.apply({
        do: "fault",
        fault: { method: "GetEnvironment", kind: "slowHeaders", delayMs: 5000 },
      });
      const first = patientGet(at, HOST);
      await heard(at, "GetEnvironment", 1);
      const second = patientGet(at, HOST);
      expect([inWords(await first), inWords(await second)]).toEqual(right(2));
      expect(at.platform.journal.count("GetEnvironment")).toBe(1);
    });

    it("ends by a signal that can be caught: it leaves no lock", async () => {
      const at = await machineForTest({ build, secrets: [TEAM] });
      await at.platform.apply({ do: "fault", fault: { method: "GetEnvironment", nth: 1, kind: "hang" } });
      const ended = patientGet(at, HOST);
      await heard(at, "GetEnvironment", 1);
      ended.kill("SIGTERM");
      await ended;
      for (
        let tries = 0;
        tries < 50 && readdirSync(at.cacheDir).some((name) => name.endsWith(".lock"));
        tries += 1
      ) {
        await sleep(20);
      }
      expect(existsSync(at.cacheDir)).toBe(true);
      expect(inWords(await patientGet(at, HOST))).toBe("demo:password");
    });
  });
}

for (const build of buildsUnderTest()) {
  it(`${build.name}: the next get takes the lock of one that was killed over at once`, async () => {
    const at = await machineForTest({ build, secrets: [TEAM] });
    await at.platform.apply({ do: "fault", fault: { method: "GetEnvironment", nth: 1, kind: "hang" } });
    const killed = at.get(HOST);
    await heard(at, "GetEnvironment", 1);
    killed.kill("SIGKILL");
    await killed;
    const next = await at.get(HOST);
    expect(inWords(next)).toBe("demo:password");
    expect(next.tookMs).toBeLessThan(2500);
  });
}
