// GetAuthorizationToken of ECR Public through the SDK's client. Loaded only when a token for it is minted.

import { ECRPUBLICClient, GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr-public";
import { clientOptions } from "./aws-client.ts";
import type { AwsKeys } from "./aws-keys.ts";
import type { AwsPlace } from "./aws-place.ts";
import type { EcrAnswer, EcrAsk } from "./ecr.ts";

export function publicEcr({ wire, override }: EcrAsk, place: AwsPlace, keys: AwsKeys) {
  const client = new ECRPUBLICClient({ ...clientOptions(wire, place, override), credentials: keys });
  return async (): Promise<EcrAnswer | undefined> => {
    const answer = await client.send(new GetAuthorizationTokenCommand({}));
    return answer.authorizationData;
  };
}
