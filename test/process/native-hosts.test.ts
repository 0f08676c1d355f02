// `runner-native` over the host tables: a recognised host makes the helper turn to the cloud, a look-alike never
// does. Every cloud endpoint leads to one recorder, which refuses everything and counts.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { acceptedHosts, rejectedHosts } from "../../fixtures/hosts/table.ts";
import { ids } from "../stand-ins/platform/ids.ts";
import { type Platform, startPlatform } from "../stand-ins/platform/stand-in.ts";
import { type Bed, buildsUnderTest, type HelperRun, makeBed, runHelper } from "../support/run-helper.ts";
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
    let bed: Bed;
    let platform: Platform;
    let recorder: Server;
    let recorded: string[];

    beforeAll(async () => {
      bed = makeBed();
      const hosts = [...new Set([...clouds.map((row) => row.canonical), ...alike])];
      const secrets = hosts.map((host, n) => ({
        name: `S_${n}`,
        host,
        value: "runner-native:runner-native",
      }));
      platform = await startPlatform({ seed: { secrets } });
      recorded = [];
      recorder = createServer((request, response) => {
        recorded.push(`${request.method} ${request.url} ${request.headers["x-amz-target"] ?? ""}`);
        request.resume();
        response.writeHead(404, { "content-type": "text/plain" }).end("no");
      });
      await new Promise<void>((resolve) => recorder.listen(0, "127.0.0.1", resolve));
    });

    afterAll(async () => {
      await platform.close();
      await new Promise((resolve) => recorder.close(resolve));
      bed.remove();
    });

    const get = (host: string): Promise<HelperRun> => {
      const at = `127.0.0.1:${(recorder.address() as AddressInfo).port}`;
      return runHelper(build, ["get"], {
        env: {
          ...bed.env,
          ONA_BASE_URL: platform.baseUrl,
          ONA_ENVIRONMENT_ID: ids.environment,
          DOCKER_CREDENTIAL_ONA_TOKEN: "env-token",
          AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
          AWS_SECRET_ACCESS_KEY: "c4nary-aws-secret",
          AWS_ENDPOINT_URL_ECR: `http://${at}`,
          AWS_ENDPOINT_URL_ECR_PUBLIC: `http://${at}`,
          AWS_ENDPOINT_URL_STS: `http://${at}`,
          AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://${at}`,
          GCE_METADATA_HOST: at,
        },
        cwd: bed.cwd,
        stdin: host,
      });
    };

    /** One line, the same on both streams, with this code at its end. */
    const expectFailure = (host: string, { stdout, stderr, code }: HelperRun, ending: RegExp): void => {
      expect(stdout.toString(), host).toMatch(ending);
      expect(stdout.toString().split("\n"), host).toHaveLength(2);
      expect(stderr.toString(), host).toBe(stdout.toString());
      expect(stdout.toString(), host).not.toContain("c4nary");
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
