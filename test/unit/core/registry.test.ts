// The registry grammar against the host tables: what a text means, and which registries belong to a cloud.
// The tables come from the contract; no row may be changed to please the parser.

import { describe, expect, it } from "vitest";
import { type AcceptedHost, acceptedHosts, rejectedHosts } from "../../../fixtures/hosts/table.ts";
import { recognizeCloud } from "../../../src/core/clouds/clouds.ts";
import { dockerKey, parseRegistry } from "../../../src/core/registry.ts";

describe("the tables", () => {
  it("hold at least 40 good cloud rows and three hostile rows for each good one", () => {
    const clouds = acceptedHosts.filter((row) => ["ecr", "ecr-public", "gar"].includes(row.kind));
    expect(clouds.length).toBeGreaterThanOrEqual(40);
    expect(rejectedHosts.length).toBeGreaterThanOrEqual(200);
    expect(rejectedHosts.length).toBeGreaterThanOrEqual(3 * acceptedHosts.length);
    expect(new Set(acceptedHosts.map((row) => row.partition)).size).toBe(9);
  });

  it("name each input once and give each row a reason", () => {
    const inputs = [...acceptedHosts, ...rejectedHosts].map((row) => row.input);
    expect(new Set(inputs).size).toBe(inputs.length);
    expect([...acceptedHosts, ...rejectedHosts].every((row) => row.reason !== "")).toBe(true);
  });
});

describe("accepted", () => {
  it.each(acceptedHosts.map((row) => [row.input, row.reason, row] as const))("%s (%s)", (input, _, row) => {
    const ref = parseRegistry(input);
    expect(ref?.key).toBe(row.canonical);
    expect(ref?.kind).toBe(row.kind.endsWith("-token") ? "opaque" : "registry");
    expect(ref && recognizeCloud(ref)).toEqual(cloudOf(row));
  });

  it.each(acceptedHosts.map((row) => [row.canonical, row.input] as const))(
    "%s means itself (from %s)",
    (canonical) => {
      expect(parseRegistry(canonical)?.key).toBe(canonical);
    },
  );
});

describe("rejected", () => {
  it.each(rejectedHosts.map((row) => [row.input, row.reason, row.outcome] as const))(
    "%s (%s)",
    (input, _, outcome) => {
      const ref = parseRegistry(input);
      if (outcome === "none") expect(ref).toBeUndefined();
      if (outcome === "plain") expect(ref?.kind).toBe("registry");
      expect(ref && recognizeCloud(ref)).toBeUndefined();
      expect(ref?.key).not.toBe("docker.io");
    },
  );
});

describe("on the side of a secret", () => {
  it.each([
    "http://registry.example.test",
    "HTTP://registry.example.test/",
    "http://registry.example.test:443/v2/",
  ])("%s is registry.example.test", (host) => {
    expect(parseRegistry(host, "secret")?.key).toBe("registry.example.test");
    expect(parseRegistry(host)).toBeUndefined();
  });

  it("http does not change the port that is dropped", () => {
    expect(parseRegistry("http://registry.example.test:80", "secret")?.key).toBe("registry.example.test:80");
  });

  const sameAsCaller = rejectedHosts.filter((row) => row.outcome === "none" && !/http:\/\//i.test(row.input));
  it.each(sameAsCaller.map((row) => [row.input, row.reason] as const))(
    "%s is no registry either (%s)",
    (input) => {
      expect(parseRegistry(input, "secret")).toBeUndefined();
    },
  );
});

describe("Docker's own key", () => {
  it("is the historic URL for Hub and the canonical form for every other registry", () => {
    for (const row of acceptedHosts) {
      const ref = parseRegistry(row.input);
      const expected = row.kind === "hub" ? "https://index.docker.io/v1/" : row.canonical;
      expect(ref && dockerKey(ref)).toBe(expected);
    }
  });
});

function cloudOf(row: AcceptedHost): unknown {
  if (row.kind === "gar") return { kind: row.kind };
  if (row.kind === "ecr-public") {
    return row.canonical === "ecr-public.aws.com" ? { kind: row.kind, dualStack: true } : { kind: row.kind };
  }
  if (row.kind !== "ecr") return undefined;
  return {
    kind: "ecr",
    account: row.account,
    region: row.region,
    partition: row.partition,
    fips: row.fips === "yes",
    dualStack: row.dualstack === "yes",
  };
}
