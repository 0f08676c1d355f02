// What a call of either of ECR's APIs is given and what it answers.

import type { Endpoint } from "../../core/endpoint.ts";
import type { AwsWire } from "./request-handler.ts";

export interface EcrCall {
  readonly wire: AwsWire;
  readonly override: Endpoint | undefined;
}

/** What both APIs answer with, before it is checked. */
export interface EcrAnswer {
  readonly authorizationToken?: string | undefined;
  readonly expiresAt?: Date | undefined;
}
