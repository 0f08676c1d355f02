import { describe, expect, it, onTestFinished } from "vitest";
import { rejectedHosts } from "../../fixtures/hosts/table.ts";
import type { Clouds } from "../stand-ins/clouds/clouds.ts";
import { executables } from "../support/builds.ts";
import { startRecordingProxy } from "../support/recording-proxy.ts";
import { inParallel } from "./in-parallel.ts";
import { ECR, failureIn, GAR, mintMachine, passwordIn } from "./mint-machine.ts";

const alike = rejectedHosts.filter((row) => row.outcome === "plain");
const some = alike.filter((_, n) => n % Math.floor(alike.length / 30) === 0).map((row) => row.input);
const everywhere: (keyof Clouds & ("ecr" | "ecrPublic" | "sts" | "imds" | "gce"))[] = [
  "ecr",
  "ecrPublic",
  "sts",
  "imds",
  "gce",
];

for (const build of executables()) {
  describe(`${build.name}: a look-alike`, () => {
    it("causes no cloud request, whatever secrets and patterns say", async () => {
      const source = (name: string) => ({ source: name });
      const registries = {
        "*.dkr.ecr.*.amazonaws.com": source("ecr"),
        "*.dkr.ecr-fips.*.amazonaws.com": source("ecr"),
        "*.dkr-ecr.*.on.aws": source("ecr"),
        "*.ecr.aws": source("ecr"),
        "*.aws.com": source("ecr"),
        "*.*.rep.pkg.dev": source("gar"),
        "*.gcr.io": source("gar"),
        "*.pkg.dev": source("gar"),
      };
      const clouds = { ecr: {}, ecrPublic: {}, sts: {}, imds: {}, gce: {} };
      const at = await mintMachine({ build, clouds, native: [...some, ECR, GAR], config: { registries } });
      expect(some.length).toBeGreaterThanOrEqual(30);
      await inParallel(some, async (host) => {
        failureIn(host, "native-unsupported", await at.get(host));
      });
      for (const name of everywhere) expect(at.clouds[name].journal.entries, name).toEqual([]);
      await at.password(ECR);
      await at.password(GAR);
      expect(at.clouds.ecr.journal.count()).toBe(1);
    });

    it("an unmanaged cloud registry causes none either", async () => {
      const at = await mintMachine({ build, clouds: { ecr: {}, imds: {}, gce: {} }, native: [] });
      for (const host of [ECR, GAR, "gcr.io"]) {
        expect(await at.get(host)).toMatchObject({ code: 1, stderr: "" });
      }
      for (const name of everywhere) expect(at.clouds[name].journal.entries, name).toEqual([]);
    });
  });

  describe(`${build.name}: the streams`, () => {
    const talkative = {
      NODE_DEBUG: "http,https,net,tls,undici,gaxios,auth",
      GOOGLE_SDK_NODE_LOGGING: "all",
      DEBUG: "*",
      AWS_SDK_JS_LOG: "1",
      NODE_OPTIONS: "--trace-warnings",
    };

    it.each([
      ["http", { NODE_DEBUG: "http" }],
      ["everything", talkative],
    ])("hold the answer alone with NODE_DEBUG for %s", async (_what, env) => {
      const at = await mintMachine({ build, clouds: { ecr: {}, imds: {}, gce: {} } });
      for (const host of [ECR, GAR]) {
        passwordIn(host, await at.get(host, env));
        passwordIn(host, await at.get(host, env));
      }
    });

    it("hold the one line of a failure alone", async () => {
      const at = await mintMachine({ build, clouds: { ecr: {}, imds: {} } });
      at.clouds.ecr.faults.always({ kind: "denied" });
      await at.failure(ECR, "aws-denied", talkative);
    });
  });

  describe(`${build.name}: a metadata server on loopback`, () => {
    it("is never asked through a proxy", async () => {
      const proxy = await startRecordingProxy();
      onTestFinished(() => proxy.close());
      const { url } = proxy;
      const env = { HTTP_PROXY: url, HTTPS_PROXY: url, http_proxy: url, https_proxy: url, NO_PROXY: "" };
      const at = await mintMachine({ build, clouds: { ecr: {}, imds: {}, gce: {} } });
      await at.password(ECR, env);
      await at.password(GAR, env);
      expect(proxy.asked).toEqual([]);
    });
  });
}
