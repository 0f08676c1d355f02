// Many processes that need tokens at once, with nothing in the cache: one call serves all that may share it, and
// nobody gets the token of another identity, region or kind of endpoint.

import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ids } from "../stand-ins/platform/ids.ts";
import { executables } from "../support/builds.ts";
import { ECR, type MintMachine, mintMachine, passwordIn, REGION, type Said } from "./mint-machine.ts";

const PROCESSES = 100;
const accounts = Array.from({ length: 10 }, (_, n) => `1${String(n).padStart(11, "0")}`);
const hosts = accounts.map((account) => `${account}.dkr.ecr.${REGION}.amazonaws.com`);
const role = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;

/** The passwords of `hosts`, all asked for at once; each checked. */
async function atOnce(at: MintMachine, asked: readonly string[]): Promise<readonly string[]> {
  const running: Promise<Said>[] = [];
  for (const host of asked) {
    running.push(at.get(host));
    // The stand-ins live in this process: they must be able to answer while it starts others.
    await setImmediate();
  }
  const said = await Promise.all(running);
  return said.map((one, n) => passwordIn(asked[n] ?? "", one));
}

const calls = (at: MintMachine): number => at.clouds.ecr.journal.count("GetAuthorizationToken");

for (const build of executables()) {
  describe(`${build.name}: a herd`, () => {
    it("of 100 processes on ten accounts of one region makes one call", async () => {
      const at = await mintMachine({ build, clouds: { ecr: {}, imds: {} }, native: hosts });
      const asked = Array.from({ length: PROCESSES }, (_, n) => hosts[n % hosts.length] ?? "");
      const passwords = await atOnce(at, asked);
      expect(passwords).toHaveLength(PROCESSES);
      expect(new Set(passwords).size).toBe(1);
      expect(at.clouds.isValidEcrPassword("AWS", passwords[0] ?? "", { region: REGION })).toBe(true);
      expect(calls(at)).toBe(1);
      expect(at.clouds.imds.journal.count("credentials")).toBe(1);
      expect(at.platform.journal.count("GetEnvironment")).toBe(1);
      expect(at.platform.journal.count("GetSecretValue")).toBe(hosts.length);
    });

    it("at a registry whose token has to be renewed makes one call", async () => {
      const at = await mintMachine({ build, clouds: { ecr: { lifetimeMs: 90_000 }, imds: {} } });
      const [before = ""] = await atOnce(at, [ECR]);
      // Half of its life has not passed, but less than a minute is left of what is in the cache.
      at.clouds.ecr.settings.lifetimeMs = 12 * 3600_000;
      at.age(45_000);
      const passwords = await atOnce(
        at,
        Array.from({ length: 30 }, () => ECR),
      );
      expect(new Set(passwords).size).toBe(1);
      expect(passwords[0]).not.toBe(before);
      expect(calls(at)).toBe(2);
    });

    it("that is refused makes one call, and every process says why", async () => {
      const at = await mintMachine({ build, clouds: { ecr: {}, imds: {} }, native: hosts });
      at.clouds.ecr.faults.always({ kind: "denied" });
      await Promise.all(hosts.map((host) => at.failure(host, "aws-denied")));
      expect(calls(at)).toBe(1);
    });
  });

  describe(`${build.name}: no token is shared`, () => {
    it("between two roles, however many registries have them", async () => {
      const [a = "", b = "", second = ""] = hosts;
      const at = await mintMachine({
        build,
        clouds: { ecr: {}, imds: {}, sts: { roles: [{ arn: role("a") }, { arn: role("b") }] } },
        native: hosts.slice(0, 4),
        config: {
          registries: {
            [a]: { identity: { roleArn: role("a") } },
            [b]: { identity: { roleArn: role("b") } },
            [second]: { identity: { roleArn: role("a") } },
          },
        },
      });
      const [ofA, ofB, ofSecond, ofMachine] = await atOnce(at, hosts.slice(0, 4));
      expect(ofSecond).toBe(ofA);
      expect(new Set([ofA, ofB, ofMachine]).size).toBe(3);
      const principals = at.clouds.ecr.journal.entries.map((entry) => entry.principal?.split("/")[1]);
      expect(principals.toSorted()).toEqual(["a", "b", "environment"]);
    });

    it("between kinds of endpoint and regions", async () => {
      const kinds = [
        "111122223333.dkr.ecr.us-east-1.amazonaws.com",
        "111122223333.dkr.ecr-fips.us-east-1.amazonaws.com",
        "111122223333.dkr-ecr.us-east-1.on.aws",
        "111122223333.dkr-ecr-fips.us-east-1.on.aws",
        "111122223333.dkr.ecr.us-east-2.amazonaws.com",
      ];
      const same = kinds.map((host) => host.replace("111122223333", "444455556666"));
      const at = await mintMachine({ build, clouds: { ecr: {}, imds: {} }, native: [...kinds, ...same] });
      const passwords = await atOnce(at, kinds);
      expect(new Set(passwords).size).toBe(kinds.length);
      expect(await atOnce(at, same)).toEqual(passwords);
      expect(calls(at)).toBe(kinds.length);
    });

    it("between environments, and between keys in variables", async () => {
      const at = await mintMachine({ build, clouds: { ecr: {}, imds: {} } });
      const own = await at.password(ECR);
      expect(await at.password(ECR)).toBe(own);
      const { accessKeyId, secretAccessKey } = at.clouds.ring.permanent();
      const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
      expect(await at.password(ECR, keys)).not.toBe(own);
      const elsewhere = { DOCKER_CREDENTIAL_ONA_TOKEN: "other-token", ONA_ENVIRONMENT_ID: OTHER };
      await at.platform.apply({
        do: "addToken",
        token: { label: "other", token: "other-token", principal: "environment", id: OTHER },
      });
      const said = await at.get(ECR, elsewhere);
      expect(said.stdout).not.toContain(own);
    });
  });
}

const OTHER = `${ids.environment.slice(0, -2)}99`;
