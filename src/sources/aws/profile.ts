// A profile of the shared AWS files, resolved by hand in the order of AWS's CLI: the SDK's own resolver opens its own
// connections to metadata servers. A profile that names a way to keys by halves is a failure. Nothing is written.

import { Failure } from "../../core/failures.ts";
import { Secret } from "../../core/secret.ts";
import type { MintContext } from "../cloud/context.ts";
import { readWebIdentityToken } from "./container.ts";
import { type AwsEndpointParameters, checkRolePartition } from "./endpoint.ts";
import type { IniSection } from "./ini.ts";
import { type AwsKeys, checkKeys, shown } from "./keys.ts";
import { type Profile, readSharedConfig, type SharedConfig } from "./shared-config.ts";
import type { Role } from "./sts.ts";

/** Where `credential_source` of a profile may send us. Throws a Failure when there are no keys. */
export type CredentialSource = (name: string) => Promise<AwsKeys>;

interface Resolver {
  readonly shared: SharedConfig;
  readonly parameters: AwsEndpointParameters;
  readonly context: MintContext;
  readonly sourceKeys: CredentialSource;
}

/** A profile under its name, for the words of a failure. */
interface Named {
  readonly name: string;
  readonly profile: Profile;
}

/** The profile's keys; `empty`: it is there and names no way to any. Throws a Failure. */
export async function profileKeys(
  name: string,
  parameters: AwsEndpointParameters,
  context: MintContext,
  sourceKeys: CredentialSource,
): Promise<AwsKeys | "missing" | "empty"> {
  const shared = readSharedConfig(context);
  const profile = shared.profiles.get(name);
  if (profile === undefined) return "missing";
  const resolver = { shared, parameters, context, sourceKeys };
  return (await resolve(resolver, { name, profile }, new Set([name]))) ?? "empty";
}

/** `visited`: the profiles that are built on this one, and itself. */
async function resolve(
  resolver: Resolver,
  at: Named,
  visited: ReadonlySet<string>,
  isSource = false,
): Promise<AwsKeys | undefined> {
  const { all, inConfig, inCredentials } = at.profile;
  const hasKeys = all.has("aws_access_key_id") || all.has("aws_secret_access_key");
  // The keys of a profile that another one is built on come before its own role.
  const wantsRole = all.has("role_arn") && !all.has("web_identity_token_file");
  if (wantsRole && !(isSource && hasKeys)) return assume(resolver, at, visited);
  if (all.has("web_identity_token_file")) return webIdentity(resolver, at);
  if (all.has("sso_account_id") || all.has("sso_role_name")) return signedIn(resolver, at);
  const keys = keysIn(inCredentials, at.name);
  if (keys !== undefined) return keys;
  if (all.has("login_session")) return signedInByLogin(resolver, at);
  if (all.has("credential_process")) {
    const { processKeys } = await import("./process.ts");
    return processKeys(text(at, "credential_process"), at.name, resolver.context);
  }
  const fromConfig = keysIn(inConfig, at.name);
  if (fromConfig !== undefined) return fromConfig;
  return refuseHalf(at);
}

/** What says whose keys to use, but has no meaning without more. */
function refuseHalf(at: Named): undefined {
  const { all } = at.profile;
  for (const [half, rest] of [
    ["sso_session", "sso_account_id and sso_role_name"],
    ["sso_start_url", "sso_account_id and sso_role_name"],
    ["source_profile", "role_arn"],
    ["credential_source", "role_arn"],
  ] as const) {
    if (all.has(half)) throw broken(`${theProfile(at)} has ${half}, but not ${rest}`);
  }
  return undefined;
}

function keysIn(section: IniSection, name: string): AwsKeys | undefined {
  const value = (key: string): string | undefined => {
    const found = section.get(key);
    // A block is no key; the check says so without a look at it.
    return found === undefined || typeof found === "string" ? found : "{}";
  };
  const token = section.has("aws_security_token") ? "aws_security_token" : "aws_session_token";
  return checkKeys(
    {
      id: ["aws_access_key_id", value("aws_access_key_id")],
      secret: ["aws_secret_access_key", value("aws_secret_access_key")],
      // An empty one is none, as in a file that was filled from a template.
      session: [token, value(token) || undefined],
    },
    ` of the AWS profile ${shown(name)}`,
  );
}

async function assume(resolver: Resolver, at: Named, visited: ReadonlySet<string>): Promise<AwsKeys> {
  const { all } = at.profile;
  const role = roleOf(at, resolver.parameters);
  if (all.has("mfa_serial")) {
    throw broken(`${theProfile(at)} asks for an MFA code`, "use a profile of aws sso login or aws login");
  }
  const keys = all.has("source_profile")
    ? await keysOfSource(resolver, at, visited)
    : all.has("credential_source")
      ? await resolver.sourceKeys(text(at, "credential_source"))
      : undefined;
  if (keys === undefined) {
    throw broken(`${theProfile(at)} has role_arn, but neither source_profile nor credential_source`);
  }
  const { assumeRole } = await import("./sts.ts");
  return assumeRole(keys, role, stsAt(at, resolver.parameters), resolver.context);
}

