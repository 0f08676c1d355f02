// What went wrong at an AWS API, as one of our codes with a next step. Of AWS's own words none is shown as it stands,
// since they may quote what was sent: refusal.ts takes the names of IAM out of them.

import { Failure, type FailureCode } from "../../core/failures.ts";
import type { Deadline } from "../../edge/clock.ts";
import { isOver, isPassing, type Retry, retryAfterMs } from "../../edge/retry.ts";
import { TransportError } from "../../edge/transport-error.ts";
import { settingFailure, transportMessage } from "../../edge/transport-message.ts";
import { isByBoundary, type Refusable, refusalText } from "./refusal.ts";

/** AWS itself accepts five minutes. */
const MAX_SKEW_MS = 5 * 60_000;

/** The call that failed, for the words of the message. */
export interface AwsCall {
  /** As in `ECR in eu-central-1`. */
  readonly api: string;
  readonly refused: Refusable & {
    readonly code: FailureCode;
    readonly hint: string;
    /** When AWS says that it was a permissions boundary. */
    readonly boundaryHint?: string;
  };
}

const DENIED: ReadonlySet<string> = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "UnauthorizedOperation",
  "ForbiddenException",
  "OptInRequired",
]);
const BAD_KEYS: ReadonlySet<string> = new Set([
  "UnrecognizedClientException",
  "InvalidClientTokenId",
  "InvalidAccessKeyId",
  "MissingAuthenticationToken",
  "MissingAuthenticationTokenException",
  "IncompleteSignature",
  "IncompleteSignatureException",
]);
const EXPIRED: ReadonlySet<string> = new Set([
  "ExpiredToken",
  "ExpiredTokenException",
  "TokenRefreshRequired",
]);
const BAD_SIGNATURE: ReadonlySet<string> = new Set(["InvalidSignatureException", "SignatureDoesNotMatch"]);
const SKEWED: ReadonlySet<string> = new Set(["RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"]);
const THROTTLED: ReadonlySet<string> = new Set([
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "TooManyRequestsException",
  "RequestLimitExceeded",
  "RequestThrottled",
  "RequestThrottledException",
  "LimitExceededException",
  "SlowDown",
]);
const PASSING: ReadonlySet<string> = new Set(["IDPCommunicationError", "IDPCommunicationErrorException"]);

interface SdkError {
  readonly name: string;
  readonly message: string;
  readonly status: number | undefined;
  readonly retryAfter: string | undefined;
}

/** Whether an attempt that ended so may be made again. */
export function judgeAws(error: unknown, nowMs: number): Retry | undefined {
  if (isPassing(error)) return { afterMs: 0 };
  const { name, status = 0, retryAfter } = read(error);
  const again = status >= 500 || status === 429 || THROTTLED.has(name) || PASSING.has(name);
  return again ? { afterMs: retryAfterMs(retryAfter, nowMs) ?? 0 } : undefined;
}

export function awsFailure(
  error: unknown,
  call: AwsCall,
  deadline: Deadline,
  skewMs: number | undefined,
): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof TransportError) return transportFailure(error, call.api, deadline);
  const seen = read(error);
  const isSkewed = Math.abs(skewMs ?? 0) > MAX_SKEW_MS;
  const { name, status = 0 } = seen;
  if (name === "EndpointError" || seen.message.startsWith("Invalid Configuration")) return noEndpoint(call);
  if (THROTTLED.has(name) || status === 429) return throttled(call);
  if (status >= 500) return unavailable(call, status);
  if (SKEWED.has(name) || (isSkewed && status >= 400) || saysSkewed(seen)) return clockSkew(skewMs);
  // Some endpoints in between refuse without AWS's own words.
  if (DENIED.has(name) || (name === "" && status === 403)) return refusedBy(seen.message, call);
  if (EXPIRED.has(name)) return expiredKeys(call);
  if (BAD_KEYS.has(name) || BAD_SIGNATURE.has(name)) return badKeys(call);
  return badAnswer(call.api);
}

function refusedBy(message: string, { refused }: AwsCall): Failure {
  const hint = isByBoundary(message) ? refused.boundaryHint : undefined;
  return new Failure(refused.code, refusalText(message, refused), { hint: hint ?? refused.hint });
}

/** When AWS's clock and ours disagree by more than AWS itself would bear. */
export function skewFailure(skewMs: number | undefined): Failure | undefined {
  return Math.abs(skewMs ?? 0) > MAX_SKEW_MS ? clockSkew(skewMs) : undefined;
}

export function badAnswer(api: string): Failure {
  return new Failure("aws-bad-answer", `${api} did not answer as AWS does`, {
    hint: "check the proxy and the AWS_ENDPOINT_URL variables",
  });
}

function saysSkewed({ name, message }: SdkError): boolean {
  return BAD_SIGNATURE.has(name) && /^Signature (?:expired|not yet current)/.test(message);
}

function clockSkew(skewMs: number | undefined): Failure {
  return new Failure(
    "aws-clock-skew",
    `this machine's clock is ${offBy(skewMs)}, AWS refuses its signature`,
    {
      hint: "set the clock (NTP) and try again",
    },
  );
}

function offBy(skewMs: number | undefined): string {
  if (skewMs === undefined || Math.abs(skewMs) <= MAX_SKEW_MS) return "off";
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  const amount = minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
  return `${amount} ${skewMs > 0 ? "behind" : "ahead"}`;
}

function transportFailure(error: TransportError, api: string, deadline: Deadline): Failure {
  const unusable = settingFailure(error);
  if (unusable !== undefined) return unusable;
  if (isOver(deadline)) {
    return new Failure("deadline", `no time was left for an answer of ${api}`, {
      hint: "check the network, or raise deadlineMs",
    });
  }
  if (error.kind === "too-large") return badAnswer(api);
  const { message, hint } = transportMessage(error, api);
  const own =
    error.kind === "tls" && error.details.atProxy !== true
      ? "name the CA in AWS_CA_BUNDLE or SSL_CERT_FILE"
      : (hint ?? "check the network, HTTPS_PROXY and NO_PROXY, or the VPC endpoint");
  return new Failure("aws-unreachable", message, { hint: own });
}

function noEndpoint(call: AwsCall): Failure {
  return new Failure("config-invalid", `there is no such endpoint of ${call.api}`, {
    hint: "check AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT",
  });
}

function throttled(call: AwsCall): Failure {
  return new Failure("aws-throttled", `${call.api} is rate-limiting`, {
    hint: "try again in a minute",
  });
}

function unavailable(call: AwsCall, status: number): Failure {
  return new Failure("aws-unreachable", `${call.api} answered with HTTP ${status}`, {
    hint: "try again, and look at the AWS health page if it stays",
  });
}

function expiredKeys(call: AwsCall): Failure {
  return new Failure("aws-denied", `${call.api} says that the AWS session has expired`, {
    hint: "sign in again, or renew the AWS_SESSION_TOKEN",
  });
}

function badKeys(call: AwsCall): Failure {
  return new Failure("aws-denied", `${call.api} does not accept the AWS keys`, {
    hint: "check that the keys are complete, not revoked and of the registry's partition",
  });
}

function read(error: unknown): SdkError {
  if (!(error instanceof Error)) return { name: "", message: "", status: undefined, retryAfter: undefined };
  const { $metadata, $response } = error as {
    $metadata?: { httpStatusCode?: number };
    $response?: { headers?: Record<string, string> };
  };
  return {
    name: error.name,
    message: error.message,
    status: $metadata?.httpStatusCode,
    retryAfter: $response?.headers?.["retry-after"],
  };
}
