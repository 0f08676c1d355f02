// Assumed roles, through the SDK's STS client. Loaded only when a role is assumed. An ID token goes to that STS and
// nowhere else, and is never written.

import { AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { Failure } from "../../core/failures.ts";
import type { Secret } from "../../core/secret.ts";
import { withRetries } from "../../edge/retry.ts";
import type { MintContext } from "../cloud/context.ts";
import { clientOptions, keepInPartition } from "./client-options.ts";
import { type AwsEndpointParameters, endpointOverride, stsParameters } from "./endpoint.ts";
import { type AwsCall, awsFailure, badAnswer, judgeAws, skewFailure } from "./errors.ts";
import { type AwsKeys, keysOf } from "./keys.ts";
import { awsRequestHandler } from "./request-handler.ts";

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
  parameters: AwsEndpointParameters,
  context: MintContext,
): Promise<AwsKeys> {
  const command = new AssumeRoleCommand({
    RoleArn: role.roleArn,
    RoleSessionName: role.sessionName ?? SESSION_NAME,
    ...(role.externalId === undefined ? {} : { ExternalId: role.externalId }),
    ...(role.durationSeconds === undefined ? {} : { DurationSeconds: role.durationSeconds }),
  });
  return call(parameters, context, keys, { ...ROLE_REFUSED, on: role.roleArn }, (client) =>
    client.send(command),
  );
}

/** Throws a Failure. */
export async function assumeRoleWithWebIdentity(
  token: Secret,
  role: Role,
  parameters: AwsEndpointParameters,
  context: MintContext,
): Promise<AwsKeys> {
  const command = new AssumeRoleWithWebIdentityCommand({
    RoleArn: role.roleArn,
    RoleSessionName: role.sessionName ?? SESSION_NAME,
    WebIdentityToken: token.expose(),
  });
  // The call is not signed; a client without keys would go and look for some.
  const nobody = { accessKeyId: "none", secretAccessKey: "none" };
  return call(parameters, context, nobody, { ...TOKEN_REFUSED, on: role.roleArn }, (client) =>
    client.send(command),
  );
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
  parameters: AwsEndpointParameters,
  context: MintContext,
  keys: AwsKeys,
  refused: AwsCall["refused"],
  send: (client: STSClient) => Promise<StsAnswer>,
): Promise<AwsKeys> {
  const override = endpointOverride(context.env, "STS");
  const handler = awsRequestHandler(context);
  const client = new STSClient({
    ...clientOptions(handler, stsParameters(parameters, context.env), override),
    credentials: keys,
  });
  if (override === undefined) {
    client.config.endpointProvider = keepInPartition(client.config.endpointProvider, parameters);
  }
  const api = `STS in ${parameters.region}`;
  try {
    const { Credentials } = await withRetries(context, () => send(client), judgeAws);
    const assumed = keysOf(Credentials?.AccessKeyId, Credentials?.SecretAccessKey, Credentials?.SessionToken);
    if (assumed === undefined) throw badAnswer(api);
    return assumed;
  } catch (error) {
    const failure = skewFailure(handler.skewMs()) === undefined ? tokenFailure(error, refused) : undefined;
    throw failure ?? awsFailure(error, { api, refused }, context.deadline, handler.skewMs());
  }
}

const ROLE_REFUSED: AwsCall["refused"] = {
  code: "aws-role-denied",
  action: "sts:AssumeRole",
  hint: "correct the trust policy of the role and the policy of who assumes it, or use identity.oidc",
  boundaryHint: "use identity.oidc with a role that trusts the platform's ID tokens",
};
const TOKEN_REFUSED: AwsCall["refused"] = {
  code: "aws-role-denied",
  action: "sts:AssumeRoleWithWebIdentity",
  hint: "correct the role's trust policy: the provider, the audience and the subject must match the ID token",
};

/** The refusals that speak of the ID token itself. AWS has one name for several of them; its words tell them apart. */
function tokenFailure(error: unknown, { action, on }: AwsCall["refused"]): Failure | undefined {
  if (action !== TOKEN_REFUSED.action || !(error instanceof Error)) return undefined;
  const name = error.name.replace(/Exception$/, "");
  const { message } = error;
  if (name === "ExpiredToken") return tokenExpired();
  if (name === "IDPRejectedClaim") {
    return denied("AWS rejects the claims of the ID token", "correct the role's trust policy");
  }
  if (name !== "InvalidIdentityToken") return undefined;
  if (/expired/i.test(message)) return tokenExpired();
  if (/audience/i.test(message)) {
    return denied(
      "AWS does not accept the audience of the ID token",
      "add the audience to the IAM OIDC provider (sts.amazonaws.com unless auth.audience says otherwise), or correct auth.audience",
    );
  }
  if (/no openidconnect provider/i.test(message)) {
    const account = /^arn:[^:]+:iam::([0-9]{12}):/.exec(on ?? "")?.[1];
    return denied(
      `the account ${account ?? "of the role"} has no IAM OIDC provider for the issuer of the ID token`,
      "register the issuer there as an IAM OIDC provider with the audience sts.amazonaws.com",
    );
  }
  return denied(
    "AWS cannot verify the ID token",
    "check that AWS can reach the issuer's keys and that the token is one of this issuer",
  );
}

const denied = (message: string, hint: string): Failure => new Failure("aws-role-denied", message, { hint });

function tokenExpired(): Failure {
  return new Failure("id-token-failed", "AWS says that the ID token has expired", {
    hint: "check this machine's clock and what renews the token",
  });
}
