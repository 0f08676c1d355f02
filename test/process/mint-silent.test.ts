// Metadata servers that say nothing, or are not there: what minting may cost then in real time, on a machine that has
// nothing else to do. And the real metadata addresses, which are asked past every proxy.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { executables, repository } from "../support/builds.ts";
import { Machine } from "../support/machine.ts";
import type { Seen } from "./mint-link.ts";
import { ECR, failureIn, GAR, mintMachine, passwordIn } from "./mint-machine.ts";

/** A network of our own with the metadata address in it. */
const LINK = "ip link set lo up && ip addr add 169.254.169.254/32 dev lo";
const hasNetworks = process.getuid?.() === 0 && spawnSync("unshare", ["-n", "sh", "-c", LINK]).status === 0;
if (!hasNetworks) console.log("no network namespaces here: the real metadata addresses are not tested");

for (const build of executables()) {
  describe(`${build.name}: what is silent`, () => {
    it("EC2's metadata server costs less than 2 s, and the line says hop limit", async () => {
      const quick = await mintMachine({ build, clouds: { ecr: {} } });
      const { tookMs: startUpMs } = await quick.get(ECR);
      const at = await mintMachine({ build, clouds: { ecr: {}, imds: { silent: true } } });
      const said = await at.get(ECR);
      expect(failureIn(ECR, "imds-no-answer", said)).toContain("--http-put-response-hop-limit 2");
      expect(said.tookMs - startUpMs).toBeLessThan(2000);
      expect(at.clouds.imds.journal.count()).toBe(1);
    });

    it("both metadata servers together cost less than 2 s", async () => {
      const quick = await mintMachine({ build, clouds: {} });
      const { tookMs: startUpMs } = await quick.get(GAR);
      for (const host of [ECR, GAR]) {
        const at = await mintMachine({ build, clouds: { imds: { silent: true }, gce: { silent: true } } });
        const said = await at.get(host);
        failureIn(host, host === ECR ? "imds-no-answer" : "google-unreachable", said);
        expect(said.tookMs - startUpMs).toBeLessThan(2000);
      }
    });

    it("a renewal costs a few seconds: the token outlives it, and a missing identity", async () => {
      const at = await mintMachine({ build, clouds: { ecr: {}, imds: {} } });
      const first = await at.password(ECR);
      at.clouds.ecr.faults.always({ kind: "silence" });
      at.age(7 * 3600_000);
      const said = await at.get(ECR);
      expect(said).toMatchObject({ code: 0, stderr: "" });
      expect(said.stdout).toContain(first);
      expect(said.tookMs).toBeLessThan(6000);
      at.age(10_000);
      at.clouds.imds.settings.silent = true;
      expect(await at.password(ECR)).toBe(first);
    });
  });

  describe.skipIf(!hasNetworks)(`${build.name}: the metadata address`, () => {
    it.each([
      ["aws", ECR, "ecr"],
      ["google", GAR, "gar"],
    ])("of %s is asked past the proxy", async (cloud, host, source) => {
      const seen = await see(cloud, host, source);
      passwordIn(host, seen);
      expect(seen.proxied).toEqual([]);
      expect(seen.metadata.length).toBeGreaterThan(0);
    });

    it.each([
      ["silent", "imds-no-answer", ECR, "ecr"],
      ["silent", "google-unreachable", GAR, "gar"],
      ["not there", "aws-no-credentials", ECR, "ecr"],
      ["not there", "google-unreachable", GAR, "gar"],
    ])("that is %s ends with %s within 2 s and the start-up", async (cloud, code, host, source) => {
      const seen = await see(cloud, host, source);
      failureIn(host, code, seen);
      expect(seen.proxied).toEqual([]);
      expect(seen.tookMs).toBeLessThan(2500);
    });
  });
}

async function see(...what: readonly [cloud: string, host: string, source: string]): Promise<Seen> {
  await using at = new Machine();
  const program = join(repository, "test/process/mint-link.ts");
  const command = ["sh", "-c", `${LINK} && exec "$@"`, "sh", process.execPath, program, ...what];
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };
  const { code, stdout, stderr } = await at.exec(["unshare", "-n", ...command], { env });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Seen;
}
