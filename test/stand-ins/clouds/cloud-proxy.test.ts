// The real host names over TLS and a CONNECT proxy: the SDKs choose the endpoint, and the stand-ins hold the
// signature against the name they were called by.

import { ECRClient, GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr";
import {
  ECRPUBLICClient,
  GetAuthorizationTokenCommand as GetPublicAuthorizationTokenCommand,
} from "@aws-sdk/client-ecr-public";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { JWT } from "google-auth-library";
import { ProxyAgent, fetch as undiciFetch } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apiHosts } from "./api-host-table.ts";
import { type CloudProxy, startCloudProxy } from "./cloud-proxy.ts";
import { type Clouds, startClouds } from "./clouds.ts";
import { asCredentials } from "./ecr-client.ts";
import { newServiceAccountKey } from "./google-files.ts";
import { newIssuer } from "./issuer.ts";
import { undiciHandler } from "./undici-handler.ts";

const issuer = newIssuer();
const key = newServiceAccountKey();
const PULL = "arn:aws:iam::111122223333:role/pull";
const rows = apiHosts();
let clouds: Clouds;
let proxy: CloudProxy;
let agent: ProxyAgent;
beforeAll(async () => {
  clouds = await startClouds({
    sts: { roles: [{ arn: PULL }], oidc: [{ issuer: issuer.issuer, keys: issuer.jwks }] },
    googleOAuth: { serviceAccounts: [key.account] },
  });
  proxy = await startCloudProxy(clouds, { regions: rows.map((row) => row.region) });
  agent = new ProxyAgent({ uri: proxy.url, requestTls: { ca: proxy.ca } });
});
afterAll(async () => {
  await agent.close();
  await proxy.close();
  await clouds.close();
});

function config(region: string, partition = "aws") {
  const principal = `arn:${partition}:iam::111122223333:user/d`;
  return {
    region,
    credentials: asCredentials(clouds.ring.permanent(principal)),
    maxAttempts: 1,
    requestHandler: undiciHandler(agent),
  };
}

describe("ECR is called at the endpoint of its region", () => {
  test.each(rows.filter((row) => row.service === "ecr"))("$host", async (row) => {
    const { region, partition, fips, dualStack, host } = row;
    const client = new ECRClient({
      ...config(region, partition),
      useFipsEndpoint: fips,
      useDualstackEndpoint: dualStack,
    });
    await client.send(new GetAuthorizationTokenCommand({}));
    expect(clouds.ecr.journal.last()).toMatchObject({ host, region, status: 200 });
    expect(proxy.connects.at(-1)).toBe(`${host}:443`);
    expect(clouds.ecrPasswords.all.at(-1)?.region).toBe(region);
  });

  test("and nowhere else: a signature for another region is refused there", async () => {
    const astray = new ECRClient({
      ...config("eu-central-1"),
      endpoint: "https://api.ecr.us-west-2.amazonaws.com",
    });
    await expect(astray.send(new GetAuthorizationTokenCommand({}))).rejects.toMatchObject({
      name: "InvalidSignatureException",
      message: expect.stringContaining("not 'eu-central-1'"),
    });
  });
});

test("ECR Public, STS and Google are called under their own names", async () => {
  const ecrPublic = new ECRPUBLICClient({ ...config("us-east-1"), useDualstackEndpoint: true });
  await ecrPublic.send(new GetPublicAuthorizationTokenCommand({}));
  expect(clouds.ecrPublic.journal.last()?.host).toBe("ecr-public.us-east-1.api.aws");
  const sts = new STSClient(config("eu-central-1"));
  const WebIdentityToken = issuer.token("sts.amazonaws.com");
  await sts.send(
    new AssumeRoleWithWebIdentityCommand({ RoleArn: PULL, RoleSessionName: "env", WebIdentityToken }),
  );
  expect(clouds.sts.journal.last()?.host).toBe("sts.eu-central-1.amazonaws.com");
  // The two kinds of fetch differ in their types alone.
  const fetchImplementation = ((url: URL, init: object) =>
    undiciFetch(url, { ...init, dispatcher: agent })) as never;
  const jwt = new JWT({
    email: key.account.email,
    key: key.file.private_key,
    scopes: ["https://www.googleapis.com/auth/cloud-platform"],
    transporterOptions: { fetchImplementation },
  });
  expect(clouds.isValidGoogleToken((await jwt.getAccessToken()).token ?? "")).toBe(true);
  expect(clouds.googleOAuth.journal.last()?.host).toBe("oauth2.googleapis.com");
});

test("other names, other ports and requests without CONNECT are refused", async () => {
  for (const url of [
    "https://evil.example/",
    "https://oauth2.googleapis.com:444/",
    "https://api.ecr.amazonaws.com/",
  ]) {
    await expect(undiciFetch(url, { dispatcher: agent })).rejects.toThrow();
  }
  const answer = await fetch(proxy.url);
  expect(answer.status).toBe(403);
  expect(proxy.refused).toEqual([
    "evil.example:443",
    "oauth2.googleapis.com:444",
    "api.ecr.amazonaws.com:443",
    "/",
  ]);
});

test("the certificate is only good for who trusts its authority", async () => {
  const careless = new ProxyAgent({ uri: proxy.url });
  const asked = undiciFetch("https://sts.googleapis.com/v1/token", { dispatcher: careless, method: "POST" });
  await expect(asked).rejects.toMatchObject({ cause: { code: expect.stringMatching(/CERT|SIGNATURE/) } });
  await careless.close();
});
