// An ID token of the platform's stand-in, used at the stand-ins of both clouds: the two sides fit together.

import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { IdentityPoolClient } from "google-auth-library";
import { afterAll, beforeAll, expect, test } from "vitest";
import { jwksPath } from "../platform/id-token.ts";
import { type Platform, startPlatform } from "../platform/stand-in.ts";
import { type Clouds, startClouds } from "./clouds.ts";
import { fullProviderName } from "./google-sts.ts";
import { withEnv } from "./sdk-env.ts";

const PULL = "arn:aws:iam::111122223333:role/pull";
const PROVIDER = "projects/1234/locations/global/workloadIdentityPools/ona/providers/ona-oidc";
let platform: Platform;
let clouds: Clouds;
beforeAll(async () => {
  platform = await startPlatform();
  const issuer = platform.origin;
  const keys = platform.origin + jwksPath;
  clouds = await startClouds({
    sts: { roles: [{ arn: PULL }], oidc: [{ issuer, keys }] },
    googleSts: { providers: [{ name: PROVIDER, issuer, keys }] },
  });
});
afterAll(async () => {
  await clouds.close();
  await platform.close();
});

async function idToken(audience: string): Promise<string> {
  const answer = await fetch(`${platform.baseUrl}/gitpod.v1.IdentityService/GetIDToken`, {
    method: "POST",
    headers: { authorization: "Bearer env-token", "content-type": "application/json" },
    body: JSON.stringify({ audience: [audience] }),
  });
  const { token } = (await answer.json()) as { token: string };
  return token;
}

async function assume(token: string) {
  const client = new STSClient({ region: "us-east-1", endpoint: clouds.sts.url, maxAttempts: 1 });
  const input = { RoleArn: PULL, RoleSessionName: "env", WebIdentityToken: token };
  return client.send(new AssumeRoleWithWebIdentityCommand(input));
}

test("AWS takes it for its own audience only", async () => {
  const { Credentials, SubjectFromWebIdentityToken } = await assume(await idToken("sts.amazonaws.com"));
  expect(clouds.ring.find(Credentials?.AccessKeyId ?? "")?.principal).toContain("assumed-role/pull/env");
  expect(SubjectFromWebIdentityToken).toMatch(/^organization_id:/);
  await expect(assume(await idToken("elsewhere"))).rejects.toThrow("Incorrect token audience");
});

test("Google takes it for the provider's full name only", async () => {
  const exchange = (audience: string) =>
    withEnv({}, async () => {
      const token = await idToken(audience);
      const client = new IdentityPoolClient({
        audience: fullProviderName(PROVIDER),
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
        token_url: `${clouds.googleSts.url}/v1/token`,
        subject_token_supplier: { getSubjectToken: async () => token },
      });
      return (await client.getAccessToken()).token ?? "";
    });
  expect(clouds.isValidGoogleToken(await exchange(fullProviderName(PROVIDER)))).toBe(true);
  await expect(exchange("sts.amazonaws.com")).rejects.toThrow("invalid_grant");
});
