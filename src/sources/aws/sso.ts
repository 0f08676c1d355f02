// Profiles of `aws sso login` and `aws login`, through the SDK's own providers on our transport. They find the login
// below HOME of the process and renew it there, as the AWS CLI does. Loaded for such a profile only.

import { fromLoginCredentials } from "@aws-sdk/credential-provider-login";
import { fromSSO } from "@aws-sdk/credential-provider-sso";
import { externalDataInterceptor } from "@smithy/core/config";
import { Failure } from "../../core/failures.ts";
import { TransportError } from "../../edge/transport-error.ts";
import type { MintContext } from "../cloud/context.ts";
import { quietOptions } from "./client-options.ts";
import { awsFailure, badAnswer, skewFailure } from "./errors.ts";
import type { IniSection, IniValue } from "./ini.ts";
import { type AwsKeys, keysOf, shown } from "./keys.ts";

import { type AwsRequestHandler, awsRequestHandler } from "./request-handler.ts";

/** `merged`: what the profile and its sso-session say. Throws a Failure. */
export function ssoKeys(
  profile: string,
  merged: IniSection,
  session: string | undefined,
  context: MintContext,
): Promise<AwsKeys> {
  const value = (key: string): string =>
    oneLine(merged.get(key), `${key} of the AWS profile ${shown(profile)}`);
  const portal = [`sso_start_url = ${value("sso_start_url")}`, `sso_region = ${value("sso_region")}`];
  const account = [
    `sso_account_id = ${value("sso_account_id")}`,
    `sso_role_name = ${value("sso_role_name")}`,
  ];
  const name = oneLine(session ?? "", `sso_session of the AWS profile ${shown(profile)}`);
  const lines =
    session === undefined
      ? [...portal, ...account]
      : [...account, `sso_session = ${name}`, `[sso-session ${name}]`, ...portal];
  const { handler, options } = settings(lines, context);
  return keysFrom(fromSSO(options), `aws sso login --profile ${shown(profile)}`, handler, context);
}

/** Throws a Failure. */
export function loginKeys(
  profile: string,
  session: string,
  region: string,
  context: MintContext,
): Promise<AwsKeys> {
  const lines = [`login_session = ${oneLine(session, `login_session of the AWS profile ${shown(profile)}`)}`];
  const { handler, options } = settings(lines, context);
  const clientConfig = { ...options.clientConfig, region };
  const provider = fromLoginCredentials({ ...options, clientConfig });
  return keysFrom(provider, `aws login --profile ${shown(profile)}`, handler, context);
}

/** The providers would read the files by a grammar of their own: they get what we have read, under names of ours. */
const PROFILE = "as-read";
const FILE = "/dev/null/as-read";

function settings(lines: readonly string[], context: MintContext) {
  const handler = awsRequestHandler(context);
  const clientConfig = quietOptions(handler);
  externalDataInterceptor.interceptFile(FILE, [`[profile ${PROFILE}]`, ...lines, ""].join("\n"));
  const files = { filepath: "/dev/null", configFilepath: FILE };
  return {
    handler,
    options: { profile: PROFILE, ...files, ignoreCache: true, clientConfig, logger: clientConfig.logger },
  };
}

/** What goes into the text of a file must be what comes out. */
function oneLine(value: IniValue | undefined, where: string): string {
  if (typeof value === "string" && /^[\x21-\x7e ]*$/.test(value) && !/ [#;]/.test(value)) return value;
  throw new Failure("aws-no-credentials", `${where} cannot be used`, { hint: "correct ~/.aws/config" });
}

async function keysFrom(
  provider: () => Promise<AwsKeys>,
  signIn: string,
  handler: AwsRequestHandler,
  context: MintContext,
): Promise<AwsKeys> {
  try {
    const { accessKeyId, secretAccessKey, sessionToken } = await provider();
    const keys = keysOf(accessKeyId, secretAccessKey, sessionToken);
    if (keys === undefined) throw badAnswer(API);
    return keys;
  } catch (error) {
    throw loginFailure(error, signIn, handler, context);
  }
}

const API = "AWS IAM Identity Center";
const ENDED = /expired|aws (?:sso )?login|re-?authenticate|load (?:a )?token/i;

/**
 * The providers put every error into one of their own and keep the text only. So the request handler says what AWS did; where
 * it did nothing, the login on disk was missing, had ended or was configured badly.
 */
function loginFailure(
  error: unknown,
  signIn: string,
  handler: AwsRequestHandler,
  context: MintContext,
): Failure {
  if (error instanceof Failure) return error;
  const last = handler.last();
  if (last instanceof TransportError)
    return awsFailure(last, { api: API, refused: REFUSED }, context.deadline, undefined);
  const skewed = skewFailure(handler.skewMs());
  if (skewed !== undefined) return skewed;
  if (last === 403)
    return new Failure(REFUSED.code, `${API} refuses the role of the profile to this login`, {
      hint: REFUSED.hint,
    });
  if (last === 429)
    return new Failure("aws-throttled", `${API} is rate-limiting (HTTP 429)`, {
      hint: "try again in a minute",
    });
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
  action: "sso:GetRoleCredentials",
  hint: "check sso_account_id and sso_role_name",
} as const;
