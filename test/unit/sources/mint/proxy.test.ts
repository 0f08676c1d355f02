// Minting as it is in an environment: the clouds under their real names, over TLS, through a proxy; the metadata
// servers past it.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { MintPlan } from "../../../../src/core/identity.ts";
import { mint } from "../../../../src/sources/mint/mint.ts";
import { startCloudProxy } from "../../../stand-ins/clouds/cloud-proxy.ts";
import { type Clouds, startClouds } from "../../../stand-ins/clouds/clouds.ts";
import { newServiceAccountKey, writeGoogleCredentials } from "../../../stand-ins/clouds/google-files.ts";
import { newIssuer } from "../../../stand-ins/clouds/issuer.ts";
import { ECR_EU, failureOf, planFor, withContext, withHome } from "./minting.ts";

const PULL = "arn:aws:iam::111122223333:role/pull";
const PROVIDER = "projects/123456789/locations/global/workloadIdentityPools/ona/providers/ona";
const platform = newIssuer();

/** Without the variables that lead to a loopback endpoint. */
function realNames({ env }: Clouds): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("AWS_ENDPOINT_URL")));
}

async function mintThrough(plan: MintPlan, clouds: Clouds, more: Record<string, string> = {}) {
  await using proxy = await startCloudProxy(clouds);
  return await withHome(async (home) => {
    const ca = join(home, "ca.pem");
    writeFileSync(ca, proxy.ca);
    const env = { ...realNames(clouds), ...proxy.env, NODE_EXTRA_CA_CERTS: ca, ...more };
    const idToken = (audience: string) => platform.token(audience);
    const token = await withContext({ env, home, idToken }, (context) => mint(plan, context));
    expect(proxy.refused).toEqual([]);
    return { token, connects: proxy.connects };
  });
}

describe("through a proxy", () => {
  it.each([
    ["standard", ECR_EU, "api.ecr.eu-central-1.amazonaws.com:443"],
    [
      "FIPS",
      { ...ECR_EU, region: "us-gov-west-1", partition: "aws-us-gov", fips: true },
      "api.ecr-fips.us-gov-west-1.amazonaws.com:443",
    ],
    ["dual-stack", { ...ECR_EU, region: "us-west-2", dualStack: true }, "ecr.us-west-2.api.aws:443"],
  ] as const)("ECR by its %s name takes the signature", async (_kind, target, host) => {
    const partition = target.partition;
    const principal = `arn:${partition}:sts::111122223333:assumed-role/environment/i-1`;
    await using clouds = await startClouds({ ecr: {}, imds: { principal } });
    const { token, connects } = await mintThrough(planFor(target), clouds);
    expect(clouds.isValidEcrPassword("AWS", token.secret.expose(), { region: target.region })).toBe(true);
    expect(connects).toEqual([host]);
    expect(clouds.imds.journal.granted()).toBe(3);
  });

  it("ECR Public", async () => {
    await using clouds = await startClouds({ ecrPublic: {}, imds: {} });
    const { connects } = await mintThrough(planFor({ kind: "ecr-public" }), clouds);
    expect(connects).toEqual(["api.ecr-public.us-east-1.amazonaws.com:443"]);
  });

  it("a platform ID token goes to the STS of the registry's region", async () => {
    const oidc = [{ issuer: platform.issuer, keys: platform.jwks }];
    await using clouds = await startClouds({ ecr: {}, sts: { roles: [{ arn: PULL }], oidc } });
    const plan = planFor(ECR_EU, "machine", { kind: "oidc-aws", roleArn: PULL });
    const { connects } = await mintThrough(plan, clouds);
    expect(connects).toEqual([
      "sts.eu-central-1.amazonaws.com:443",
      "api.ecr.eu-central-1.amazonaws.com:443",
    ]);
  });

  it("a platform ID token goes to Google's STS", async () => {
    const googleSts = { providers: [{ name: PROVIDER, issuer: platform.issuer, keys: platform.jwks }] };
    await using clouds = await startClouds({ googleSts });
    const plan = planFor({ kind: "gar" }, "machine", {
      kind: "oidc-google",
      workloadIdentityProvider: PROVIDER,
    });
    const { connects } = await mintThrough(plan, clouds);
    expect(connects).toEqual(["sts.googleapis.com:443"]);
  });

  it("a service account's assertion goes to Google's token endpoint", () =>
    withHome(async (home) => {
      const { account, file } = newServiceAccountKey();
      await using clouds = await startClouds({ googleOAuth: { serviceAccounts: [account] } });
      const plan = planFor({ kind: "gar" }, "default-chain");
      const { connects } = await mintThrough(plan, clouds, writeGoogleCredentials(home, file));
      expect(connects).toEqual(["oauth2.googleapis.com:443"]);
    }));

  it("Google's metadata server is asked past it", async () => {
    await using clouds = await startClouds({ gce: {} });
    const { connects } = await mintThrough(planFor({ kind: "gar" }), clouds);
    expect(connects).toEqual([]);
  });

  it("a certificate that nobody trusts ends it", async () => {
    await using clouds = await startClouds({ ecr: {}, imds: {} });
    await using proxy = await startCloudProxy(clouds);
    const minted = withContext({ env: { ...realNames(clouds), ...proxy.env } }, (context) =>
      mint(planFor(ECR_EU), context),
    );
    const failure = await failureOf(minted);
    expect(failure.code).toBe("aws-unreachable");
    expect(failure.message).toContain("not trusted");
    expect(clouds.ecr.journal.count()).toBe(0);
  });
});
