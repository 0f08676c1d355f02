// Where in AWS a token is minted: region, partition, kind of endpoint, and the overrides of the environment. It
// builds no host name, the SDK's rule set does that; it loads no SDK, the cache key needs it before any mint.

import type { EcrRegistry } from "../../core/clouds/aws.ts";
import { type Endpoint, isSafeEndpoint, parseEndpoint } from "../../core/endpoint.ts";
import { Failure } from "../../core/failures.ts";
import type { MintTarget } from "../../core/identity.ts";
import { isSwitchedOn, variable } from "../cloud/variable.ts";

type Env = Readonly<Record<string, string | undefined>>;

export type AwsTarget = Extract<MintTarget, { kind: EcrRegistry["kind"] }>;
export type AwsService = "ECR" | "ECR_PUBLIC" | "STS";

export const serviceOf = ({ kind }: AwsTarget): AwsService => (kind === "ecr" ? "ECR" : "ECR_PUBLIC");

export interface AwsEndpointParameters {
  readonly region: string;
  readonly partition: string;
  readonly fips: boolean;
  readonly dualStack: boolean;
}

/** The endpoint parameters of the registry itself. ECR Public has one region; the host says the endpoint, the variables may add to it. */
export function endpointParameters(target: AwsTarget, env: Env): AwsEndpointParameters {
  const host =
    target.kind === "ecr"
      ? target
      : { region: "us-east-1", partition: "aws", fips: false, dualStack: target.dualStack === true };
  return {
    region: host.region,
    partition: host.partition,
    fips: host.fips || isSwitchedOn(env, "AWS_USE_FIPS_ENDPOINT"),
    dualStack: host.dualStack || isSwitchedOn(env, "AWS_USE_DUALSTACK_ENDPOINT"),
  };
}

/**
 * STS at the registry's region. The host of a registry says nothing of STS, whose FIPS and dual-stack endpoints
 * exist in other regions than ECR's: there only the variables count.
 */
export function stsParameters(parameters: AwsEndpointParameters, env: Env): AwsEndpointParameters {
  return {
    ...parameters,
    fips: isSwitchedOn(env, "AWS_USE_FIPS_ENDPOINT"),
    dualStack: isSwitchedOn(env, "AWS_USE_DUALSTACK_ENDPOINT"),
  };
}

/** The endpoint that the environment names for `service`. Throws a Failure when it may not be used. */
export function endpointOverride(env: Env, service: AwsService): Endpoint | undefined {
  const name = `AWS_ENDPOINT_URL_${service}`;
  const text = variable(env, name);
  if (text === undefined) return undefined;
  const endpoint = parseEndpoint(text);
  if (endpoint !== undefined && isSafeEndpoint(endpoint)) return endpoint;
  throw new Failure("config-invalid", `${name} is neither an https URL nor http to loopback`, {
    hint: "correct the variable or unset it",
  });
}

/** A role of another partition can never mint for this registry, and its token would go to a foreign STS. */
export function checkRolePartition(roleArn: string, parameters: AwsEndpointParameters, where: string): void {
  const partition = /^arn:([a-z0-9-]+):iam::\d{12}:role\/[\x21-\x7e]+$/.exec(roleArn)?.[1];
  if (partition === parameters.partition) return;
  const problem =
    partition === undefined
      ? "is not the ARN of a role"
      : `belongs to the partition ${partition}, the registry to ${parameters.partition}`;
  throw new Failure("config-invalid", `${where} ${problem}`, { hint: `correct ${where}` });
}
