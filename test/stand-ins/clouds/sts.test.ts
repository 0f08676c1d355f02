// STS through the real SDK: roles, web identities, and that its keys are good at ECR and nothing else is.

import { createHmac, sign } from "node:crypto";
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  STSClient,
} from "@aws-sdk/client-sts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Clouds, startClouds } from "./clouds.ts";
import { asCredentials, ask, ecrClient } from "./ecr-client.ts";
import { newIssuer } from "./issuer.ts";
import { type AccessKey, DEVELOPER } from "./key-ring.ts";

const PULL = "arn:aws:iam::111122223333:role/pull";
const issuer = newIssuer();
const stranger = newIssuer();
let clouds: Clouds;
beforeEach(async () => {
  clouds = await startClouds({
    ecr: {},
    sts: {
      roles: [{ arn: PULL }, { arn: "arn:aws:iam::111122223333:role/guarded", externalId: "e-1" }],
      oidc: [{ issuer: issuer.issuer, keys: issuer.jwks }],
    },
  });
});
afterEach(() => clouds.close());

function sts(key?: AccessKey, region = "us-east-1"): STSClient {
  // Nothing to sign with: a web identity needs no key.
  const credentials = key === undefined ? () => Promise.reject(new Error("no key")) : asCredentials(key);
  return new STSClient({ region, endpoint: clouds.sts.url, credentials, maxAttempts: 1 });
}

const assume = (more: object = {}) =>
  new AssumeRoleCommand({ RoleArn: PULL, RoleSessionName: "helper", ...more });

const withToken = (token: string, more: object = {}) =>
  new AssumeRoleWithWebIdentityCommand({
    RoleArn: PULL,
    RoleSessionName: "env-1",
    WebIdentityToken: token,
    ...more,
  });

async function useAtEcr(
  granted: { AccessKeyId?: string | undefined } | undefined,
): Promise<string | undefined> {
  const key = clouds.ring.find(granted?.AccessKeyId ?? "");
  if (key === undefined) return undefined;
  await ask(ecrClient(clouds, key));
  return clouds.ecr.journal.last()?.principal;
}

describe("AssumeRole", () => {
  test("gives keys that are good at ECR, and notes the session name", async () => {
    const { Credentials, AssumedRoleUser } = await sts(clouds.ring.permanent()).send(assume());
    const principal = "arn:aws:sts::111122223333:assumed-role/pull/helper";
    expect(AssumedRoleUser?.Arn).toBe(principal);
    expect(await useAtEcr(Credentials)).toBe(principal);
    expect(clouds.sts.journal.last("AssumeRole")).toMatchObject({
      status: 200,
      principal: DEVELOPER,
      region: "us-east-1",
      fields: { RoleSessionName: "helper", RoleArn: PULL },
    });
    const lifeMs = (Credentials?.Expiration?.getTime() ?? 0) - clouds.clock.nowMs();
    expect(Math.abs(lifeMs - 3600_000)).toBeLessThan(60_000);
  });

  test("checks the external id", async () => {
    const client = sts(clouds.ring.permanent());
    const guarded = { RoleArn: "arn:aws:iam::111122223333:role/guarded" };
    for (const more of [guarded, { ...guarded, ExternalId: "e-2" }, { ExternalId: "e-1" }]) {
      await expect(client.send(assume(more))).rejects.toMatchObject({ name: "AccessDenied" });
    }
    await client.send(assume({ ...guarded, ExternalId: "e-1" }));
  });

  test.each([
    ["a wrong secret", "SignatureDoesNotMatch", () => ({ ...clouds.ring.permanent(), secretAccessKey: "x" })],
    [
      "an unknown key",
      "InvalidClientTokenId",
      () => ({ ...clouds.ring.permanent(), accessKeyId: "AKIAUNKNOWNUNKNOWNXX" }),
    ],
    ["an ended key", "ExpiredToken", () => clouds.ring.temporary(DEVELOPER, clouds.clock.nowMs() - 1)],
    [
      "another partition",
      "AccessDenied",
      () => clouds.ring.permanent("arn:aws-cn:iam::111122223333:user/developer"),
    ],
    [
      "a permission boundary",
      "AccessDenied",
      () => {
        clouds.ring.deny(DEVELOPER, "sts:AssumeRole");
        return clouds.ring.permanent();
      },
    ],
  ])("refuses %s", async (_name, code, makeKey) => {
    await expect(sts(makeKey()).send(assume())).rejects.toMatchObject({ name: code });
    expect(clouds.sts.journal.last()).toMatchObject({ status: 403, code });
  });

  test("refuses a role that is denied, unknown, or does not trust the caller", async () => {
    const client = sts(clouds.ring.permanent());
    const refused = async (more: object = {}) =>
      expect(client.send(assume(more))).rejects.toMatchObject({
        name: "AccessDenied",
        message: expect.stringContaining("is not authorized to perform: sts:AssumeRole on resource: arn:aws"),
      });
    await refused({ RoleArn: "arn:aws:iam::111122223333:role/nobody" });
    clouds.sts.settings.roles = [{ arn: PULL, denied: true }];
    await refused();
    clouds.sts.settings.roles = [{ arn: PULL, trusts: ["arn:aws:iam::999999999999:user/other"] }];
    await refused();
  });

  test("refuses a session name and a duration that AWS would not take", async () => {
    const client = sts(clouds.ring.permanent());
    for (const more of [{ RoleSessionName: "a b" }, { RoleSessionName: "x" }, { DurationSeconds: 7200 }]) {
      await expect(client.send(assume(more))).rejects.toMatchObject({ name: "ValidationError" });
    }
  });
});

