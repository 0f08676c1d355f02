// GetAuthorizationToken of private ECR through the SDK's client. Loaded only when a private token is minted.

import { ECRClient, GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr";
import { clientOptions, keepInPartition } from "./client-options.ts";
import type { EcrAnswer, EcrCall } from "./ecr-call.ts";
import type { AwsPlace } from "./endpoint.ts";
import type { AwsKeys } from "./keys.ts";

/** Names no registry: the token serves every account that the identity may pull from. */
export function privateEcr({ wire, override }: EcrCall, place: AwsPlace, keys: AwsKeys) {
  const client = new ECRClient({ ...clientOptions(wire, place, override), credentials: keys });
  if (override === undefined) {
    client.config.endpointProvider = keepInPartition(client.config.endpointProvider, place);
  }
  return async (): Promise<EcrAnswer | undefined> => {
    const answer = await client.send(new GetAuthorizationTokenCommand({}));
    return answer.authorizationData?.[0];
  };
}
