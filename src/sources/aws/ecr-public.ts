// GetAuthorizationToken of ECR Public through the SDK's client. Loaded only when a token for it is minted.

import { ECRPUBLICClient, GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr-public";
import { clientOptions } from "./client-options.ts";
import type { EcrAnswer, EcrCall } from "./ecr-call.ts";
import type { AwsEndpointParameters } from "./endpoint.ts";
import type { AwsKeys } from "./keys.ts";

export function publicEcr({ handler, override }: EcrCall, parameters: AwsEndpointParameters, keys: AwsKeys) {
  const client = new ECRPUBLICClient({ ...clientOptions(handler, parameters, override), credentials: keys });
  return async (): Promise<EcrAnswer | undefined> => {
    const answer = await client.send(new GetAuthorizationTokenCommand({}));
    return answer.authorizationData;
  };
}