describe("AssumeRoleWithWebIdentity", () => {
  const aud = "sts.amazonaws.com";
  const inThePast = () => Math.floor(clouds.clock.nowMs() / 1000) - 10;

  test("gives keys for a token of the issuer, unsigned", async () => {
    const answer = await sts().send(withToken(issuer.token(aud)));
    expect(answer.Provider).toBe("https://app.gitpod.io");
    expect(await useAtEcr(answer.Credentials)).toBe("arn:aws:sts::111122223333:assumed-role/pull/env-1");
    const entry = clouds.sts.journal.last("AssumeRoleWithWebIdentity");
    expect(entry?.headers.authorization).toBeUndefined();
    expect(entry?.fields.WebIdentityToken).toMatch(/^sha256:/);
  });

  test("takes the keys as a JWKS, as a key, and from a function", async () => {
    for (const keys of [issuer.jwks, issuer.publicKey, () => Promise.resolve(issuer.jwks)]) {
      clouds.sts.settings.oidc = [{ issuer: issuer.issuer, keys }];
      await sts().send(withToken(issuer.token(aud)));
    }
  });

  const header = (text: object) => Buffer.from(JSON.stringify(text)).toString("base64url");
  test.each([
    ["another audience", "InvalidIdentityToken", () => issuer.token("sts.amazonaws.com.cn")],
    ["an ended token", "ExpiredTokenException", () => issuer.token(aud, { exp: inThePast() })],
    ["a token without an end", "ExpiredTokenException", () => issuer.token(aud, { exp: undefined })],
    ["an unknown issuer", "InvalidIdentityToken", () => issuer.token(aud, { iss: "https://evil.example" })],
    ["a stranger's signature", "InvalidIdentityToken", () => stranger.token(aud)],
    [
      "no signature",
      "InvalidIdentityToken",
      () => `${header({ alg: "none" })}.${issuer.token(aud).split(".")[1]}.`,
    ],
    [
      "changed claims",
      "InvalidIdentityToken",
      () => {
        const [head, , signature] = issuer.token(aud).split(".");
        const { iss, exp } = { iss: issuer.issuer, exp: inThePast() + 9000 };
        return `${head}.${header({ iss, exp, aud, sub: "org:other" })}.${signature}`;
      },
    ],
    [
      "another algorithm, whatever the signature",
      "InvalidIdentityToken",
      () => {
        const claims = header({ iss: issuer.issuer, aud, exp: inThePast() + 9000 });
        const signed = `${header({ alg: "PS256" })}.${claims}`;
        return `${signed}.${sign("RSA-SHA256", Buffer.from(signed), issuer.privateKey).toString("base64url")}`;
      },
    ],
    ["no JWT at all", "InvalidIdentityToken", () => "eyJ.not.one"],
    [
      "the public key as an HMAC secret",
      "InvalidIdentityToken",
      () => {
        const claims = header({ iss: issuer.issuer, aud, exp: inThePast() + 9000 });
        const signed = `${header({ alg: "HS256" })}.${claims}`;
        const pem = issuer.publicKey.export({ type: "spki", format: "pem" });
        return `${signed}.${createHmac("sha256", pem).update(signed).digest("base64url")}`;
      },
    ],
  ])("refuses %s", async (_name, code, makeToken) => {
    await expect(sts().send(withToken(makeToken()))).rejects.toMatchObject({ Code: code });
    expect(clouds.sts.journal.last()).toMatchObject({ status: 400, code });
  });

  test("refuses a token after its hour, and a denied role", async () => {
    const token = issuer.token(aud);
    clouds.sts.settings.roles = [{ arn: PULL, denied: true }];
    await expect(sts().send(withToken(token))).rejects.toMatchObject({ name: "AccessDenied" });
    clouds.clock.advance(3601_000);
    await expect(sts().send(withToken(token))).rejects.toMatchObject({ name: "ExpiredTokenException" });
  });
});

test("GetCallerIdentity names the principal", async () => {
  const answer = await sts(clouds.ring.permanent()).send(new GetCallerIdentityCommand({}));
  expect(answer).toMatchObject({ Arn: DEVELOPER, Account: "111122223333" });
});

test("throttling, an outage and an expired grant", async () => {
  const client = sts(clouds.ring.permanent());
  clouds.sts.faults.next({ kind: "throttled" });
  await expect(client.send(assume())).rejects.toMatchObject({ name: "Throttling" });
  clouds.sts.faults.next({ kind: "unavailable" });
  await expect(client.send(assume())).rejects.toMatchObject({ name: "ServiceUnavailable" });
  clouds.sts.faults.next({ kind: "expired" });
  const { Credentials } = await client.send(assume());
  expect(Credentials?.Expiration?.getTime()).toBeLessThan(clouds.clock.nowMs());
  await expect(useAtEcr(Credentials)).rejects.toMatchObject({ name: "ExpiredTokenException" });
});
