// Assumed roles, through the SDK's STS client. Loaded only when a role is assumed. An ID token goes to that STS and
// nowhere else, and is never written.

import { AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { Failure } from "../../core/failures.ts";
import type { Secret } from "../../core/secret.ts";
import type { MintContext } from "../cloud/context.ts";
import { withRetries } from "../cloud/retry.ts";
import { clientOptions, keepInPartition } from "./client-options.ts";
import { type AwsPlace, endpointOverride, stsPlace } from "./endpoint.ts";
import { type AwsCall, awsFailure, badAnswer, judgeAws, skewFailure } from "./errors.ts";
import { type AwsKeys, keysOf } from "./keys.ts";
import { awsWire } from "./request-handler.ts";

const SESSION_NAME = "docker-credential-ona";

export interface Role {
  readonly roleArn: string;
  readonly sessionName?: string;
  readonly externalId?: string;
  readonly durationSeconds?: number;
}

/** Throws a Failure. */
export async function assumeRole(
  keys: AwsKeys,
  role: Role,
  place: AwsPlace,
  context: MintContext,
): Promise<AwsKeys> {
  const command = new AssumeRoleCommand({
    RoleArn: role.roleArn,
    RoleSessionName: role.sessionName ?? SESSION_NAME,
    ...(role.externalId === undefined ? {} : { ExternalId: role.externalId }),
    ...(role.durationSeconds === undefined ? {} : { DurationSeconds: role.durationSeconds }),
  });
  return call(place, context, keys, ROLE_REFUSED, (client) => client.send(command));
}

/** Throws a Failure. */
export async function assumeRoleWithWebIdentity(
  token: Secret,
  role: Role,
  place: AwsPlace,
  context: MintContext,
): Promise<AwsKeys> {
  const command = new AssumeRoleWithWebIdentityCommand({
    RoleArn: role.roleArn,
    RoleSessionName: role.sessionName ?? SESSION_NAME,
    WebIdentityToken: token.expose(),
  });
  // The call is not signed; a client without keys would go and look for some.
  const nobody = { accessKeyId: "none", secretAccessKey: "none" };
  return call(place, context, nobody, TOKEN_REFUSED, (client) => client.send(command));
}

interface StsAnswer {
  readonly Credentials?:
    | {
        readonly AccessKeyId: string | undefined;
        readonly SecretAccessKey: string | undefined;
        readonly SessionToken: string | undefined;
      }
    | undefined;
}

async function call(
  place: AwsPlace,
  context: MintContext,
  keys: AwsKeys,
  refused: AwsCall["refused"],
  send: (client: STSClient) => Promise<StsAnswer>,
): Promise<AwsKeys> {
  const override = endpointOverride(context.env, "STS");
  const wire = awsWire(context);
  const client = new STSClient({
    ...clientOptions(wire, stsPlace(place, context.env), override),
    credentials: keys,
  });
  if (override === undefined) {
    client.config.endpointProvider = keepInPartition(client.config.endpointProvider, place);
  }
  const api = `STS in ${place.region}`;
  try {
    const { Credentials } = await withRetries(context, () => send(client), judgeAws);
    const assumed = keysOf(Credentials?.AccessKeyId, Credentials?.SecretAccessKey, Credentials?.SessionToken);
    if (assumed === undefined) throw badAnswer(api);
    return assumed;
  } catch (error) {
    const failure = skewFailure(wire.skewMs()) === undefined ? tokenFailure(error, refused) : undefined;
    throw failure ?? awsFailure(error, { api, refused }, context.deadline, wire.skewMs());
  }
}

const ROLE_REFUSED: AwsCall["refused"] = {
  code: "aws-role-denied",
  message:
    "AWS refused sts:AssumeRole; the platform's permission boundary refuses most of them to an environment",
  hint: "use identity.oidc with a role that trusts the platform's ID tokens, or correct the role's trust policy",
};
const TOKEN_REFUSED: AwsCall["refused"] = {
  code: "aws-role-denied",
  message: "AWS refused sts:AssumeRoleWithWebIdentity for this role",
  hint: "correct the role's trust policy: the provider, the audience and the subject must match the ID token",
};

/** The refusals that speak of the ID token itself. */
function tokenFailure(error: unknown, refused: AwsCall["refused"]): Failure | undefined {
  const name = error instanceof Error ? error.name : "";
  if (refused !== TOKEN_REFUSED) return undefined;
  if (name === "ExpiredTokenException" || name === "ExpiredToken") {
    return new Failure("id-token-failed", "AWS says that the ID token has expired", {
      hint: "check this machine's clock and what renews the token",
    });
  }
  if (name === "InvalidIdentityToken" || name === "InvalidIdentityTokenException") {
    return new Failure(
      "aws-role-denied",
      "AWS does not accept the ID token: provider or audience is unknown to it",
      {
        hint: "register the issuer as an IAM OIDC provider with the audience sts.amazonaws.com, or set auth.audience",
      },
    );
  }
  if (name === "IDPRejectedClaim" || name === "IDPRejectedClaimException") {
    return new Failure("aws-role-denied", "AWS rejects the claims of the ID token", {
      hint: "correct the role's trust policy",
    });
  }
  return undefined;
}
