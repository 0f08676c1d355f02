// The cache key of a mint: what may share a token does, what may not does not, and no secret stands in it.

import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { IdentityChoice } from "../../../../src/core/clouds/clouds.ts";
import { recognizeCloud } from "../../../../src/core/clouds/clouds.ts";
import type { MintPlan } from "../../../../src/core/identity.ts";
import { parseRegistry } from "../../../../src/core/registry.ts";
import { mintFingerprint } from "../../../../src/sources/mint/cache-key.ts";
import { CLOUD_PLATFORM, ECR_EU, planFor, withHome } from "./minting.ts";

type Env = Record<string, string>;

const GAR = { kind: "gar" } as const;
const ROLE = "arn:aws:iam::111122223333:role/r";
const keyOf = (plan: MintPlan, env: Env = {}, home?: string) => mintFingerprint(plan, env, home);

function targetOf(host: string) {
  const cloud = recognizeCloud(parseRegistry(host) ?? { key: "", kind: "opaque" });
  if (cloud === undefined) throw new Error(host);
  if (cloud.kind !== "ecr") return cloud;
  const { account: _every, ...target } = cloud;
  return target;
}

describe("one key for", () => {
  it("every account of a region", () => {
    const keys = ["111122223333", "999988887777"].map((account) =>
      keyOf(planFor(targetOf(`${account}.dkr.ecr.eu-west-1.amazonaws.com`))),
    );
    expect(new Set(keys).size).toBe(1);
  });

  it("a host that says FIPS and a variable that does", () => {
    const env = { AWS_USE_FIPS_ENDPOINT: "true" };
    const both = planFor(targetOf("111122223333.dkr.ecr-fips.us-east-1.amazonaws.com"));
    const one = planFor(targetOf("111122223333.dkr.ecr.us-east-1.amazonaws.com"));
    expect(keyOf(both, env)).toBe(keyOf(one, env));
  });

  it.each(["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_EC2_METADATA_DISABLED"])(
    "%s=false, a blank one and one that is unset, but not for true",
    (name) => {
      const keys = ["false", "FALSE", " ", ""].map((value) => keyOf(planFor(ECR_EU), { [name]: value }));
      expect(new Set([...keys, keyOf(planFor(ECR_EU))]).size).toBe(1);
      expect(keyOf(planFor(ECR_EU), { [name]: "true" })).not.toBe(keys[0]);
    },
  );

  it("a host that says FIPS, whatever the variable adds to that", () => {
    const plan = planFor(targetOf("111122223333.dkr.ecr-fips.us-east-1.amazonaws.com"));
    expect(keyOf(plan, { AWS_USE_FIPS_ENDPOINT: "true" })).toBe(keyOf(plan));
  });

  it("a variable with and without white space around it", () => {
    expect(keyOf(planFor(ECR_EU), { AWS_PROFILE: " dev\n" })).toBe(
      keyOf(planFor(ECR_EU), { AWS_PROFILE: "dev" }),
    );
  });

  it("Google's hosts", () => {
    expect(keyOf(planFor(targetOf("gcr.io")))).toBe(keyOf(planFor(targetOf("eu-docker.pkg.dev"))));
  });

  it("variables of the other cloud, and an empty one for one that is unset", () => {
    expect(keyOf(planFor(ECR_EU), { GOOGLE_APPLICATION_CREDENTIALS: "/x" })).toBe(keyOf(planFor(ECR_EU)));
    expect(keyOf(planFor(GAR), { AWS_PROFILE: "x" })).toBe(keyOf(planFor(GAR)));
    expect(keyOf(planFor(ECR_EU), { AWS_PROFILE: "" })).toBe(keyOf(planFor(ECR_EU)));
  });

  it("keys that rotate in files and variables that say nothing of who it is", () => {
    const env = { AWS_REGION: "eu-west-1", AWS_CONTAINER_AUTHORIZATION_TOKEN: "b" };
    expect(keyOf(planFor(ECR_EU), env)).toBe(keyOf(planFor(ECR_EU)));
  });

  it("an identity that no variable can change", () => {
    const oidc = planFor(ECR_EU, "machine", { kind: "oidc-aws", roleArn: ROLE });
    const env = { AWS_PROFILE: "dev", AWS_ACCESS_KEY_ID: "AKIA1", AWS_ROLE_ARN: ROLE };
    expect(keyOf(oidc, env)).toBe(keyOf(oidc));
    const profile = planFor(ECR_EU, "machine", { kind: "profile", profile: "p" });
    expect(keyOf(profile, { AWS_PROFILE: "dev" })).toBe(keyOf(profile));
    const google = planFor(GAR, "machine", { kind: "oidc-google", workloadIdentityProvider: "p" });
    expect(keyOf(google, { GOOGLE_APPLICATION_CREDENTIALS: "/x" })).toBe(keyOf(google));
  });
});

