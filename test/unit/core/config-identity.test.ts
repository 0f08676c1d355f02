// `identity` of a registry in the configuration: every form, what may not stand together, and that identity and
// registry are of one cloud and one partition.

import { describe, expect, it } from "vitest";
import { parseConfig, type RegistryRule } from "../../../src/core/config.ts";

const ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
const GAR = "europe-docker.pkg.dev";
const ROLE = "arn:aws:iam::123456789012:role/pull";
const PROVIDER = "projects/1/locations/global/workloadIdentityPools/p/providers/o";
const ACCOUNT = "pull@example.iam.gserviceaccount.com";

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

it.each([
  [{ rolArn: ROLE }, `registries.${ECR}.identity.rolArn is not a known key`],
  [{ oidc: { rolArn: ROLE } }, `registries.${ECR}.identity.oidc.rolArn is not a known key`],
  [{ Profile: "dev" }, `registries.${ECR}.identity.Profile is not a known key`],
  [{}, `registries.${ECR}.identity must name profile, roleArn, oidc or serviceAccount`],
])("%j: a misspelt key is named before what is missing because of it", (identity, message) => {
  expect(mistakeIn({ [ECR]: { identity } })).toBe(message);
});

describe("identity", () => {
  const on = (name: string, identity: unknown): string => mistakeIn({ [name]: { identity } });

  it.each<[string, string, unknown, unknown]>([
    ["profile", ECR, { profile: "dev" }, { kind: "profile", profile: "dev" }],
    ["role", ECR, { roleArn: ROLE }, { kind: "role", roleArn: ROLE }],
    [
      "role with more",
      ECR,
      { roleArn: ROLE, externalId: "x y", sessionName: "me" },
      { kind: "role", roleArn: ROLE, externalId: "x y", sessionName: "me" },
    ],
    ["OIDC at AWS", ECR, { oidc: { roleArn: ROLE } }, { kind: "oidc-aws", roleArn: ROLE }],
    [
      "OIDC at Google",
      GAR,
      { oidc: { workloadIdentityProvider: PROVIDER } },
      { kind: "oidc-google", workloadIdentityProvider: PROVIDER },
    ],
    [
      "OIDC at Google, long form",
      GAR,
      {
        oidc: { workloadIdentityProvider: `https://iam.googleapis.com/${PROVIDER}`, serviceAccount: ACCOUNT },
      },
      { kind: "oidc-google", workloadIdentityProvider: PROVIDER, serviceAccount: ACCOUNT },
    ],
    ["impersonation", GAR, { serviceAccount: ACCOUNT }, { kind: "impersonate", serviceAccount: ACCOUNT }],
    ["a role at ECR Public", "public.ecr.aws", { roleArn: ROLE }, { kind: "role", roleArn: ROLE }],
    ["for a pattern", "*.dkr.ecr.*.amazonaws.com", { roleArn: ROLE }, { kind: "role", roleArn: ROLE }],
    [
      "a role of China in China",
      "*.dkr.ecr.*.amazonaws.com.cn",
      { roleArn: ROLE.replace("aws", "aws-cn") },
      { kind: "role", roleArn: ROLE.replace("aws", "aws-cn") },
    ],
  ])("%s", (_, name, identity, expected) => {
    expect(rulesOf({ [name]: { identity } })[0]?.identity).toEqual(expected);
  });

  it.each<[string, string, unknown, RegExp]>([
    ["two at once", ECR, { profile: "a", roleArn: ROLE }, /identity\.profile is not a known key/],
    [
      "two at once, the other way",
      GAR,
      { serviceAccount: ACCOUNT, profile: "a" },
      /identity\.serviceAccount is not a known key/,
    ],
    [
      "OIDC beside a role",
      ECR,
      { roleArn: ROLE, oidc: { roleArn: ROLE } },
      /identity\.oidc is not a known key/,
    ],
    [
      "both clouds in OIDC",
      ECR,
      { oidc: { roleArn: ROLE, workloadIdentityProvider: PROVIDER } },
      /oidc must name either/,
    ],
    ["neither in OIDC", ECR, { oidc: {} }, /oidc must name either/],
    [
      "an account beside an OIDC role",
      ECR,
      { oidc: { roleArn: ROLE, serviceAccount: ACCOUNT } },
      /oidc\.serviceAccount is not a known key/,
    ],
    ["an unknown key", ECR, { roleArn: ROLE, roleSessionName: "x" }, /roleSessionName is not a known key/],
    ["no role", ECR, { roleArn: "pull" }, /roleArn must be the ARN/],
    ["a user's ARN", ECR, { roleArn: ROLE.replace(":role/", ":user/") }, /roleArn must be/],
    ["a role with a line end", ECR, { roleArn: `${ROLE}\n` }, /roleArn must be/],
    ["a short session name", ECR, { roleArn: ROLE, sessionName: "x" }, /sessionName must be/],
    ["a role behind something", ECR, { roleArn: `x${ROLE}` }, /roleArn must be/],
    ["a session name with a blank", ECR, { roleArn: ROLE, sessionName: "a bc" }, /sessionName must be/],
    [
      "a session name that ends with one",
      ECR,
      { roleArn: ROLE, sessionName: "abc d" },
      /sessionName must be/,
    ],
    ["an external id with a line end", ECR, { roleArn: ROLE, externalId: "a\nb" }, /externalId must be/],
    ["an external id that begins with one", ECR, { roleArn: ROLE, externalId: "\nb" }, /externalId must be/],
    ["a profile that ends with one", ECR, { profile: "dev\n" }, /profile must be/],
    [
      "words before an address",
      GAR,
      { serviceAccount: `to ${ACCOUNT}` },
      /serviceAccount must be the address/,
    ],
    ["words behind an address", GAR, { serviceAccount: `${ACCOUNT} x` }, /serviceAccount must be/],
    [
      "more behind a provider",
      GAR,
      { oidc: { workloadIdentityProvider: `${PROVIDER}/more` } },
      /workloadIdentityProvider must be/,
    ],
    [
      "more before a provider",
      GAR,
      { oidc: { workloadIdentityProvider: `x/${PROVIDER}` } },
      /workloadIdentityProvider must be/,
    ],
    [
      "a provider with a blank",
      GAR,
      { oidc: { workloadIdentityProvider: PROVIDER.replace("global", "glo bal") } },
      /workloadIdentityProvider must be/,
    ],
    ["an empty external id", ECR, { roleArn: ROLE, externalId: "" }, /externalId must be/],
    ["an empty profile", ECR, { profile: "" }, /profile must be/],
    ["no address", GAR, { serviceAccount: "pull" }, /serviceAccount must be/],
    ["no provider", GAR, { oidc: { workloadIdentityProvider: "pool" } }, /workloadIdentityProvider must be/],
    [
      "a provider elsewhere",
      GAR,
      { oidc: { workloadIdentityProvider: `https://evil.example/${PROVIDER}` } },
      /workloadIdentityProvider must be/,
    ],
    ["Google's at ECR", ECR, { serviceAccount: ACCOUNT }, /does not belong to the cloud/],
    ["Google's OIDC at ECR", ECR, { oidc: { workloadIdentityProvider: PROVIDER } }, /does not belong/],
    ["AWS's at Google", GAR, { roleArn: ROLE }, /does not belong/],
    ["a profile at Google", GAR, { profile: "dev" }, /does not belong/],
    ["AWS's at Google's pattern", "*.pkg.dev", { roleArn: ROLE }, /does not belong/],
    ["China's role elsewhere", ECR, { roleArn: ROLE.replace("aws", "aws-cn") }, /different partitions/],
    [
      "GovCloud's role elsewhere",
      ECR,
      { oidc: { roleArn: ROLE.replace("aws", "aws-us-gov") } },
      /different partitions/,
    ],
    [
      "a commercial role in China",
      ECR.replace("eu-central-1.amazonaws.com", "cn-north-1.amazonaws.com.cn"),
      { roleArn: ROLE },
      /different partitions/,
    ],
    [
      "a commercial role for China's pattern",
      "*.dkr.ecr.*.amazonaws.com.cn",
      { roleArn: ROLE },
      /different partitions/,
    ],
    [
      "China's role at ECR Public",
      "public.ecr.aws",
      { roleArn: ROLE.replace("aws", "aws-cn") },
      /different partitions/,
    ],
  ])("refused: %s", (_, name, identity, message) => {
    expect(on(name, identity)).toMatch(message);
  });

  it("by alias, the alias's cloud and partition count", () => {
    const alias = (aliasOf: string, identity: unknown): string =>
      mistakeIn({ "r.example": { aliasOf, identity } });
    expect(alias(ECR, { roleArn: ROLE })).toBe("accepted");
    expect(alias(GAR, { roleArn: ROLE })).toMatch(/does not belong/);
    expect(alias(ECR, { roleArn: ROLE.replace("aws", "aws-cn") })).toMatch(/different partitions/);
  });
});

