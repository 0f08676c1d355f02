// What a call of either of ECR's APIs is given and what it answers.

import type { Endpoint } from "../../core/endpoint.ts";
import type { AwsRequestHandler } from "./request-handler.ts";

export interface EcrCall {
  readonly handler: AwsRequestHandler;
  readonly override: Endpoint | undefined;
}

/** What both APIs answer with, before it is checked. */
export interface EcrAnswer {
  readonly authorizationToken?: string | undefined;
  readonly expiresAt?: Date | undefined;
}
