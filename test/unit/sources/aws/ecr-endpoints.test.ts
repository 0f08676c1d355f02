// Host form x kind of endpoint x region: the API that the SDK really calls, held against names that were written
// down apart from its rule set.

import { describe, expect, it } from "vitest";
import { recognizeCloud } from "../../../../src/core/clouds/clouds.ts";
import { parseRegistry } from "../../../../src/core/registry.ts";
import { writeAwsHome } from "../../../stand-ins/clouds/aws-files.ts";
import { partitionOfRegion } from "../../../stand-ins/clouds/partitions.ts";
import { withEnv } from "../../../stand-ins/clouds/sdk-env.ts";
import { ALL_HOSTS, calledFor, TOGGLES } from "./called-endpoint.ts";

function expected(host: string, toggled: string): string {
  const cloud = recognizeCloud(parseRegistry(host) ?? { key: "", kind: "opaque" });
  const dual = toggled.includes("dual-stack") || host === "ecr-public.aws.com";
  const fips = toggled.includes("FIPS") ? "-fips" : "";
  if (cloud?.kind !== "ecr") {
    if (dual && fips === "") return "https://ecr-public.us-east-1.api.aws";
    return `https://api.ecr-public${fips}.us-east-1.${dual ? "api.aws" : "amazonaws.com"}`;
  }
  const partition = partitionOfRegion(cloud.region);
  const service = `ecr${fips !== "" || cloud.fips ? "-fips" : ""}`;
  return dual || cloud.dualStack
    ? `https://${service}.${cloud.region}.${partition?.dualStackSuffix}`
    : `https://api.${service}.${cloud.region}.${partition?.suffix}`;
}

const ROWS = ALL_HOSTS.flatMap((host) => TOGGLES.map(([name, env]) => [host, name, env] as const));

describe("the API of", () => {
  it.each(ROWS)("%s (%s)", async (host, name, env) => {
    const called = await calledFor(host, env);
    expect(called?.origin).toBe(expected(host, name));
    expect(called?.path).toBe("/");
    expect(called?.action).toBe("GetAuthorizationToken");
    const region = recognizeCloud(parseRegistry(host) ?? { key: "", kind: "opaque" });
    expect(called?.signedFor).toBe(region?.kind === "ecr" ? `${region.region} ecr` : "us-east-1 ecr-public");
  });

  it.each([
    ["111122223333.dkr.ecr.us-east-1.amazonaws.com", "https://api.ecr.us-east-1.amazonaws.com"],
    [
      "111122223333.dkr.ecr-fips.us-gov-east-1.amazonaws.com",
      "https://api.ecr-fips.us-gov-east-1.amazonaws.com",
    ],
    ["111122223333.dkr-ecr.eu-west-1.on.aws", "https://ecr.eu-west-1.api.aws"],
    [
      "111122223333.dkr-ecr-fips.cn-northwest-1.on.amazonwebservices.com.cn",
      "https://ecr-fips.cn-northwest-1.api.amazonwebservices.com.cn",
    ],
    ["public.ecr.aws", "https://api.ecr-public.us-east-1.amazonaws.com"],
  ])("%s is %s, word for word", async (host, origin) => {
    expect((await calledFor(host))?.origin).toBe(origin);
  });

  it.each([
    ["xx-middle-1", "amazonaws.com"],
    ["us-gov-south-9", "amazonaws.com"],
    ["cn-southwest-3", "amazonaws.com.cn"],
    ["cn-north-west-3", "amazonaws.com.cn"],
    ["eusc-fr-west-1", "amazonaws.eu"],
    ["us-iso-north-2", "c2s.ic.gov"],
    ["us-isob-west-2", "sc2s.sgov.gov"],
    ["eu-isoe-east-2", "cloud.adc-e.uk"],
    ["us-isof-north-2", "csp.hci.ic.gov"],
  ])("a region that no SDK knows yet, %s, stays in its partition", async (region, suffix) => {
    const called = await calledFor(`111122223333.dkr.ecr.${region}.${suffix}`);
    expect(called?.origin).toBe(`https://api.ecr.${region}.${suffix}`);
    expect(called?.signedFor).toBe(`${region} ecr`);
  });

  it("a registry is the override's when there is one, for every kind of endpoint", async () => {
    const env = {
      AWS_ENDPOINT_URL_ECR: "https://vpce-1.ecr.example:8443/base",
      AWS_USE_FIPS_ENDPOINT: "true",
    };
    const called = await calledFor("111122223333.dkr-ecr.eu-west-1.on.aws", env);
    expect(`${called?.origin}${called?.path}`).toBe("https://vpce-1.ecr.example:8443/base/");
    expect(called?.signedFor).toBe("eu-west-1 ecr");
  });

  it("the general override is not obeyed, nor one in a shared file: neither was meant for this", async () => {
    const env = { AWS_ENDPOINT_URL: "https://elsewhere.example" };
    const host = "111122223333.dkr.ecr.eu-west-1.amazonaws.com";
    const called = await withEnv(env, (home) => {
      const config = { default: { endpoint_url: "https://elsewhere.example", use_fips_endpoint: "true" } };
      writeAwsHome(home, { config });
      return calledFor(host, env);
    });
    expect(called?.origin).toBe("https://api.ecr.eu-west-1.amazonaws.com");
  });

  it("private ECR is not ECR Public's override, and the other way round", async () => {
    const env = {
      AWS_ENDPOINT_URL_ECR: "https://a.example",
      AWS_ENDPOINT_URL_ECR_PUBLIC: "https://b.example",
    };
    expect((await calledFor("public.ecr.aws", env))?.origin).toBe("https://b.example");
    expect((await calledFor("111122223333.dkr.ecr.eu-west-1.amazonaws.com", env))?.origin).toBe(
      "https://a.example",
    );
  });
});
