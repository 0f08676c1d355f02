// Whose AWS keys a mint uses: the machine's, the default chain's, or those that the configuration names. A mistake
// in the configuration is found before anybody is asked.

import type { MintPlan } from "../../core/identity.ts";
import type { MintContext } from "../cloud/context.ts";
import { ownIdentity } from "../cloud/own-identity.ts";
import { awsSources, defaultKeys, machineKeys, namedProfileKeys } from "./chain.ts";
import { type AwsEndpointParameters, checkRolePartition } from "./endpoint.ts";
import type { AwsKeys } from "./keys.ts";

const DEFAULT_AUDIENCE = "sts.amazonaws.com";

/** Throws a Failure. */
export async function awsKeys(
  plan: MintPlan,
  parameters: AwsEndpointParameters,
  context: MintContext,
): Promise<AwsKeys> {
  const sources = awsSources(parameters, context);
  const identity = ownIdentity("ecr", plan, {
    registry: "ECR",
    hint: "give identity an AWS role or profile",
  });
  switch (identity?.kind) {
    case undefined:
      return plan.base === "machine" ? machineKeys(sources) : defaultKeys(sources);
    case "profile":
      return traced(context, `the profile ${identity.profile}`, namedProfileKeys(identity.profile, sources));
    case "role": {
      checkRolePartition(identity.roleArn, parameters, "identity.roleArn");
      const keys = await (plan.base === "machine" ? machineKeys(sources) : defaultKeys(sources));
      const { assumeRole } = await import("./sts.ts");
      return traced(context, `the role ${identity.roleArn}`, assumeRole(keys, identity, parameters, context));
    }
    case "oidc-aws": {
      checkRolePartition(identity.roleArn, parameters, "identity.oidc.roleArn");
      const token = await context.idToken(plan.audience ?? DEFAULT_AUDIENCE);
      const { assumeRoleWithWebIdentity } = await import("./sts.ts");
      const { roleArn } = identity;
      const keys = assumeRoleWithWebIdentity(token, { roleArn }, parameters, context);
      return traced(context, `platform OIDC, role ${roleArn}`, keys);
    }
  }
}

/** `doctor` reads from the trace which link answered. */
async function traced(context: MintContext, link: string, keys: Promise<AwsKeys>): Promise<AwsKeys> {
  const found = await keys;
  context.trace(`aws identity from ${link}: keys`);
  return found;
}
