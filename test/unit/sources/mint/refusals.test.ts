// What the line of a cloud's refusal says: who was refused what, and the next step that is the right one. Of the cloud's
// own words nothing else is shown, whatever it says.

import { describe, expect, it } from "vitest";
import type { IdentityChoice } from "../../../../src/core/clouds/clouds.ts";
import { failureLine } from "../../../../src/core/failures.ts";
import { mint } from "../../../../src/sources/mint/mint.ts";
import { type Clouds, startClouds } from "../../../stand-ins/clouds/clouds.ts";
import { newIssuer } from "../../../stand-ins/clouds/issuer.ts";
import { INSTANCE_ROLE } from "../../../stand-ins/clouds/key-ring.ts";
import { ECR_EU, failureOf, planFor, toStandIns, withContext } from "./minting.ts";

const SESSION = "i-0123456789abcdef0";
const ROLE = "arn:aws:sts::111122223333:assumed-role/environment";
const PULL = "arn:aws:iam::111122223333:role/pull";
const EC2 = { ecr: {}, imds: {}, sts: { roles: [] } };
const CANARY = "c4nary";

const answerOf = (type: string, message: string) =>
  ({ kind: "answer", status: 400, body: JSON.stringify({ __type: type, message }) }) as const;
const stsAnswer = (code: string, message: string) =>
  ({
    kind: "answer",
    status: 400,
    body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
    headers: { "content-type": "text/xml" },
  }) as const;

async function lineOf(clouds: Clouds, identity?: IdentityChoice): Promise<string> {
  const idToken = () => "eyJh.eyJi.c4nary";
  const minted = withContext({ env: clouds.env, idToken }, (context) =>
    mint(planFor(ECR_EU, "machine", identity), context),
  );
  return failureLine("r", await failureOf(minted, [CANARY, SESSION]));
}

describe("a refusal of ECR names", () => {
  const denied = (rest: string): string =>
    `User: ${ROLE}/${SESSION} is not authorized to perform: ecr:GetAuthorizationToken on resource: *${rest}`;

  it.each([
    ["the role, without its session", denied(""), `ecr:GetAuthorizationToken to ${ROLE};`],
    [
      "a permissions boundary",
      denied(" because no permissions boundary allows the ecr:GetAuthorizationToken action"),
      `to ${ROLE}, because of a permissions boundary;`,
    ],
    [
      "a service control policy",
      denied(" with an explicit deny in a service control policy"),
      "because of a service control policy of the organization;",
    ],
    [
      "an explicit deny",
      denied(" with an explicit deny in an identity-based policy"),
      "because of an explicit deny;",
    ],
    [
      "a user",
      "User: arn:aws-cn:iam::111122223333:user/team/ci is not authorized to perform: ecr:GetAuthorizationToken on resource: *",
      "to arn:aws-cn:iam::111122223333:user/team/ci;",
    ],
    [
      "the action that AWS names",
      `User: ${ROLE}/s is not authorized to perform: sts:GetServiceBearerToken on resource: *`,
      "refused sts:GetServiceBearerToken to",
    ],
    ["nobody whom AWS does not name", "Access denied", "ecr:GetAuthorizationToken to this identity;"],
    ["nobody in other words", `User: ${CANARY} is not authorized to perform: ${CANARY}`, "to this identity;"],
    ["no name of another form", `User: arn:aws:sts::1:assumed-role/${CANARY} is not`, "to this identity;"],
    ["no name that goes on", `User: ${ROLE}/${"x".repeat(9000)} is not authorized`, "to this identity;"],
    ["nothing behind a line end", `Access\nUser: ${ROLE}/${CANARY} is not authorized`, "to this identity;"],
  ])("%s", async (_what, message, words) => {
    await using clouds = await startClouds(EC2);
    clouds.ecr.faults.always(answerOf("AccessDeniedException", message));
    const line = await lineOf(clouds);
    expect(line).toContain(words);
    expect(line.endsWith("[aws-denied]")).toBe(true);
  });

  it.each([
    ["ExpiredTokenException", "the AWS session has expired"],
    ["UnrecognizedClientException", "does not accept the AWS keys"],
    ["ThrottlingException", "is rate-limiting"],
  ])("what it was: %s", async (type, words) => {
    await using clouds = await startClouds(EC2);
    clouds.ecr.faults.always(answerOf(type, CANARY));
    expect(await lineOf(clouds)).toContain(words);
  });
});

