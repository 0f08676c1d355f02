// Writes what the AWS SDK reads from a home directory: shared config and credentials, an SSO cache, token files.
// It writes only below the directory that it is given, 0600.

import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { AccessKey } from "./key-ring.ts";

export type Section = Record<string, string>;

export interface AwsHome {
  /** Sections of ~/.aws/config by full title: `default`, `profile dev`, `sso-session corp`. */
  config?: Record<string, Section>;
  /** Sections of ~/.aws/credentials by profile name. */
  credentials?: Record<string, Section>;
}

/** Returns the variables that lead there; the SSO cache is only found through HOME, whatever else is set. */
export function writeAwsHome(home: string, files: AwsHome): Record<string, string> {
  const config = join(home, ".aws", "config");
  const credentials = join(home, ".aws", "credentials");
  write(config, ini(files.config ?? {}));
  write(credentials, ini(files.credentials ?? {}));
  return { HOME: home, AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: credentials };
}

export function keySection(key: AccessKey): Section {
  return {
    aws_access_key_id: key.accessKeyId,
    aws_secret_access_key: key.secretAccessKey,
    ...(key.sessionToken === undefined ? {} : { aws_session_token: key.sessionToken }),
  };
}

export interface SsoProfile {
  profile: string;
  /** When the login ended. */
  endedAtMs: number;
  /** Without a session the profile is of the older kind, `sso_start_url` in the profile itself. */
  session?: string;
}

/** A profile whose SSO login has ended and cannot be renewed without the user. */
export function writeExpiredSso(home: string, sso: SsoProfile): Record<string, string> {
  const portal = { sso_start_url: "https://corp.awsapps.com/start", sso_region: "us-east-1" };
  const account = { sso_account_id: "111122223333", sso_role_name: "Pull", region: "us-east-1" };
  const title = `profile ${sso.profile}`;
  const config =
    sso.session === undefined
      ? { [title]: { ...portal, ...account } }
      : { [title]: { ...account, sso_session: sso.session }, [`sso-session ${sso.session}`]: portal };
  const cacheName = createHash("sha1")
    .update(sso.session ?? portal.sso_start_url)
    .digest("hex");
  const login = {
    startUrl: portal.sso_start_url,
    region: portal.sso_region,
    accessToken: "an-access-token-that-has-ended",
    expiresAt: new Date(sso.endedAtMs).toISOString().replace(/\.\d{3}Z$/, "Z"),
  };
  write(join(home, ".aws", "sso", "cache", `${cacheName}.json`), JSON.stringify(login));
  return { ...writeAwsHome(home, { config }), AWS_PROFILE: sso.profile };
}

export interface WebIdentity {
  token: string;
  roleArn: string;
  sessionName?: string;
}

/** What EKS puts into a pod. */
export function writeWebIdentity(directory: string, identity: WebIdentity): Record<string, string> {
  const file = join(directory, "web-identity-token");
  write(file, identity.token);
  return {
    AWS_WEB_IDENTITY_TOKEN_FILE: file,
    AWS_ROLE_ARN: identity.roleArn,
    ...(identity.sessionName === undefined ? {} : { AWS_ROLE_SESSION_NAME: identity.sessionName }),
  };
}

/** The container authorization token in a file instead of a variable. */
export function writeContainerToken(directory: string, authorization: string): Record<string, string> {
  const file = join(directory, "container-authorization-token");
  write(file, authorization);
  return { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file };
}

function ini(sections: Record<string, Section>): string {
  return Object.entries(sections)
    .map(([title, section]) => {
      const lines = Object.entries(section).map(([key, value]) => `${key} = ${value}`);
      return `[${title}]\n${lines.join("\n")}\n`;
    })
    .join("\n");
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, text, { mode: 0o600 });
}
