// Mints the token of an ECR registry: keys of the right identity, then one GetAuthorizationToken at the registry's
// region and kind of endpoint. The SDK's clients are loaded after the keys are there.

import { ECR_LIFE_MS } from "../../core/clouds/aws.ts";
import { Failure, toFailure } from "../../core/failures.ts";
import { parseForeignJson } from "../../core/foreign-json.ts";
import type { MintPlan } from "../../core/identity.ts";
import { Secret } from "../../core/secret.ts";
import { withRetries } from "../../edge/retry.ts";
import type { MintContext, MintedToken } from "../cloud/context.ts";
import { believedEndMs } from "../cloud/lifetime.ts";
import type { EcrAnswer, EcrCall } from "./ecr-call.ts";
import { type AwsTarget, endpointOverride, endpointParameters, serviceOf } from "./endpoint.ts";
import { type AwsCall, awsFailure, badAnswer, judgeAws, skewFailure } from "./errors.ts";
import { awsKeys } from "./identity.ts";
import { awsRequestHandler } from "./request-handler.ts";

/** Nothing is handed out that ends so soon. */
const MIN_LIFE_MS = 60_000;

/** Throws a Failure and nothing else. */
export async function mintEcr(plan: MintPlan, context: MintContext): Promise<MintedToken> {
  try {
    const { cloud } = plan;
    if (cloud.kind === "ecr" || cloud.kind === "ecr-public") return await mintAt(cloud, plan, context);
    throw new Failure("internal", "a registry of another cloud was taken for ECR");
  } catch (error) {
    throw toFailure(error);
  }
}

async function mintAt(target: AwsTarget, plan: MintPlan, context: MintContext): Promise<MintedToken> {
  const parameters = endpointParameters(target, context.env);
  const handler = awsRequestHandler(context, withReadableEnd);
  const ask: EcrCall = {
    handler,
    override: endpointOverride(context.env, serviceOf(target)),
  };
  const keys = await awsKeys(plan, parameters, context);
  const send =
    target.kind === "ecr"
      ? (await import("./ecr-private.ts")).privateEcr(ask, parameters, keys)
      : (await import("./ecr-public.ts")).publicEcr(ask, parameters, keys);
  const call = target.kind === "ecr" ? privateCall(parameters.region) : PUBLIC_CALL;
  const obtainedAtMs = context.clock.nowMs();
  try {
    const answer = await withRetries(context, send, judgeAws);
    return tokenIn(answer, obtainedAtMs, call, handler.skewMs());
  } catch (error) {
    throw awsFailure(error, call, context.deadline, handler.skewMs());
  }
}

/** For an end that it cannot read the SDK gives up the whole answer; without one the documented life counts. */
function withReadableEnd(body: Buffer): Uint8Array {
  try {
    const isUnreadable = (key: string, value: unknown): boolean =>
      key === "expiresAt" && !(typeof value === "number" && Number.isFinite(value));
    const answer = parseForeignJson(body.toString("utf8"));
    return Buffer.from(
      JSON.stringify(answer, (key, value) => (isUnreadable(key, value) ? undefined : value)),
    );
  } catch {
    return new Uint8Array(body);
  }
}

function tokenIn(
  answer: EcrAnswer | undefined,
  obtainedAtMs: number,
  call: AwsCall,
  skewMs: number | undefined,
): MintedToken {
  const encoded = answer?.authorizationToken ?? "";
  const expiresAtMs = believedEndMs(answer?.expiresAt?.getTime(), obtainedAtMs, ECR_LIFE_MS);
  const decoded = /^[A-Za-z0-9+/]+={0,2}$/.test(encoded)
    ? Buffer.from(encoded, "base64").toString("latin1")
    : "";
  const [, username = "", password = ""] = /^(AWS):([\x21-\x7e]+)$/.exec(decoded) ?? [];
  if (password === "") throw badAnswer(call.api);
  if (expiresAtMs - obtainedAtMs <= MIN_LIFE_MS) throw skewFailure(skewMs) ?? expired(call.api);
  return {
    username,
    secret: new Secret(password),
    obtainedAtMs,
    expiresAtMs,
    refreshAtMs: obtainedAtMs + (expiresAtMs - obtainedAtMs) / 2,
  };
}

function expired(api: string): Failure {
  return new Failure("token-expired", `${api} gave a token that has expired`, {
    hint: "check this machine's clock and the AWS_ENDPOINT_URL variables",
  });
}

const privateCall = (region: string): AwsCall => ({
  api: `ECR in ${region}`,
  refused: {
    code: "aws-denied",
    action: "ecr:GetAuthorizationToken",
    hint: "allow ecr:GetAuthorizationToken on * in the policy of its role",
  },
});

const PUBLIC_CALL: AwsCall = {
  api: "ECR Public",
  refused: {
    code: "aws-denied",
    action: "ecr-public:GetAuthorizationToken",
    hint: "allow ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken on * in the policy of its role",
  },
};
