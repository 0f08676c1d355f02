// GetAuthorizationToken of private ECR through the SDK's client. Loaded only when a private token is minted.

import { ECRClient, GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr";
import { clientOptions, keepInPartition } from "./client-options.ts";
import type { EcrAnswer, EcrCall } from "./ecr-call.ts";
import type { AwsEndpointParameters } from "./endpoint.ts";
import type { AwsKeys } from "./keys.ts";

/** Names no registry: the token serves every account that the identity may pull from. */
export function privateEcr({ handler, override }: EcrCall, parameters: AwsEndpointParameters, keys: AwsKeys) {
  const client = new ECRClient({ ...clientOptions(handler, parameters, override), credentials: keys });
  if (override === undefined) {
    client.config.endpointProvider = keepInPartition(client.config.endpointProvider, parameters);
  }
  return async (): Promise<EcrAnswer | undefined> => {
    const answer = await client.send(new GetAuthorizationTokenCommand({}));
    return answer.authorizationData?.[0];
  };
}
