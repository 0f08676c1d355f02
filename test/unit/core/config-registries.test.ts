// `registries` in the configuration: names and patterns, twins, aliases. What makes no sense is an error
// that names the entry, never a rule that silently does not hold.

import { describe, expect, it } from "vitest";
import { parseConfig, type RegistryRule } from "../../../src/core/config.ts";

const ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
const GAR = "europe-docker.pkg.dev";

const rulesOf = (registries: unknown): readonly RegistryRule[] =>
  parseConfig(JSON.stringify({ registries })).rules;

function mistakeIn(registries: unknown): string {
  try {
    rulesOf(registries);
  } catch (error) {
    if (error instanceof Error && error.name === "InvalidInput") return error.message;
    throw error;
  }
  return "accepted";
}

describe("a name is taken in its canonical form", () => {
  it.each([
    ["ghcr.io", "ghcr.io"],
    ["GHCR.io.", "ghcr.io"],
    ["https://ghcr.io/v2/", "ghcr.io"],
    ["ghcr.io:443", "ghcr.io"],
    ["ghcr.io:5000", "ghcr.io:5000"],
    ["index.docker.io", "docker.io"],
    ["https://index.docker.io/v1/", "docker.io"],
    ["[::1]:5000", "[::1]:5000"],
    ["*.example.com", "*.example.com"],
    ["*.EXAMPLE.com:443", "*.example.com"],
    ["*.*.example.com", "*.*.example.com"],
    ["registry.*:5000", "registry.*:5000"],
    ["10.0.0.*:5000", "10.0.0.*:5000"],
    ["*", "*"],
  ])("%s", (name, pattern) => {
    expect(rulesOf({ [name]: {} }).map((rule) => rule.pattern)).toEqual([pattern]);
  });
});

describe("no name", () => {
  it.each([
    "",
    " ghcr.io",
    "http://ghcr.io",
    "user@ghcr.io",
    "ghcr..io",
    "ghcr.io:0",
    "ghcr.io:99999",
    "ghcr.io:*",
    "*ghcr.io",
    "ghcr*.io",
    "*-docker.pkg.dev",
    "**.example.com",
    "**",
    "[*]",
    "[::*]",
    "*://ghcr.io",
    "ghcr\\.io",
    "ghcr.io%2f",
    "https://index.docker.io/v1/access-token",
  ])("%j", (name) => {
    expect(mistakeIn({ [name]: {} })).toMatch(/^registries\..*(is not a registry|not a pattern)/);
  });
});

describe("two names of one registry", () => {
  it.each([
    ["ghcr.io", "GHCR.IO"],
    ["ghcr.io", "https://ghcr.io/"],
    ["docker.io", "index.docker.io"],
    ["*.example.com", "*.Example.com."],
    ["ghcr.io", "ghcr.io:443"],
  ])("%s and %s", (one, other) => {
    const message = mistakeIn({ [one]: {}, [other]: {} });
    expect(message).toContain(`registries.${other}`);
    expect(message).toContain(`registries.${one} name one registry`);
  });

  it("another port is another registry, a pattern another name", () => {
    expect(rulesOf({ "ghcr.io": {}, "ghcr.io:5000": {}, "*.io": {} })).toHaveLength(3);
  });
});

describe("values", () => {
  it.each<[string, unknown, RegExp]>([
    ["no object", 1, /registries\.ghcr\.io must be an object/],
    ["null", null, /must be an object/],
    ["an unknown key", { sorce: "ecr" }, /registries\.ghcr\.io\.sorce is not a known key/],
    [
      "an unknown source",
      { source: "acr" },
      /registries\.ghcr\.io\.source must be one of platform, ecr, gar, none/,
    ],
    ["a number as source", { source: 1 }, /source must be one of/],
    ["an unknown onFailure", { onFailure: "ignore" }, /onFailure must be one of fail, anonymous/],
    ["a number as alias", { aliasOf: 1 }, /aliasOf must be a string/],
    ["ecr on an ordinary name", { source: "ecr" }, /registries\.ghcr\.io\.source is ecr/],
    ["gar on an ordinary name", { source: "gar" }, /source is gar/],
    ["an alias that is no cloud", { aliasOf: "quay.io" }, /aliasOf is not a recognised cloud registry/],
    ["an alias that is no registry", { aliasOf: "a b" }, /aliasOf is not/],
    ["an alias with a port", { aliasOf: `${GAR}:5000` }, /aliasOf is not/],
    ["an alias that looks like one", { aliasOf: `${ECR}.evil.example` }, /aliasOf is not/],
    ["an alias of the other cloud", { aliasOf: GAR, source: "ecr" }, /source is ecr/],
    ["an identity that is no object", { identity: "me" }, /identity must be an object/],
    ["an empty identity", { identity: {} }, /registries\.ghcr\.io\.identity must name/],
  ])("%s", (_, entry, message) => {
    expect(mistakeIn({ "ghcr.io": entry })).toMatch(message);
  });

  it("an alias needs an exact name", () => {
    expect(mistakeIn({ "*.example.com": { aliasOf: ECR } })).toMatch(/aliasOf needs an exact registry/);
    expect(
      rulesOf({ "r.example.com": { aliasOf: `https://${ECR}/x`, source: "ecr" } })[0]?.aliasOf,
    ).toMatchObject({
      kind: "ecr",
      region: "eu-central-1",
    });
  });

  it.each([
    [ECR, "gar"],
    [GAR, "ecr"],
    ["public.ecr.aws", "gar"],
    [`${ECR}:8443`, "ecr"],
    [`${ECR}.evil.example`, "ecr"],
    ["*.example.com", "ecr"],
    ["*.pkg.dev.example", "gar"],
  ])("%s with source %s", (name, source) => {
    expect(mistakeIn({ [name]: { source } })).toContain(`source is ${source}`);
  });

  it.each([
    [ECR, "ecr"],
    ["public.ecr.aws", "ecr"],
    [GAR, "gar"],
    ["gcr.io", "gar"],
    ["*.dkr.ecr.eu-central-1.amazonaws.com", "ecr"],
    ["123456789012.dkr.ecr.*.amazonaws.com", "ecr"],
    ["*.dkr.ecr.*.amazonaws.com", "ecr"],
    ["*.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "ecr"],
    ["*.dkr.ecr.*.amazonaws.com.cn", "ecr"],
    ["*.dkr-ecr.*.on.aws", "ecr"],
    ["*.pkg.dev", "gar"],
    ["*.gcr.io", "gar"],
    ["docker.*.rep.pkg.dev", "gar"],
  ])("%s may have source %s", (name, source) => {
    expect(mistakeIn({ [name]: { source } })).toBe("accepted");
  });
});
