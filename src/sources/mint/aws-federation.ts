// The AWS identity that a Google credential file of workload identity federation wants: keys in variables, else the
// EC2 instance's role, asked by our own client. What AWS does not give is a failure of AWS's, not of Google's.

import { type Endpoint, parseEndpoint } from "../../core/endpoint.ts";
import { isText } from "../../core/entry.ts";
import { Failure } from "../../core/failures.ts";
import { instanceKeys, instanceRegion, isInstanceEndpoint } from "../aws/imds.ts";
import { variableKeys } from "../aws/variables.ts";
import type { AwsSupplier, MintContext } from "../cloud/context.ts";
import { variable } from "../cloud/variable.ts";
import { credentialFileName } from "../google/files.ts";

/** `source`: the file's `credential_source`. The functions throw a Failure. */
export function awsSupplier(source: Readonly<Record<string, unknown>>, context: MintContext): AwsSupplier {
  const { env } = context;
  return {
    async getAwsRegion() {
      const named = variable(env, "AWS_REGION") ?? variable(env, "AWS_DEFAULT_REGION");
      const region = named ?? (await instanceRegion(context, endpointIn(source, "region_url", env)));
      if (region !== undefined) return region;
      throw new Failure("aws-no-credentials", "the AWS region of this machine is not known", {
        hint: "set AWS_REGION: the Google credential file federates an AWS identity",
      });
    },
    async getAwsSecurityCredentials() {
      const set = variableKeys(env);
      const found = set.kind === "keys" ? set : await instanceKeys(context, endpointIn(source, "url", env));
      if (found.kind === "none") throw found.reason ?? noIdentity();
      const { accessKeyId, secretAccessKey, sessionToken } = found.keys;
      return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { token: sessionToken }) };
    },
  };
}

/** Where the file says that the metadata server is; its paths are EC2's, so that only the address counts. */
function endpointIn(
  source: Readonly<Record<string, unknown>>,
  key: string,
  env: MintContext["env"],
): Endpoint {
  const url = source[key];
  const endpoint = isText(url) ? parseEndpoint(url) : undefined;
  if (endpoint !== undefined && isInstanceEndpoint(endpoint)) return { ...endpoint, path: "" };
  throw new Failure(
    "config-invalid",
    `credential_source.${key} of ${credentialFileName(env)} is no EC2 address`,
    {
      hint: "use a credential file that gcloud wrote",
    },
  );
}

function noIdentity(): Failure {
  return new Failure(
    "aws-no-credentials",
    "this machine has no AWS identity for the federation with Google",
    {
      hint: "attach an instance profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    },
  );
}