it.each([
  "*.dkr.ecr.*.amazonaws.com",
  "*.dkr.ecr-fips.*.amazonaws.com",
  "*.dkr.ecr.us-gov-west-1.amazonaws.com",
  "*.dkr.ecr.*.amazonaws.com.cn",
  "*.dkr.ecr.*.amazonaws.eu",
  "*.dkr.ecr-fips.*.c2s.ic.gov",
  "*.dkr.ecr.*.sc2s.sgov.gov",
  "*.dkr.ecr.*.cloud.adc-e.uk",
  "*.dkr.ecr.*.csp.hci.ic.gov",
  "*.dkr-ecr.*.on.aws",
  "*.dkr-ecr-fips.*.on.aws",
  "*.dkr-ecr.*.on.amazonwebservices.com.cn",
  "*.ecr.aws",
  "*.aws.com",
])("a pattern may mean ECR: %s", (pattern) => {
  expect(mistakeIn({ [pattern]: { source: "ecr" } })).toBe("accepted");
  expect(mistakeIn({ [pattern]: { source: "gar" } })).toMatch(/source is gar/);
});

it.each(["*.io", "*.gcr.io", "*.pkg.dev", "docker.*.rep.pkg.dev"])(
  "a pattern may mean Artifact Registry: %s",
  (pattern) => {
    expect(mistakeIn({ [pattern]: { source: "gar" } })).toBe("accepted");
    expect(mistakeIn({ [pattern]: { source: "ecr" } })).toMatch(/source is ecr/);
  },
);

it.each(["*.example.test", "*.dkr.ecr.*.example.test", "a.*.amazonaws.com", "*.pkg.dev.test", "*:5000"])(
  "a pattern that means no cloud: %s",
  (pattern) => {
    expect(mistakeIn({ [pattern]: { source: "ecr" } })).toMatch(/source is ecr/);
    expect(mistakeIn({ [pattern]: { source: "gar" } })).toMatch(/source is gar/);
  },
);
