// Which AWS endpoint the program really calls for each form of host, in every partition: under its real name, over
// TLS, with a signature that the stand-in recomputes for the region that the name says.

import { describe, expect, it } from "vitest";
import { type AcceptedHost, acceptedHosts } from "../../fixtures/hosts/table.ts";
import { readApiHost } from "../stand-ins/clouds/api-host.ts";
import { executables } from "../support/builds.ts";
import { behindProxy, mintMachine } from "./mint-machine.ts";

const rows = new Map<string, AcceptedHost>();
for (const row of acceptedHosts) {
  if (row.kind === "ecr" || row.kind === "ecr-public") rows.set(row.canonical, row);
}
const regions = [...new Set(["us-east-1", ...[...rows.values()].flatMap((row) => row.region || [])])];

for (const build of executables()) {
  describe(`${build.name}: the endpoint`, () => {
    it("follows from the host, in every partition", async () => {
      const clouds = { ecr: {}, ecrPublic: {}, imds: {} };
      const at = await mintMachine({ build, clouds, native: [...rows.keys()] });
      const { env, connects, refused } = await behindProxy(at, { regions });
      const called: string[] = [];
      for (const [host, row] of rows) {
        const { settings } = at.clouds.imds;
        settings.principal = `arn:${row.partition || "aws"}:sts::111122223333:assumed-role/environment/i-1`;
        settings.rotateKeys = called.length;
        connects.length = 0;
        const password = await at.password(host, { ...env, DOCKER_CREDENTIAL_ONA_NO_CACHE: "1" });
        const service = row.kind === "ecr" ? "ecr" : "ecr-public";
        const region = row.region || "us-east-1";
        expect(at.clouds.isValidEcrPassword("AWS", password, { service, region }), host).toBe(true);
        expect(connects, host).toHaveLength(1);
        const [endpoint = ""] = connects;
        const isDualStack = row.dualstack === "yes" || host === "ecr-public.aws.com";
        const expected = { region, fips: row.fips === "yes", dualStack: isDualStack };
        expect(readApiHost(service, endpoint), host).toEqual(expected);
        called.push(`${host} | ${endpoint} | ${region}`);
      }
      expect(refused).toEqual([]);
      expect(called.length).toBeGreaterThanOrEqual(40);
    });
  });
}
