// Many processes at once that want the same: one asks, all are answered. And what is left behind by those who died in
// the middle of it costs the others work at most, never an answer.

import { existsSync, readdirSync } from "node:fs";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { parseRegistry } from "../../src/core/registry.ts";
import { buildsUnderTest, type HelperRun, runHelper } from "../support/run-helper.ts";
import { HOST, herdBuilds, herdScene, inWords } from "./herd-scene.ts";

const TEAM = { name: "TEAM", host: HOST, value: "demo:password" };
const fifty = Array.from({ length: 50 }, () => HOST);
const right = (count: number): string[] => Array.from({ length: count }, () => "demo:password");

for (const build of herdBuilds) {
  describe(`${build.name}: a herd`, () => {
    it("of 50 on an empty cache: one list, one value, 50 equal answers", async () => {
      const scene = await herdScene(build, { secrets: [TEAM], latencyMs: 300 });
      expect(await scene.runs(fifty)).toEqual(right(50));
      expect(scene.platform.journal.methods()).toEqual(["GetEnvironment", "GetSecretValue"]);
    });

    it("of 20 for 20 registries: one list", async () => {
      const secrets = Array.from({ length: 20 }, (_, n) => ({
        name: `S${n}`,
        host: `r${n}.example.test`,
        value: `u:${n}`,
      }));
      const scene = await herdScene(build, { secrets, latencyMs: 300 });
      expect(await scene.runs(secrets.map(({ host }) => host))).toEqual(secrets.map(({ value }) => value));
      expect(scene.platform.journal.count("GetEnvironment")).toBe(1);
      expect(scene.platform.journal.count("GetSecretValue")).toBe(20);
    });

    it("on a warm cache: no request at all", async () => {
      const scene = await herdScene(build, { secrets: [TEAM] });
      await scene.run();
      scene.platform.journal.clear();
      expect(await scene.runs(fifty.slice(20))).toEqual(right(30));
      expect(scene.platform.journal.count()).toBe(0);
    });

    it.each([
      ["an hour ago", 3600],
      ["in an hour, by another clock", -3600],
    ])("with dead locks, left %s: 50 right answers, and few requests", async (_, ageS) => {
      const scene = await herdScene(build, { secrets: [TEAM], latencyMs: 300 });
      scene.leaveDeadLocks(ageS);
      expect(await scene.runs(fifty)).toEqual(right(50));
      expect(scene.platform.journal.count("GetEnvironment")).toBeLessThanOrEqual(5);
      expect(scene.platform.journal.count("GetSecretValue")).toBeLessThanOrEqual(5);
      expect(readdirSync(scene.cacheDir).filter((name) => name.endsWith(".lock"))).toEqual([]);
    });

    it.each(["cold", "warm"])(
      "of shells that pipe, %s: equal answers, one list and one value",
      async (heat) => {
        const scene = await herdScene(build, { secrets: [TEAM], latencyMs: 200 });
        if (heat === "warm") await scene.run();
        const running: Promise<HelperRun>[] = [];
        for (let n = 0; n < 40; n += 1) {
          const launcher = ["/bin/sh", "-c", `printf %s ${HOST} | "$@"`, "sh"];
          running.push(
            runHelper(build, ["get"], { env: scene.env, cwd: scene.bed.cwd, launcher, timeoutMs: 60_000 }),
          );
          await setImmediate();
        }
        expect((await Promise.all(running)).map(inWords)).toEqual(right(40));
        expect(scene.platform.journal.methods()).toEqual(["GetEnvironment", "GetSecretValue"]);
      },
    );

    it("during an outage: it is found out once, and nobody claims to know", async () => {
      const outage = { kind: "error", code: "internal" } as const;
      const scene = await herdScene(build, { secrets: [TEAM], latencyMs: 300, faults: [outage] });
      const answers = await scene.runs(fifty.slice(30));
      expect(new Set(answers)).toEqual(new Set(["1 credentials not found in native keychain"]));
      expect(scene.platform.journal.count()).toBe(1);
    });
  });

  describe(`${build.name}: the one who asks`, () => {
    it.each(["GetEnvironment", "GetSecretValue"] as const)(
      "is killed while it waits for %s: the others are answered",
      async (method) => {
        const scene = await herdScene(build, { secrets: [TEAM] });
        await scene.platform.apply({ do: "fault", fault: { method, nth: 1, kind: "hang" } });
        let pid = 0;
        const killed = scene.run(HOST, (started) => {
          pid = started;
        });
        await scene.heard(method, 1);
        const others = scene.runs(fifty.slice(40));
        process.kill(pid, "SIGKILL");
        expect(await others).toEqual(right(10));
        expect((await killed).signal).toBe("SIGKILL");
        expect(scene.platform.journal.count()).toBeLessThanOrEqual(8);
      },
    );

    it("is stopped: the others are answered, and the woken one replaces nothing newer", async () => {
      const scene = await herdScene(build, { secrets: [TEAM] });
      // Whoever comes later asks for a list of its own, which makes its answer the newer one.
      scene.configure({ freshSeconds: 0 });
      const late = { method: "GetSecretValue", nth: 1, kind: "slowHeaders", delayMs: 200 } as const;
      await scene.platform.apply({ do: "fault", fault: late });
      let pid = 0;
      const stopped = scene.run(HOST, (started) => {
        pid = started;
      });
      await scene.heard("GetSecretValue", 1);
      process.kill(pid, "SIGSTOP");
      await scene.platform.apply({ do: "setValue", secret: "TEAM", value: "demo:newer" });
      expect(new Set(await scene.runs([HOST, HOST, HOST]))).toEqual(new Set(["demo:newer"]));
      process.kill(pid, "SIGCONT");
      expect(inWords(await stopped)).toMatch(/^demo:(?:password|newer)$/);
      const ref = parseRegistry(HOST);
      const kept = ref === undefined ? undefined : scene.local().secretCache.answer(ref);
      expect(kept?.credential?.secret.expose()).toBe("newer");
    });

    it("is slower than a lock may be old: it gives signs of life, and nobody asks a second time", async () => {
      const scene = await herdScene(build, { secrets: [TEAM] });
      await scene.platform.apply({
        do: "fault",
        fault: { method: "GetEnvironment", kind: "slowHeaders", delayMs: 5000 },
      });
      const first = scene.run();
      await scene.heard("GetEnvironment", 1);
      const second = scene.run();
      expect([inWords(await first), inWords(await second)]).toEqual(right(2));
      expect(scene.platform.journal.count("GetEnvironment")).toBe(1);
    });

    it("ends by a signal that can be caught: it leaves no lock", async () => {
      const scene = await herdScene(build, { secrets: [TEAM] });
      await scene.platform.apply({ do: "fault", fault: { method: "GetEnvironment", nth: 1, kind: "hang" } });
      let pid = 0;
      const ended = scene.run(HOST, (started) => {
        pid = started;
      });
      await scene.heard("GetEnvironment", 1);
      process.kill(pid, "SIGTERM");
      await ended;
      for (
        let tries = 0;
        tries < 50 && readdirSync(scene.cacheDir).some((name) => name.endsWith(".lock"));
        tries += 1
      ) {
        await sleep(20);
      }
      expect(existsSync(scene.cacheDir)).toBe(true);
      expect(inWords(await scene.run())).toBe("demo:password");
    });
  });
}

for (const build of buildsUnderTest()) {
  it(`${build.name}: the next get takes the lock of one that was killed over at once`, async () => {
    const scene = await herdScene(build, { secrets: [TEAM] });
    await scene.platform.apply({ do: "fault", fault: { method: "GetEnvironment", nth: 1, kind: "hang" } });
    let pid = 0;
    const killed = scene.run(HOST, (started) => {
      pid = started;
    });
    await scene.heard("GetEnvironment", 1);
    process.kill(pid, "SIGKILL");
    await killed;
    const next = await scene.run();
    expect(inWords(next)).toBe("demo:password");
    expect(next.tookMs).toBeLessThan(2500);
  });
}
