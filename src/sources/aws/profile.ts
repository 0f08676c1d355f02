// A profile of the shared AWS files, resolved by hand: the SDK's own resolver opens its own connections to metadata
// servers. Parsing the files, single sign-on and `aws login` are the SDK's. Nothing is written but what those renew.

import { parseKnownFiles } from "@smithy/core/config";
import { Failure } from "../../core/failures.ts";
import { Secret } from "../../core/secret.ts";
import { readTokenFile } from "../../edge/token-file.ts";
import type { MintContext } from "../mint/mint.ts";
import { type AwsPlace, checkRolePartition } from "./endpoint.ts";
import { sharedFiles } from "./files.ts";
import { type AwsKeys, keysOf } from "./keys.ts";
import type { Role } from "./sts.ts";

type Profile = Readonly<Record<string, string | undefined>>;

/** Where `credential_source` of a profile may send us. Throws a Failure when there are no keys. */
export type CredentialSource = (name: string) => Promise<AwsKeys>;

interface Resolver {
  readonly profiles: Readonly<Record<string, Profile>>;
  readonly place: AwsPlace;
  readonly context: MintContext;
  readonly sourceKeys: CredentialSource;
}

/** The profile's keys; `empty`: it is there and names no way to any. Throws a Failure. */
export async function profileKeys(
  name: string,
  place: AwsPlace,
  context: MintContext,
  sourceKeys: CredentialSource,
): Promise<AwsKeys | "missing" | "empty"> {
  const files = sharedFiles(context.env, context.home);
  const profiles = files === undefined ? {} : await parseKnownFiles({ ...files, ignoreCache: true });
  if (!Object.hasOwn(profiles, name)) return "missing";
  return (await resolve({ profiles, place, context, sourceKeys }, name, new Set())) ?? "empty";
}

async function resolve(
  resolver: Resolver,
  name: string,
  visited: ReadonlySet<string>,
): Promise<AwsKeys | undefined> {
  const { profiles, context } = resolver;
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (profile === undefined) return undefined;
  const fixed = keysOf(profile.aws_access_key_id, profile.aws_secret_access_key, profile.aws_session_token);
  // As in the SDK: the keys of a profile that another one builds on come before its own role.
  if (fixed !== undefined && visited.size > 0) return fixed;
  if (profile.role_arn && (profile.source_profile || profile.credential_source)) {
    return assume(resolver, name, profile, new Set([...visited, name]));
  }
  if (fixed !== undefined) return fixed;
  if (profile.role_arn && profile.web_identity_token_file) return webIdentity(resolver, name, profile);
  if (profile.credential_process) {
    const { processKeys } = await import("./process.ts");
    return processKeys(profile.credential_process, name, context);
  }
  if (profile.sso_start_url || profile.sso_session) {
    const { ssoKeys } = await import("./sso.ts");
    return ssoKeys(name, context);
  }
  if (profile.login_session) {
    const { loginKeys } = await import("./sso.ts");
    return loginKeys(name, profile.region ?? resolver.place.region, context);
  }
  return undefined;
}

async function assume(
  resolver: Resolver,
  name: string,
  profile: Profile,
  visited: ReadonlySet<string>,
): Promise<AwsKeys> {
  const { place, context } = resolver;
  const source = profile.source_profile;
  if (profile.mfa_serial) throw needsCode(name);
  // A profile may build on its own keys, and on no other one twice.
  if (source !== undefined && source !== name && visited.has(source)) throw circular(name);
  const own = source === name ? resolver.profiles[name] : undefined;
  const keys =
    source === undefined
      ? await resolver.sourceKeys(profile.credential_source ?? "")
      : own === undefined
        ? await resolve(resolver, source, visited)
        : keysOf(own.aws_access_key_id, own.aws_secret_access_key, own.aws_session_token);
  if (keys === undefined) throw noSource(name, source ?? "");
  const { assumeRole } = await import("./sts.ts");
  return assumeRole(keys, roleOf(profile, name, place), stsAt(profile, place), context);
}

async function webIdentity({ place, context }: Resolver, name: string, profile: Profile): Promise<AwsKeys> {
  const token = readTokenFile(profile.web_identity_token_file ?? "")?.trim();
  if (!token) {
    const message = `the web identity token file of the AWS profile ${shown(name)} cannot be read`;
    throw new Failure("aws-no-credentials", message, { hint: "check web_identity_token_file" });
  }
  const { assumeRoleWithWebIdentity } = await import("./sts.ts");
  const role = roleOf(profile, name, place);
  return assumeRoleWithWebIdentity(new Secret(token), role, stsAt(profile, place), context);
}

function roleOf(profile: Profile, name: string, place: AwsPlace): Role {
  const roleArn = profile.role_arn ?? "";
  checkRolePartition(roleArn, place, `role_arn of the AWS profile ${shown(name)}`);
  const seconds = Number(profile.duration_seconds);
  return {
    roleArn,
    ...(profile.role_session_name ? { sessionName: profile.role_session_name } : {}),
    ...(profile.external_id ? { externalId: profile.external_id } : {}),
    ...(Number.isInteger(seconds) && seconds > 0 ? { durationSeconds: seconds } : {}),
  };
}

/** A profile's own region is where its role is assumed; the partition has been checked. */
const stsAt = (profile: Profile, place: AwsPlace): AwsPlace =>
  profile.region ? { ...place, region: profile.region } : place;

/** Names come from the user's own files; they are shown shortened. */
export const shown = (name: string): string => name.slice(0, 60);

function needsCode(name: string): Failure {
  return new Failure("aws-no-credentials", `the AWS profile ${shown(name)} asks for an MFA code`, {
    hint: "use a profile that signs in with aws sso login or aws login",
  });
}

function circular(name: string): Failure {
  return new Failure("aws-no-credentials", `the AWS profile ${shown(name)} is built on itself`, {
    hint: "correct source_profile",
  });
}

function noSource(name: string, source: string): Failure {
  const message = `the AWS profile ${shown(source)}, which ${shown(name)} is built on, gives no keys`;
  return new Failure("aws-no-credentials", message, { hint: "correct source_profile" });
}