describe("another key for", () => {
  const hosts = [
    "111122223333.dkr.ecr.us-east-1.amazonaws.com",
    "111122223333.dkr.ecr.eu-west-1.amazonaws.com",
    "111122223333.dkr.ecr-fips.us-east-1.amazonaws.com",
    "111122223333.dkr-ecr.us-east-1.on.aws",
    "111122223333.dkr-ecr-fips.us-east-1.on.aws",
    "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn",
    "public.ecr.aws",
    "ecr-public.aws.com",
    "gcr.io",
  ];
  it("each region, partition and kind of endpoint", () => {
    expect(new Set(hosts.map((host) => keyOf(planFor(targetOf(host))))).size).toBe(hosts.length);
  });

  const identities: readonly (IdentityChoice | undefined)[] = [
    undefined,
    { kind: "profile", profile: "a" },
    { kind: "profile", profile: "b" },
    { kind: "role", roleArn: ROLE },
    { kind: "role", roleArn: `${ROLE}2` },
    { kind: "role", roleArn: ROLE, externalId: "1" },
    { kind: "role", roleArn: ROLE, sessionName: "1" },
    { kind: "oidc-aws", roleArn: ROLE },
    { kind: "oidc-aws", roleArn: `${ROLE}2` },
  ];
  it("each identity, and for the machine's and the default chain's", () => {
    const keys = identities.map((identity) => keyOf(planFor(ECR_EU, "machine", identity)));
    keys.push(keyOf(planFor(ECR_EU, "default-chain")));
    expect(new Set(keys).size).toBe(identities.length + 1);
  });

  it.each([
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_ENDPOINT_URL_ECR",
    "AWS_ENDPOINT_URL_STS",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
  ])("a changed %s", (name) => {
    for (const base of ["machine", "default-chain"] as const) {
      const keys = [{}, { [name]: "one" }, { [name]: "two" }].map((env) => keyOf(planFor(ECR_EU, base), env));
      expect(new Set(keys).size).toBe(3);
    }
  });

  it.each(["GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG", "GCE_METADATA_HOST", "GCE_METADATA_IP"])(
    "a changed %s",
    (name) => {
      const keys = [{}, { [name]: "one" }, { [name]: "two" }].map((env) => keyOf(planFor(GAR), env));
      expect(new Set(keys).size).toBe(3);
    },
  );

  it.each(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"])(
    "a changed %s, which a federation file may take its keys from; without a file it is the same",
    (name) => {
      const file = { GOOGLE_APPLICATION_CREDENTIALS: "/federation.json" };
      const keys = ["one", "two"].map((value) => keyOf(planFor(GAR), { ...file, [name]: value }));
      expect(new Set(keys).size).toBe(2);
      expect(keys.join()).not.toMatch(/one|two/);
      expect(keyOf(planFor(GAR), { [name]: "one" })).toBe(keyOf(planFor(GAR)));
    },
  );

  it("other scopes and another audience", () => {
    const plan = planFor(GAR);
    expect(keyOf({ ...plan, googleScopes: [CLOUD_PLATFORM, "x"] })).not.toBe(keyOf(plan));
    const oidc = planFor(ECR_EU, "machine", { kind: "oidc-aws", roleArn: ROLE });
    expect(keyOf({ ...oidc, audience: "x" })).not.toBe(keyOf(oidc));
  });

  it.each([
    [".aws/config", ECR_EU],
    [".aws/credentials", ECR_EU],
    [".config/gcloud/application_default_credentials.json", GAR],
  ])("a ~/%s that was made, or written again", (name, target) =>
    withHome(async (home) => {
      const plan = planFor(target, "default-chain");
      const path = join(home, name);
      const absent = keyOf(plan, {}, home);
      mkdirSync(join(path, ".."), { recursive: true });
      writeFileSync(path, "one");
      const first = keyOf(plan, {}, home);
      expect(keyOf(plan, {}, home)).toBe(first);
      utimesSync(path, 1, 1);
      expect(new Set([absent, first, keyOf(plan, {}, home)]).size).toBe(3);
    }),
  );
});

it("a key holds no secret in clear", () => {
  const env = {
    AWS_ACCESS_KEY_ID: "canary-id",
    AWS_SECRET_ACCESS_KEY: "canary-key",
    AWS_SESSION_TOKEN: "canary-session",
    AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://127.0.0.1/canary-uri",
    AWS_ENDPOINT_URL_ECR: "https://canary-url.example",
    GCE_METADATA_HOST: "canary-host",
  };
  expect(keyOf(planFor(ECR_EU), env) + keyOf(planFor(GAR), env)).not.toContain("canary");
});
