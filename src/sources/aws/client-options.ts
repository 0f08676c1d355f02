// What every AWS client of ours is made with: our transport, the given region, no look at process.env or at files,
// nothing on stderr. Loaded together with an SDK and never before.

import { partition as partitionOf, state as versionWarning } from "@aws-sdk/core/client";
import type { Endpoint } from "../../core/endpoint.ts";
import { VERSION } from "../../core/version.ts";
import type { AwsEndpointParameters } from "./endpoint.ts";
import type { AwsRequestHandler } from "./request-handler.ts";

// The SDK warns on stderr about the version of Node; a credential helper's stderr must stay empty.
versionWarning.warningEmitted = true;

const silent = (): undefined => undefined;
const SILENT_LOGGER = { trace: silent, debug: silent, info: silent, warn: silent, error: silent };

/** Options that keep a client off the environment, the shared files and the terminal. */
export function quietOptions(handler: AwsRequestHandler) {
  return {
    requestHandler: { ...handler },
    logger: SILENT_LOGGER,
    // Our own retries know the deadline (edge/retry.ts).
    maxAttempts: 1,
    retryMode: "standard",
    defaultsMode: "standard" as const,
    authSchemePreference: [],
    userAgentAppId: async () => undefined,
    customUserAgent: [["docker-credential-ona", VERSION]] as [string, string][],
    // A corrected signature would be accepted, and the token's end then be judged by a clock that is wrong.
    disableClockSkewCorrection: true,
    ignoreConfiguredEndpointUrls: true,
  };
}

/** The rule set knows no FIPS or dual-stack form of an endpoint that was given. */
export function clientOptions(
  handler: AwsRequestHandler,
  parameters: AwsEndpointParameters,
  override: Endpoint | undefined,
) {
  return {
    ...quietOptions(handler),
    region: parameters.region,
    ...(override === undefined
      ? { useFipsEndpoint: parameters.fips, useDualstackEndpoint: parameters.dualStack }
      : {
          endpoint: `${override.origin}${override.path}`,
          useFipsEndpoint: false,
          useDualstackEndpoint: false,
        }),
  };
}

interface ResolvedEndpoint {
  readonly url: URL;
}

/** One region of each partition that the SDK's rule set knows. */
const KNOWN_REGIONS: Readonly<Record<string, string>> = {
  aws: "us-east-1",
  "aws-us-gov": "us-gov-west-1",
  "aws-cn": "cn-north-1",
  "aws-eusc": "eusc-de-east-1",
  "aws-iso": "us-iso-east-1",
  "aws-iso-b": "us-isob-east-1",
  "aws-iso-e": "eu-isoe-west-1",
  "aws-iso-f": "us-isof-south-1",
};

/**
 * The SDK takes a region that it does not know for a commercial one. The host of the registry says better: then
 * the endpoint is that of a known region of the partition, with the region's name exchanged.
 */
export function keepInPartition<P, C, E extends ResolvedEndpoint>(
  resolve: (params: P, context?: C) => E,
  parameters: AwsEndpointParameters,
): (params: P, context?: C) => E {
  const known = KNOWN_REGIONS[parameters.partition];
  if (known === undefined || partitionOf(parameters.region).name === parameters.partition) return resolve;
  return (params, context) => {
    const endpoint = resolve({ ...params, Region: known }, context);
    const labels = endpoint.url.hostname.split(".");
    const host = labels.map((label) => (label === known ? parameters.region : label)).join(".");
    return { ...endpoint, url: new URL(`${endpoint.url.protocol}//${host}${endpoint.url.pathname}`) };
  };
}
