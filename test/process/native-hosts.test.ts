// `runner-native` over the host tables: a recognised host makes the helper turn to the cloud, a look-alike never
// does. Every cloud endpoint leads to one recorder, which refuses everything and counts.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { acceptedHosts, rejectedHosts } from "../../fixtures/hosts/table.ts";
import { buildsUnderTest } from "../support/builds.ts";
import { type Machine, startMachine } from "../support/machine.ts";
import type { Run, Running } from "../support/run.ts";
import { inParallel } from "./in-parallel.ts";

const clouds = [
  ...new Map(
    acceptedHosts
      .filter((row) => ["ecr", "ecr-public", "gar"].includes(row.kind))
      .map((row) => [row.canonical, row] as const),
  ).values(),
];
const alike = [
  ...rejectedHosts.filter((row) => row.outcome === "plain").map((row) => row.input),
  ...acceptedHosts.filter((row) => row.kind === "plain").map((row) => row.canonical),
];

for (const build of buildsUnderTest()) {
  /** The whole tables for the executable, a sample for the builds that start slowly. */
  const sample = <T>(rows: readonly T[]): readonly T[] =>
    build.name === "executable" ? rows : rows.filter((_, index) => index % 12 === 0);

  describe(build.name, () => {
    let at: Machine;
    let recorded: string[];

    beforeAll(async () => {
      const hosts = [...new Set([...clouds.map((row) => row.canonical), ...alike])];
      const secrets = hosts.map((host, n) => ({
        name: `S_${n}`,
        host,
        value: "runner-native:runner-native",
      }));
      at = await startMachine({ build, secrets });
      recorded = [];
      const recorder = createServer((request, response) => {
        recorded.push(`${request.method} ${request.url} ${request.headers["x-amz-target"] ?? ""}`);
        request.resume();
        response.writeHead(404, { "content-type": "text/plain" }).end("no");
      });
      await new Promise<void>((resolve) => recorder.listen(0, "127.0.0.1", resolve));
      at.onClose(() => recorder.close());
      const host = `127.0.0.1:${(recorder.address() as AddressInfo).port}`;
      Object.assign(at.env, {
        AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
        AWS_SECRET_ACCESS_KEY: "c4nary-aws-secret",
        AWS_ENDPOINT_URL_ECR: `http://${host}`,
        AWS_ENDPOINT_URL_ECR_PUBLIC: `http://${host}`,
        AWS_ENDPOINT_URL_STS: `http://${host}`,
        AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://${host}`,
        GCE_METADATA_HOST: host,
      });
    });

    afterAll(() => at.close());

    const get = (host: string): Running => at.get(host);

    /** One line, the same on both streams, with this code at its end. */
    const expectFailure = (host: string, { stdout, stderr, code }: Run, ending: RegExp): void => {
      expect(stdout, host).toMatch(ending);
      expect(stdout.split("\n"), host).toHaveLength(2);
      expect(stderr, host).toBe(stdout);
      expect(stdout, host).not.toContain("c4nary");
      expect(code, host).toBe(1);
    };

    it("no look-alike and no other registry reaches a cloud", async () => {
      await inParallel(sample(alike), async (host) => {
        expectFailure(host, await get(host), / \[native-unsupported\]\n$/);
      });
      expect(recorded).toEqual([]);
    });

    it("every recognised host turns to its cloud", async () => {
      await inParallel(sample(clouds), async ({ canonical, kind }) => {
        const ending = kind === "gar" ? / \[(google|wrong)-[a-z-]+\]\n$/ : / \[(aws|wrong|imds)-[a-z-]+\]\n$/;
        expectFailure(canonical, await get(canonical), ending);
      });
      expect(recorded.some((line) => line.includes("GetAuthorizationToken"))).toBe(true);
      expect(recorded.some((line) => line.includes("/computeMetadata/"))).toBe(true);
    });
  });
}
