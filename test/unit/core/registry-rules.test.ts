// Which rule holds for a registry: exact before pattern, fewer wildcards first, one label per wildcard.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/core/config.ts";
import { mintPlan } from "../../../src/core/mint-plan.ts";
import { parseRegistry, type RegistryRef } from "../../../src/core/registry.ts";
import { ruleFor } from "../../../src/core/registry-rules.ts";
import { numRuns } from "./runs.ts";

const ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";

function refOf(host: string): RegistryRef {
  const ref = parseRegistry(host);
  if (ref === undefined) throw new Error(`no registry: ${host}`);
  return ref;
}

const ruleOf = (registries: unknown, host: string): string | undefined =>
  ruleFor(parseConfig(JSON.stringify({ registries })).rules, refOf(host))?.pattern;

const plain = (...names: string[]): Record<string, unknown> =>
  Object.fromEntries(names.map((name) => [name, {}]));

describe("the order", () => {
  const names = ["*.*.example.com", "*.eu.example.com", "a.eu.example.com", "*.*.*.com", "a.*.example.com"];

  it.each([
    ["a.eu.example.com", "a.eu.example.com"],
    ["b.eu.example.com", "*.eu.example.com"],
    ["b.us.example.com", "*.*.example.com"],
    ["a.us.example.com", "a.*.example.com"],
    ["b.us.other.com", "*.*.*.com"],
    ["eu.example.com", undefined],
    ["x.a.eu.example.com", undefined],
    ["a.eu.example.com:5000", undefined],
  ])("%s: %s", (host, expected) => {
    expect(ruleOf(plain(...names), host)).toBe(expected);
    expect(ruleOf(plain(...names.toReversed()), host)).toBe(expected);
  });
});

describe("a pattern holds", () => {
  it.each([
    ["*.example.com", "a.example.com"],
    ["*.example.com", "A.Example.Com."],
    ["*.example.com", "a-b_c.example.com:443"],
    ["*.example.com:5000", "a.example.com:5000"],
    ["registry.*", "registry.local"],
    ["registry.*:5000", "registry.local:5000"],
    ["10.0.0.*", "10.0.0.7"],
    ["*", "localhost"],
    ["*:5000", "localhost:5000"],
    ["*.io", "docker.io"],
    ["*.io", "index.docker.io"],
  ])("%s for %s", (pattern, host) => {
    expect(ruleOf(plain(pattern), host)).toBe(pattern);
  });
});

describe("a pattern does not hold", () => {
  it.each([
    ["*.example.com", "example.com"],
    ["*.example.com", "a.b.example.com"],
    ["*.example.com", "a.example.com:5000"],
    ["*.example.com", "a.example.com.evil.test"],
    ["*.example.com", "aexample.com"],
    ["*.example.com:5000", "a.example.com"],
    ["*.example.com:5000", "a.example.com:50000"],
    ["*.example.com:5000", "a.example.com:15000"],
    ["registry.*:5000", "registry.local:5001"],
    ["registry.*", "registry.local:5000"],
    ["*", "a.b"],
    ["*", "[::1]"],
    ["*:5000", "[::1]:5000"],
    ["*.*.*.*", "[::ffff:1.2.3.4]"],
    ["*.docker.io", "index.docker.io"],
    ["*.docker.io", "registry-1.docker.io"],
    ["example.*", "example.com.evil"],
  ])("%s for %s", (pattern, host) => {
    expect(ruleOf(plain(pattern), host)).toBeUndefined();
  });

  it("that mints, for what is no registry of that cloud", () => {
    const registries = { "*.pkg.dev": { source: "gar" }, "*.dkr.ecr.*.amazonaws.com": { source: "ecr" } };
    expect(ruleOf(registries, "europe-docker.pkg.dev")).toBe("*.pkg.dev");
    expect(ruleOf(registries, "europe-npm.pkg.dev")).toBeUndefined();
    expect(ruleOf(registries, ECR)).toBe("*.dkr.ecr.*.amazonaws.com");
    expect(ruleOf(registries, "someone.dkr.ecr.eu-central-1.amazonaws.com")).toBeUndefined();
    expect(ruleOf(registries, "123456789012.dkr.ecr.nowhere.amazonaws.com")).toBeUndefined();
  });

  it("for an opaque key of Docker Hub", () => {
    const ref = refOf("https://index.docker.io/v1/access-token");
    expect(ruleFor(parseConfig('{"registries":{"*.io":{},"docker.io":{}}}').rules, ref)).toBeUndefined();
  });
});

it("the rule never depends on the order in the file", () => {
  const patterns = ["*.*.x", "a.*.x", "*.b.x", "a.b.x", "*.b.*", "c.b.x", "*", "*.x"];
  const host = fc.array(fc.constantFrom("a", "b", "c", "x"), { minLength: 1, maxLength: 4 });
  // Two patterns with as many wildcards may both hold; these few are the ones that never do so together.
  const unambiguous = patterns.filter((pattern) => !["a.*.x", "*.b.*"].includes(pattern));
  fc.assert(
    fc.property(
      fc.shuffledSubarray(unambiguous, { minLength: unambiguous.length }),
      host,
      (order, labels) => {
        const name = labels.join(".");
        return ruleOf(plain(...order), name) === ruleOf(plain(...unambiguous), name);
      },
    ),
    { numRuns: numRuns(300) },
  );
});

describe("the plan for minting", () => {
  const planOf = (registries: unknown, host: string) => {
    const config = parseConfig(
      JSON.stringify({ registries, auth: { audience: "aud" }, google: { scopes: ["s"] } }),
    );
    const ref = refOf(host);
    return mintPlan(ref, ruleFor(config.rules, ref), "machine", config);
  };

  it("leaves the account out: one token for all of a region", () => {
    expect(planOf({}, ECR)).toEqual(planOf({}, ECR.replace("123456789012", "999999999999")));
    expect(planOf({}, ECR)).not.toEqual(planOf({}, ECR.replace("eu-central-1", "eu-west-1")));
    expect(planOf({}, ECR)).toEqual({
      cloud: { kind: "ecr", region: "eu-central-1", partition: "aws", fips: false, dualStack: false },
      base: "machine",
      googleScopes: ["s"],
      audience: "aud",
    });
  });

  it("an alias stands for its cloud registry, an identity goes along", () => {
    const identity = { profile: "dev" };
    const plan = planOf({ "r.example": { aliasOf: ECR, identity } }, "r.example");
    expect(plan).toEqual({ ...planOf({}, ECR), identity: { kind: "profile", profile: "dev" } });
  });

  it("there is none for an ordinary registry", () => {
    expect(planOf({ "ghcr.io": {} }, "ghcr.io")).toBeUndefined();
    expect(planOf({}, `${ECR}:8443`)).toBeUndefined();
  });
});
