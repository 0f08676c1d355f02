// Clients of the real SDK for the ECR stand-ins: one attempt, so that a refusal is seen as it was said.

import { ECRClient, GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr";
import { ECRPUBLICClient } from "@aws-sdk/client-ecr-public";
import type { Clouds } from "./clouds.ts";
import type { AccessKey } from "./key-ring.ts";

export function ecrClient(
  clouds: Clouds,
  key: AccessKey,
  region = "eu-central-1",
  maxAttempts = 1,
): ECRClient {
  return new ECRClient({ region, endpoint: clouds.ecr.url, credentials: asCredentials(key), maxAttempts });
}

export function ecrPublicClient(clouds: Clouds, key: AccessKey, region = "us-east-1"): ECRPUBLICClient {
  const credentials = asCredentials(key);
  return new ECRPUBLICClient({ region, endpoint: clouds.ecrPublic.url, credentials, maxAttempts: 1 });
}

export function asCredentials({ accessKeyId, secretAccessKey, sessionToken }: AccessKey) {
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

/** The name of the error, or `granted`. */
export async function nameOfRefusal(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => "granted",
    (error: unknown) => (error instanceof Error ? error.name : "not an error"),
  );
}

export const ask = (ecr: ECRClient) => ecr.send(new GetAuthorizationTokenCommand({}));
