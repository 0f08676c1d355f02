// The SDK's rule set, the table and the stand-ins' own reading of a host name, held against each other.

import { ECRClient } from "@aws-sdk/client-ecr";
import { ECRPUBLICClient } from "@aws-sdk/client-ecr-public";
import { STSClient } from "@aws-sdk/client-sts";
import { describe, expect, test } from "vitest";
import { readApiHost } from "./api-host.ts";
import { type ApiHostRow, apiHosts } from "./api-host-table.ts";
import { partitionOfRegion } from "./partitions.ts";

/** What the SDK would call, without calling anything. */
function endpointOf({ service, region, fips, dualStack }: Omit<ApiHostRow, "host" | "partition">): string {
  const parameters = { Region: region, UseFIPS: fips, UseDualStack: dualStack };
  const credentials = { accessKeyId: "none", secretAccessKey: "none" };
  switch (service) {
    case "ecr":
      return new ECRClient({ region, credentials }).config.endpointProvider(parameters).url.host;
    case "ecr-public":
      return new ECRPUBLICClient({ region, credentials }).config.endpointProvider(parameters).url.host;
    case "sts":
      return new STSClient({ region, credentials }).config.endpointProvider(parameters).url.host;
  }
}

test("the table has every partition and every kind of endpoint", () => {
  const rows = apiHosts();
  expect(new Set(rows.map((row) => row.partition)).size).toBe(8);
  expect(rows.filter((row) => row.fips && row.dualStack).length).toBeGreaterThan(30);
});

describe("the SDK's rule set", () => {
  test.each(apiHosts())("$service $region fips $fips dual-stack $dualStack: $host", (row) => {
    expect(endpointOf(row)).toBe(row.host);
  });

  test("puts a region of an unknown sovereign country into the commercial partition", () => {
    const row = { service: "ecr" as const, region: "eusc-xx-east-9", fips: false, dualStack: false };
    expect(endpointOf(row)).toBe("api.ecr.eusc-xx-east-9.amazonaws.com");
    expect(partitionOfRegion(row.region)?.id).toBe("aws-eusc");
  });
});

describe("the stand-ins", () => {
  test.each(apiHosts())("know $host", ({ service, host, region, partition, fips, dualStack }) => {
    const read = readApiHost(service, host);
    // GovCloud's plain STS host is its FIPS host too.
    const isBoth = service === "sts" && partition === "aws-us-gov" && !dualStack;
    expect(read).toEqual({ region, fips: isBoth ? false : fips, dualStack });
    expect(partitionOfRegion(region)?.id).toBe(partition);
  });

  test.each([
    "ecr.us-east-1.amazonaws.com",
    "api.ecr.us-east-1.api.aws",
    "api.ecr.cn-north-1.amazonaws.com",
    "api.ecr.us-east-1.amazonaws.com.cn",
    "api.ecr.us-east-1.amazonaws.com.evil.example",
    "evil.api.ecr.us-east-1.amazonaws.com",
    "api.ecr..amazonaws.com",
    "api.ecr.amazonaws.com",
    "api.ecr-public.us-east-1.amazonaws.com",
    "sts.us-east-1.amazonaws.com",
    "",
  ])("do not know ECR at %j", (host) => {
    expect(readApiHost("ecr", host)).toBeUndefined();
  });
});
