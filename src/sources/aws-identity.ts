// Whose AWS keys a mint uses: the machine's, the default chain's, or those that the configuration names. A
// developer's profile or keys never stand in for a machine that has an identity of its own.

import { Failure } from "../core/errors.ts";
import type { MintPlan } from "../core/identity.ts";
import { containerKeys, webIdentityKeys } from "./aws-container.ts";
import { type Found, found, none } from "./aws-found.ts";
import { instanceKeys, onGoogle } from "./aws-imds.ts";
import { type AwsKeys, keysOf } from "./aws-keys.ts";
import { type AwsPlace, checkRolePartition } from "./aws-place.ts";
import { isOnGoogle } from "./google-metadata.ts";
import type { MintContext } from "./mint.ts";

const DEFAULT_AUDIENCE = "sts.amazonaws.com";

/** Throws a Failure. */
export async function awsKeys(plan: MintPlan, place: AwsPlace, context: MintContext): Promise<AwsKeys> {
  const sources = awsSources(place, context);
  const { identity } = plan;
  switch (identity?.kind) {
    case undefined:
      return plan.base === "machine" ? sources.machine() : sources.defaultChain();
    case "profile":
      return sources.profile(identity.profile);
    case "role": {
      checkRolePartition(identity.roleArn, place, "identity.roleArn");
      const { assumeRole } = await import("./sts.ts");
      return assumeRole(await sources.defaultChain(), identity, place, context);
    }
    case "oidc-aws": {
      checkRolePartition(identity.roleArn, place, "identity.oidc.roleArn");
      const token = await context.idToken(plan.audience ?? DEFAULT_AUDIENCE);
      const { assumeRoleWithWebIdentity } = await import("./sts.ts");
      return assumeRoleWithWebIdentity(token, { roleArn: identity.roleArn }, place, context);
    }
    case "oidc-google":
    case "impersonate":
      throw new Failure(
        "config-invalid",
        "the identity of this registry is one of Google's, the registry is ECR",
        {
          hint: "give identity an AWS role or profile",
        },
      );
  }
}

/** Each source is asked at most once in a run: a silent metadata server costs its limit once. */
function awsSources(place: AwsPlace, context: MintContext) {
  const { env, trace } = context;
  const container = once(() => containerKeys(context));
  const webIdentity = once(() => webIdentityKeys(place, context));
  const instance = once(() => instanceKeys(context));

  const remote: readonly Source[] = [
    ["the container", container],
    ["the instance", instance],
  ];
  const first = async (sources: readonly Source[]): Promise<Found> => {
    let reason: Failure | undefined;
    for (const [name, source] of sources) {
      const result = await source();
      trace(`aws identity from ${name}: ${result.kind === "keys" ? "found" : "none"}`);
      if (result.kind === "keys") return result;
      reason ??= result.reason;
    }
    return none(reason);
  };
  const viaProfile = async (name: string): Promise<AwsKeys | "missing" | "empty"> => {
    const { profileKeys } = await import("./aws-profile.ts");
    return profileKeys(name, place, context, namedSource);
  };
  const namedSource = async (name: string): Promise<AwsKeys> => {
    const source = { Environment: environment, EcsContainer: container, Ec2InstanceMetadata: instance }[name];
    const result = source === undefined ? none() : await source();
    if (result.kind === "keys") return result.keys;
    throw result.reason ?? noKeys(`the credential_source ${name.slice(0, 60)} gives no AWS keys`);
  };
  const environment = async (): Promise<Found> => environmentKeys(env);
  const ambient: readonly Source[] = [
    ["the variables", async () => (env.AWS_PROFILE ? none() : environmentKeys(env))],
    ["the shared files", async () => sharedKeys(env.AWS_PROFILE || undefined, viaProfile)],
    ["the web identity", webIdentity],
  ];
  const settle = async (result: Found): Promise<AwsKeys> => {
    if (result.kind === "keys") return result.keys;
    throw await nothingFound(result.reason, context);
  };

  return {
    async machine(): Promise<AwsKeys> {
      const [ofContainer, ofInstance] = remote;
      const own = [ofContainer, ["the web identity", webIdentity] as Source, ofInstance];
      const machine = await first(own.filter((source) => source !== undefined));
      if (machine.kind === "keys") return machine.keys;
      const other = await first(ambient);
      return settle(other.kind === "keys" ? other : machine);
    },
    async defaultChain(): Promise<AwsKeys> {
      const configured = await first(ambient);
      if (configured.kind === "keys") return configured.keys;
      // What the user named and what is not there must not give way to whatever the machine has.
      if (configured.reason !== undefined) throw configured.reason;
      return settle(await first(remote));
    },
    async profile(name: string): Promise<AwsKeys> {
      const keys = await viaProfile(name);
      if (typeof keys === "string") throw noProfile(name);
      return keys;
    },
  };
}

type Source = readonly [name: string, source: () => Promise<Found>];

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => {
    asked ??= ask();
    return asked;
  };
}

function environmentKeys(env: MintContext["env"]): Found {
  const keys = keysOf(env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY, env.AWS_SESSION_TOKEN);
  return keys === undefined ? none() : found(keys);
}

/** A profile that AWS_PROFILE names must exist, as for AWS's own tools; the default one need not. */
async function sharedKeys(
  named: string | undefined,
  viaProfile: (name: string) => Promise<AwsKeys | "missing" | "empty">,
): Promise<Found> {
  const keys = await viaProfile(named ?? "default");
  if (typeof keys !== "string") return found(keys);
  return keys === "missing" && named !== undefined ? none(noProfile(named)) : none();
}

/** The wrong cloud is a better reason than a missing identity, and worth one short question. */
async function nothingFound(reason: Failure | undefined, context: MintContext): Promise<Failure> {
  if (reason?.code === "wrong-cloud") return reason;
  if (await isOnGoogle(context)) return onGoogle();
  return reason ?? noKeys("no AWS identity was found");
}

function noKeys(message: string): Failure {
  return new Failure("aws-no-credentials", message, {
    hint: "attach an instance profile, sign in with the AWS CLI, or configure identity.oidc",
  });
}

function noProfile(name: string): Failure {
  return new Failure(
    "aws-no-credentials",
    `the AWS profile ${name.slice(0, 60)} is missing or gives no keys`,
    {
      hint: "check ~/.aws/config and the name",
    },
  );
}
