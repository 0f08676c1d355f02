// The places where AWS keys may be, and in which order: the machine's own first for runner-native, what the user has
// set first for the default chain. A developer's profile or keys never stand in for a machine that has an identity.

import { Failure, toFailure } from "../../core/failures.ts";
import { isOnGoogle } from "../google/metadata.ts";
import type { MintContext } from "../mint/mint.ts";
import { containerKeys, webIdentityKeys } from "./container.ts";
import type { AwsPlace } from "./endpoint.ts";
import { type Found, found, none } from "./found.ts";
import { instanceKeys, onGoogle, saidByEc2 } from "./imds.ts";
import { type AwsKeys, keysOf } from "./keys.ts";

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
  readonly place: AwsPlace;
  readonly context: MintContext;
}

export function awsSources(place: AwsPlace, context: MintContext): AwsSources {
  return {
    container: once("the container", () => containerKeys(context)),
    webIdentity: once("the web identity", () => webIdentityKeys(place, context)),
    instance: once("the instance", () => instanceKeys(context)),
    variables: once("the variables", async () => environmentKeys(context.env)),
    place,
    context,
  };
}

/** The machine's keys; the default chain's only where the machine has none. Throws a Failure. */
export async function machineKeys(sources: AwsSources): Promise<AwsKeys> {
  const { container, webIdentity, instance, context } = sources;
  const machine = await first([container, webIdentity, instance].map(orNone), context);
  if (machine.kind === "keys") return machine.keys;
  const configured = await first(configuredSources(sources), context);
  if (configured.kind === "keys") return configured.keys;
  throw await nothingFound(machine.reason ?? configured.reason, sources);
}

/** As AWS's own tools: variables, shared files, web identity, container, instance. Throws a Failure. */
export async function defaultKeys(sources: AwsSources): Promise<AwsKeys> {
  const { container, instance, context } = sources;
  const configured = await first(configuredSources(sources), context);
  if (configured.kind === "keys") return configured.keys;
  // What the user named and what is not there must not give way to whatever the machine has.
  if (configured.reason !== undefined) throw configured.reason;
  const machine = await first([container, instance], context);
  if (machine.kind === "keys") return machine.keys;
  throw await nothingFound(machine.reason, sources);
}

/** Throws a Failure. */
export async function namedProfileKeys(name: string, sources: AwsSources): Promise<AwsKeys> {
  const keys = await viaProfile(name, sources);
  if (typeof keys === "string") throw noProfile(name);
  return keys;
}

function configuredSources(sources: AwsSources): readonly Source[] {
  const named = sources.context.env.AWS_PROFILE || undefined;
  const files = { name: "the shared files", ask: () => sharedKeys(named, sources) };
  return [...(named === undefined ? [sources.variables] : []), files, sources.webIdentity];
}

async function first(sources: readonly Source[], { trace }: MintContext): Promise<Found> {
  let reason: Failure | undefined;
  for (const source of sources) {
    const result = await source.ask();
    trace(`aws identity from ${source.name}: ${result.kind}`);
    if (result.kind === "keys") return result;
    reason ??= result.reason;
  }
  return none(reason);
}

/** A profile that AWS_PROFILE names must exist, as for AWS's own tools; the default one need not. */
async function sharedKeys(named: string | undefined, sources: AwsSources): Promise<Found> {
  const keys = await viaProfile(named ?? "default", sources);
  if (typeof keys !== "string") return found(keys);
  return keys === "missing" && named !== undefined ? none(noProfile(named)) : none();
}

async function viaProfile(name: string, sources: AwsSources): Promise<AwsKeys | "missing" | "empty"> {
  const { profileKeys } = await import("./profile.ts");
  return profileKeys(name, sources.place, sources.context, (source) => namedSourceKeys(source, sources));
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

/** A place of the machine's that fails gives no identity; only a mistake in the configuration ends the search. */
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

function environmentKeys(env: MintContext["env"]): Found {
  const keys = keysOf(env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY, env.AWS_SESSION_TOKEN);
  return keys === undefined ? none() : found(keys);
}

/** The wrong cloud is a better reason than a missing identity, and worth one short question. */
async function nothingFound(reason: Failure | undefined, sources: AwsSources): Promise<Failure> {
  // EC2's own word, or silence: another cloud's server at this address would have answered.
  const told = reason?.code === "wrong-cloud" || reason?.code === "imds-no-answer" || saidByEc2(reason);
  if (!told && (await isOnGoogle(sources.context))) return onGoogle();
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
    { hint: "check ~/.aws/config and the name" },
  );
}
