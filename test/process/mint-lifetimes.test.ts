// How long a minted token serves, and when a new one is asked for. Nobody waits: the times in the cache are moved
// back, which is what the passing of time looks like to the next process.

import { describe, expect, it } from "vitest";
import type { Fault } from "../stand-ins/clouds/faults.ts";
import { executables } from "../support/builds.ts";
import { ECR, GAR, type MintMachine, mintMachine } from "./mint-machine.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const calls = ({ clouds }: MintMachine): number => clouds.ecr.journal.count("GetAuthorizationToken");
const asked = ({ clouds }: MintMachine): number =>
  clouds.gce.journal.count("instance/service-accounts/default/token");

for (const build of executables()) {
  const ec2 = (): Promise<MintMachine> => mintMachine({ build, clouds: { ecr: {}, imds: {} } });

  describe(`${build.name}: a token of ECR, good for 12 hours,`, () => {
    it("serves until half of its life without a call, identity or lock", async () => {
      const at = await ec2();
      const first = await at.password(ECR);
      at.age(6 * HOUR_MS - MINUTE_MS);
      at.clouds.imds.journal.clear();
      expect(await at.password(ECR)).toBe(first);
      expect(calls(at)).toBe(1);
      expect(at.clouds.imds.journal.count()).toBe(0);
    });

    it("is renewed from half of its life on, once", async () => {
      const at = await ec2();
      const first = await at.password(ECR);
      at.age(6 * HOUR_MS + MINUTE_MS);
      const second = await at.password(ECR);
      expect(second).not.toBe(first);
      expect(await at.password(ECR)).toBe(second);
      expect(calls(at)).toBe(2);
    });

    const faults: readonly Fault[] = [
      { kind: "denied" },
      { kind: "throttled" },
      { kind: "unavailable" },
      { kind: "garbage" },
      { kind: "expired" },
      { kind: "reset" },
    ];

    it.each(faults)("outlives a renewal that fails: $kind", async (fault) => {
      const at = await ec2();
      const first = await at.password(ECR);
      at.clouds.ecr.faults.always(fault);
      at.age(11 * HOUR_MS);
      expect(await at.password(ECR)).toBe(first);
      const tried = calls(at);
      expect(tried).toBeGreaterThan(1);
      expect(await at.password(ECR)).toBe(first);
      expect(calls(at)).toBe(tried);
    });

    it("is renewed as soon as AWS is back", async () => {
      const at = await ec2();
      const first = await at.password(ECR);
      at.clouds.ecr.faults.always({ kind: "unavailable" });
      at.age(7 * HOUR_MS);
      expect(await at.password(ECR)).toBe(first);
      at.clouds.ecr.faults.clear();
      at.age(6000);
      expect(await at.password(ECR)).not.toBe(first);
    });

    it.each([
      ["less than a minute before its end", 12 * HOUR_MS - 50_000],
      ["at its end", 12 * HOUR_MS],
      ["a day after its end", 36 * HOUR_MS],
    ])("is never handed out %s", async (_when, ageMs) => {
      const at = await ec2();
      const first = await at.password(ECR);
      at.clouds.ecr.faults.always({ kind: "unavailable" });
      at.age(ageMs);
      expect(await at.failure(ECR, "aws-unreachable")).not.toContain(first);
      at.clouds.ecr.faults.clear();
      at.age(6000);
      expect(await at.password(ECR)).not.toBe(first);
    });

    it("that AWS gives with less than a minute left is no token", async () => {
      const at = await mintMachine({ build, clouds: { ecr: { lifetimeMs: 55_000 }, imds: {} } });
      await at.failure(ECR, "token-expired");
      expect(at.traces()).not.toContain(at.clouds.ecrPasswords.all[0]?.password);
    });

    it("from a time that is yet to come is absent", async () => {
      const at = await ec2();
      const first = await at.password(ECR);
      at.age(-HOUR_MS);
      const second = await at.password(ECR);
      expect(second).not.toBe(first);
      expect(await at.password(ECR)).toBe(second);
      expect(calls(at)).toBe(2);
      at.age(-HOUR_MS);
      at.clouds.ecr.faults.always({ kind: "unavailable" });
      await at.failure(ECR, "aws-unreachable");
    });

    it("is not asked for again at once when the new one ends earlier", async () => {
      const at = await ec2();
      await at.password(ECR);
      at.age(8 * HOUR_MS);
      at.clouds.ecr.settings.lifetimeMs = 2 * HOUR_MS;
      const second = await at.password(ECR);
      at.age(HOUR_MS - MINUTE_MS);
      expect(await at.password(ECR)).toBe(second);
      expect(calls(at)).toBe(2);
    });
  });

  describe(`${build.name}: a token of Google's metadata server, good for an hour,`, () => {
    /** Time passes on both sides: the server keeps one token and says how long it is still good. */
    const pass = (at: MintMachine, ms: number): void => {
      at.age(ms);
      at.clouds.clock.advance(ms);
    };

    it("serves until 4 minutes before its end; then the server has a new one", async () => {
      const at = await mintMachine({ build, clouds: { gce: {} } });
      const first = await at.password(GAR);
      pass(at, 55 * MINUTE_MS + 50_000);
      expect(await at.password(GAR)).toBe(first);
      expect(asked(at)).toBe(1);
      pass(at, 15_000);
      const second = await at.password(GAR);
      expect(second).not.toBe(first);
      expect(at.clouds.isValidGoogleToken(second)).toBe(true);
      expect(asked(at)).toBe(2);
    });

    it("that stays the same is not asked for again before half of what remains", async () => {
      const at = await mintMachine({ build, clouds: { gce: { renewBeforeMs: 0 } } });
      const first = await at.password(GAR);
      pass(at, 56 * MINUTE_MS + 10_000);
      expect(await at.password(GAR)).toBe(first);
      expect(asked(at)).toBe(2);
      pass(at, 110_000);
      expect(await at.password(GAR)).toBe(first);
      expect(asked(at)).toBe(2);
      pass(at, 10_000);
      expect(await at.password(GAR)).toBe(first);
      expect(asked(at)).toBe(3);
    });

    it("outlives a server that is silent, and is never handed out in its last minute", async () => {
      const at = await mintMachine({ build, clouds: { gce: { renewBeforeMs: 0 } } });
      const first = await at.password(GAR);
      at.clouds.gce.settings.silent = true;
      pass(at, 57 * MINUTE_MS);
      expect(await at.password(GAR)).toBe(first);
      pass(at, 2 * MINUTE_MS + 10_000);
      expect(await at.failure(GAR, "google-unreachable")).not.toContain(first);
    });
  });
}