async function keysOfSource(resolver: Resolver, at: Named, visited: ReadonlySet<string>): Promise<AwsKeys> {
  if (at.profile.all.has("credential_source")) {
    throw broken(`${theProfile(at)} has both source_profile and credential_source`);
  }
  const name = text(at, "source_profile");
  const profile = resolver.shared.profiles.get(name);
  if (profile === undefined) {
    throw broken(`the AWS profile ${shown(name)}, which ${shown(at.name)} is built on, is missing`);
  }
  const hasKeys = profile.all.has("aws_access_key_id") || profile.all.has("aws_secret_access_key");
  // A profile may be built on its own keys, and on no other one twice.
  if (visited.has(name) && !(name === at.name && hasKeys)) {
    throw broken(`${theProfile(at)} is built on itself`, "correct source_profile");
  }
  const keys = await resolve(resolver, { name, profile }, new Set([...visited, name]), true);
  if (keys !== undefined) return keys;
  throw broken(`the AWS profile ${shown(name)}, which ${shown(at.name)} is built on, gives no keys`);
}

async function webIdentity({ parameters, context }: Resolver, at: Named): Promise<AwsKeys> {
  const role = roleOf(at, parameters);
  const of = ` of the AWS profile ${shown(at.name)}`;
  const token = readWebIdentityToken(text(at, "web_identity_token_file"), `web_identity_token_file${of}`);
  const { assumeRoleWithWebIdentity } = await import("./sts.ts");
  return assumeRoleWithWebIdentity(new Secret(token), role, stsAt(at, parameters), context);
}

async function signedIn({ shared, context }: Resolver, at: Named): Promise<AwsKeys> {
  const { all } = at.profile;
  const sessionName = all.has("sso_session") ? text(at, "sso_session") : undefined;
  const session = sessionName === undefined ? undefined : shared.ssoSessions.get(sessionName);
  if (sessionName !== undefined && session === undefined) {
    throw broken(`${theProfile(at)} is incomplete: there is no sso-session ${shown(sessionName)}`);
  }
  const merged = new Map([...all, ...(session ?? [])]);
  for (const key of ["sso_start_url", "sso_region", "sso_account_id", "sso_role_name"]) {
    if (!merged.get(key)) throw broken(`${theProfile(at)} is incomplete: it has no ${key}`);
    if (all.has(key) && all.get(key) !== merged.get(key)) {
      throw broken(`${theProfile(at)} and its sso-session have different values for ${key}`);
    }
  }
  const { ssoKeys } = await import("./sso.ts");
  return ssoKeys(at.name, merged, sessionName, context);
}

async function signedInByLogin({ parameters, context }: Resolver, at: Named): Promise<AwsKeys> {
  const { loginKeys } = await import("./sso.ts");
  const region = at.profile.all.has("region") ? text(at, "region") : parameters.region;
  return loginKeys(at.name, text(at, "login_session"), region, context);
}

function roleOf(at: Named, parameters: AwsEndpointParameters): Role {
  const { all } = at.profile;
  if (!all.has("role_arn")) throw broken(`${theProfile(at)} has web_identity_token_file, but not role_arn`);
  const roleArn = text(at, "role_arn");
  checkRolePartition(roleArn, parameters, `role_arn of the AWS profile ${shown(at.name)}`);
  const seconds = Number(all.get("duration_seconds"));
  const sessionName = all.get("role_session_name");
  return {
    roleArn,
    ...(sessionName ? { sessionName: text(at, "role_session_name") } : {}),
    ...(all.get("external_id") ? { externalId: text(at, "external_id") } : {}),
    ...(Number.isInteger(seconds) && seconds > 0 ? { durationSeconds: seconds } : {}),
  };
}

/** A profile's own region is where its role is assumed; the partition has been checked. */
const stsAt = (at: Named, parameters: AwsEndpointParameters): AwsEndpointParameters =>
  at.profile.all.get("region") ? { ...parameters, region: text(at, "region") } : parameters;

/** Throws a Failure for an empty value and for a block. */
function text(at: Named, key: string): string {
  const value = at.profile.all.get(key);
  if (typeof value === "string" && value !== "") return value;
  throw broken(`${key} of the AWS profile ${shown(at.name)} is empty`);
}

const theProfile = ({ name }: Named): string => `the AWS profile ${shown(name)}`;

function broken(message: string, hint = "correct ~/.aws/config or ~/.aws/credentials"): Failure {
  return new Failure("aws-no-credentials", message, { hint });
}
