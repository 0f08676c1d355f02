// Profiles of `aws sso login` and `aws login`, through the SDK's own providers on our transport. They find the login
// below HOME of the process and renew it there, as the AWS CLI does. Loaded for such a profile only.

import { fromLoginCredentials } from "@aws-sdk/credential-provider-login";
import { fromSSO } from "@aws-sdk/credential-provider-sso";
import { Failure } from "../../core/failures.ts";
import { TransportError } from "../../edge/transport-error.ts";
import type { MintContext } from "../mint/mint.ts";
import { quietOptions } from "./client-options.ts";
import { awsFailure, badAnswer, skewFailure } from "./errors.ts";
import { sharedFiles } from "./files.ts";
import { type AwsKeys, keysOf } from "./keys.ts";
import { shown } from "./profile.ts";
import { type AwsWire, awsWire } from "./request-handler.ts";

/** Throws a Failure. */
export function ssoKeys(profile: string, context: MintContext): Promise<AwsKeys> {
  const { wire, options } = settings(profile, context);
  return keysFrom(fromSSO(options), `aws sso login --profile ${shown(profile)}`, wire, context);
}

/** Throws a Failure. */
export function loginKeys(profile: string, region: string, context: MintContext): Promise<AwsKeys> {
  const { wire, options } = settings(profile, context);
  const clientConfig = { ...options.clientConfig, region };
  const provider = fromLoginCredentials({ ...options, clientConfig });
  return keysFrom(provider, `aws login --profile ${shown(profile)}`, wire, context);
}

function settings(profile: string, context: MintContext) {
  const wire = awsWire(context);
  const clientConfig = quietOptions(wire);
  const files = sharedFiles(context.env, context.home);
  return {
    wire,
    options: { profile, ...files, ignoreCache: true, clientConfig, logger: clientConfig.logger },
  };
}

async function keysFrom(
  provider: () => Promise<AwsKeys>,
  signIn: string,
  wire: AwsWire,
  context: MintContext,
): Promise<AwsKeys> {
  try {
    const { accessKeyId, secretAccessKey, sessionToken } = await provider();
    const keys = keysOf(accessKeyId, secretAccessKey, sessionToken);
    if (keys === undefined) throw badAnswer(API);
    return keys;
  } catch (error) {
    throw loginFailure(error, signIn, wire, context);
  }
}

const API = "AWS IAM Identity Center";
const ENDED = /expired|aws (?:sso )?login|re-?authenticate|load (?:a )?token/i;

/**
 * The providers put every error into one of their own and keep the text only. So the wire says what AWS did; where
 * it did nothing, the login on disk was missing, had ended or was configured badly.
 */
function loginFailure(error: unknown, signIn: string, wire: AwsWire, context: MintContext): Failure {
  if (error instanceof Failure) return error;
  const last = wire.last();
  if (last instanceof TransportError)
    return awsFailure(last, { api: API, refused: REFUSED }, context.deadline, undefined);
  const skewed = skewFailure(wire.skewMs());
  if (skewed !== undefined) return skewed;
  if (last === 403) return new Failure(REFUSED.code, REFUSED.message, { hint: REFUSED.hint });
  if (last === 429)
    return new Failure("aws-throttled", `${API} asks for fewer requests`, { hint: "try again" });
  if (last !== undefined && last >= 500) {
    return new Failure("aws-unreachable", `${API} answered with HTTP ${last}`, { hint: "try again" });
  }
  if (last === 400 || last === 401 || (error instanceof Error && ENDED.test(error.message))) {
    return new Failure("aws-sso-expired", "the AWS login of this profile has ended or is missing", {
      hint: `run ${signIn}`,
    });
  }
  if (last !== undefined) return badAnswer(API);
  return new Failure("aws-no-credentials", "the sign-in settings of this AWS profile are incomplete", {
    hint: `correct ~/.aws/config, then run ${signIn}`,
  });
}

const REFUSED = {
  code: "aws-denied",
  message: `${API} refuses the role of the profile to this login`,
  hint: "check sso_account_id and sso_role_name",
} as const;
