// The places where AWS keys may be, and in which order: the machine's own first for runner-native, what the user has
// set first for the default chain. A developer's profile or keys never stand in for a machine that has an identity.

import { Failure, toFailure } from "../../core/failures.ts";
import type { MintContext } from "../cloud/context.ts";
import { variable } from "../cloud/variable.ts";
import { containerKeys, webIdentityKeys } from "./container.ts";
import type { AwsEndpointParameters } from "./endpoint.ts";
import { type Found, found, none } from "./found.ts";
import { instanceKeys, onOtherCloud } from "./imds.ts";
import type { AwsKeys } from "./keys.ts";
import { variableKeys } from "./variables.ts";

/** The first that is set names the profile. AWS's CLI asks them the other way round, its SDKs this way. */
const PROFILE_VARIABLES = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];

interface Source {
  readonly name: string;
  ask(): Promise<Found>;
}

/** Everything that may be asked in one run; each at most once, so that a silent server costs its limit once. */
export interface AwsSources {
  readonly container: Source;
  readonly webIdentity: Source;
  readonly instance: Source;
  readonly variables: Source;
  readonly parameters: AwsEndpointParameters;
  readonly context: MintContext;
}

export function awsSources(parameters: AwsEndpointParameters, context: MintContext): AwsSources {
  return {
    container: once("the container", () => containerKeys(context)),
    webIdentity: once("the web identity", () => webIdentityKeys(parameters, context)),
    instance: once("the instance", () => instanceKeys(context)),
    variables: once("the variables", async () => variableKeys(context.env)),
    parameters,
    context,
  };
}

/** The machine's keys; the default chain's only where the machine has none. Throws a Failure. */
export async function machineKeys(sources: AwsSources): Promise<AwsKeys> {
  const { container, webIdentity, instance, variables } = sources;
  const order = [container, webIdentity, orNone(instance), variables, sharedFiles(sources)];
  return firstOf(order, sources);
}

/** The order that AWS's CLI has for its users. Throws a Failure. */
export async function defaultKeys(sources: AwsSources): Promise<AwsKeys> {
  const { container, webIdentity, instance, variables } = sources;
  return firstOf([variables, sharedFiles(sources), webIdentity, container, instance], sources);
}

/** What a source has and cannot use, it throws: only what is not there hands on. */
async function firstOf(order: readonly Source[], sources: AwsSources): Promise<AwsKeys> {
  let reason: Found & { readonly kind: "none" } = { kind: "none" };
  for (const source of order) {
    const result = await source.ask();
    sources.context.trace(`aws identity from ${source.name}: ${result.kind}`);
    if (result.kind === "keys") return result.keys;
    if (result.reason !== undefined) reason = result;
  }
  throw await nothingFound(reason, sources);
}

/** Throws a Failure. */
export async function namedProfileKeys(name: string, sources: AwsSources): Promise<AwsKeys> {
  const keys = await viaProfile(name, sources);
  if (keys === "missing") throw noProfile(name, "identity.profile");
  if (keys === "empty") throw noKeys(`the AWS profile ${name.slice(0, 60)} gives no keys`);
  return keys;
}

function sharedFiles(sources: AwsSources): Source {
  const { env } = sources.context;
  const name = PROFILE_VARIABLES.find((it) => variable(env, it) !== undefined);
  const profile = name === undefined ? "default" : (variable(env, name) ?? "");
  return {
    name: "the shared files",
    async ask() {
      const keys = await viaProfile(profile, sources);
      if (typeof keys !== "string") return found(keys);
      // A profile that a variable names must exist, as for AWS's own tools; the default one need not.
      if (keys === "missing" && name !== undefined) throw noProfile(profile, name);
      return none();
    },
  };
}

async function viaProfile(name: string, sources: AwsSources): Promise<AwsKeys | "missing" | "empty"> {
  const { profileKeys } = await import("./profile.ts");
  return profileKeys(name, sources.parameters, sources.context, (source) => namedSourceKeys(source, sources));
}

/** What `credential_source` of a profile may name. */
async function namedSourceKeys(name: string, sources: AwsSources): Promise<AwsKeys> {
  const source = new Map([
    ["Environment", sources.variables],
    ["EcsContainer", sources.container],
    ["Ec2InstanceMetadata", sources.instance],
  ]).get(name);
  const result = source === undefined ? none() : await source.ask();
  if (result.kind === "keys") return result.keys;
  throw result.reason ?? noKeys(`the credential_source ${name.slice(0, 60)} gives no AWS keys`);
}

/** A metadata server that fails gives no identity; only a mistake in the configuration ends the search. */
function orNone(source: Source): Source {
  return {
    name: source.name,
    ask: () =>
      source.ask().catch((error: unknown) => {
        const failure = toFailure(error);
        if (failure.code === "config-invalid") throw failure;
        return none(failure);
      }),
  };
}

function once(name: string, ask: () => Promise<Found>): Source {
  let asked: Promise<Found> | undefined;
  return {
    name,
    ask() {
      asked ??= ask();
      return asked;
    },
  };
}

/** The wrong cloud is a better reason than a missing identity, and worth one short question. */
async function nothingFound(
  { reason, isConclusive }: Found & { readonly kind: "none" },
  sources: AwsSources,
): Promise<Failure> {
  // EC2's own word, or silence: another cloud's server at this address would have answered.
  const { context } = sources;
  const other = isConclusive === true ? undefined : await context.others.machineOf("ecr", context);
  if (other !== undefined) return onOtherCloud(other);
  return reason ?? noKeys("no AWS identity was found");
}

function noKeys(message: string): Failure {
  return new Failure("aws-no-credentials", message, {
    hint: "attach an instance profile, sign in with the AWS CLI, or configure identity.oidc",
  });
}

function noProfile(profile: string, name: string): Failure {
  return new Failure(
    "aws-no-credentials",
    `the AWS profile ${profile.slice(0, 60)}, which ${name} names, is missing`,
    { hint: `check ${name} and ~/.aws/config` },
  );
}