describe("a refusal of sts:AssumeRole", () => {
  const role = { kind: "role", roleArn: PULL } as const;

  it("names both roles, and no boundary where AWS speaks of none", async () => {
    await using clouds = await startClouds(EC2);
    const line = await lineOf(clouds, role);
    expect(line).toContain(`AWS refused sts:AssumeRole on ${PULL} to ${ROLE}; correct the trust policy`);
    expect(line).not.toContain("boundary");
  });

  it("names the permissions boundary where AWS does, and OIDC as the way out", async () => {
    await using clouds = await startClouds(EC2);
    clouds.ring.deny(INSTANCE_ROLE, "sts:AssumeRole");
    expect(await lineOf(clouds, role)).toMatch(/because of a permissions boundary; use identity\.oidc/);
  });
});

describe("a refusal of an ID token by STS tells apart", () => {
  it.each([
    [
      "the audience",
      "InvalidIdentityToken",
      "Incorrect token audience",
      "does not accept the audience",
      "aws-role-denied",
    ],
    [
      "a provider that is missing",
      "InvalidIdentityToken",
      "No OpenIDConnect provider found in your account for https://c4nary",
      "the account 111122223333 has no IAM OIDC provider",
      "aws-role-denied",
    ],
    [
      "keys that cannot be had",
      "InvalidIdentityToken",
      "Couldn't retrieve verification key",
      "cannot verify",
      "aws-role-denied",
    ],
    ["a token that is over", "ExpiredTokenException", "Token expired", "has expired", "id-token-failed"],
    [
      "one that is over in other words",
      "InvalidIdentityToken",
      "Token is expired",
      "has expired",
      "id-token-failed",
    ],
    ["claims", "IDPRejectedClaim", "c4nary", "rejects the claims", "aws-role-denied"],
    [
      "the role",
      "AccessDenied",
      "Not authorized to perform sts:AssumeRoleWithWebIdentity",
      `refused sts:AssumeRoleWithWebIdentity on ${PULL} to this identity`,
      "aws-role-denied",
    ],
  ])("%s", async (_what, code, message, words, ours) => {
    await using clouds = await startClouds(EC2);
    clouds.sts.faults.always(stsAnswer(code, message));
    const line = await lineOf(clouds, { kind: "oidc-aws", roleArn: PULL });
    expect(line).toContain(words);
    expect(line.endsWith(`[${ours}]`), line).toBe(true);
  });
});

describe("a refusal of an ID token by Google tells apart", () => {
  const name = "projects/1/locations/global/workloadIdentityPools/p/providers/ona";
  const issuer = newIssuer();
  const good = (audience: string): string => issuer.token(audience);

  it.each([
    ["the audience", name, () => issuer.token("elsewhere"), "audience of the ID token", "google-denied"],
    [
      "a provider that is missing",
      name.replace("ona", "gone"),
      good,
      "no such workload identity",
      "google-denied",
    ],
    [
      "the issuer",
      name,
      (it: string) => issuer.token(it, { iss: "https://other.example" }),
      "another issuer",
      "google-denied",
    ],
    [
      "a token that is over",
      name,
      (it: string) => issuer.token(it, { exp: 1 }),
      "has expired",
      "id-token-failed",
    ],
  ])("%s", async (_what, provider, idToken, words, code) => {
    const trusted = { name, issuer: issuer.issuer, keys: issuer.jwks };
    await using clouds = await startClouds({ googleSts: { providers: [trusted] } });
    const identity = { kind: "oidc-google", workloadIdentityProvider: provider } as const;
    const minted = withContext({ env: clouds.env, idToken, through: toStandIns(clouds) }, (context) =>
      mint(planFor({ kind: "gar" }, "machine", identity), context),
    );
    const failure = await failureOf(minted);
    expect(failure.message).toContain(words);
    expect(failure.code).toBe(code);
  });

  it("an impersonation that is refused names the account", async () => {
    await using clouds = await startClouds({ gce: {}, googleIam: {} });
    clouds.googleIam.faults.always({ kind: "denied" });
    const identity = { kind: "impersonate", serviceAccount: "pull@p.iam.gserviceaccount.com" } as const;
    const minted = withContext({ env: clouds.env, through: toStandIns(clouds) }, (context) =>
      mint(planFor({ kind: "gar" }, "machine", identity), context),
    );
    expect((await failureOf(minted)).message).toContain("pull@p.iam.gserviceaccount.com");
  });
});
