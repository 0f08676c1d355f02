// Credential files of Google, in the forms that gcloud writes, for the accounts of the stand-ins. It makes the
// objects and writes them only where it is told to.

import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clouds } from "./clouds.ts";
import { impersonationPath } from "./google-iam.ts";
import { type GoogleUser, OAUTH_URL, type ServiceAccount } from "./google-oauth.ts";
import { fullProviderName } from "./google-sts.ts";

/** Who most tests are about. */
export const SOME_USER: GoogleUser = {
  email: "dev@example.com",
  clientId: "id-1",
  clientSecret: "secret-1",
  refreshToken: "refresh-1",
};
export const SOME_ACCOUNT = "target@project-1234.iam.gserviceaccount.com";
export const SOME_PROVIDER = "projects/123456789/locations/global/workloadIdentityPools/ona/providers/ona";

export interface ServiceAccountKey {
  /** For `googleOAuth.settings.serviceAccounts`. */
  account: ServiceAccount;
  file: {
    type: "service_account";
    project_id: string;
    private_key_id: string;
    private_key: string;
    client_email: string;
    client_id: string;
    token_uri: string;
    universe_domain: string;
  };
}

export function newServiceAccountKey(
  email = "puller@project-1234.iam.gserviceaccount.com",
): ServiceAccountKey {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    account: { email, publicKey },
    file: {
      type: "service_account",
      project_id: "project-1234",
      private_key_id: "0123456789abcdef0123456789abcdef01234567",
      private_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      client_email: email,
      client_id: "100000000000000000000",
      token_uri: OAUTH_URL,
      universe_domain: "googleapis.com",
    },
  };
}

export function authorizedUserFile(user: GoogleUser) {
  return {
    type: "authorized_user" as const,
    client_id: user.clientId,
    client_secret: user.clientSecret,
    refresh_token: user.refreshToken,
    account: user.email,
    universe_domain: "googleapis.com",
  };
}

export interface ExternalAccount {
  /** Name of a provider of `googleSts`. */
  provider: string;
  subjectTokenFile: string;
  /** E-mail to impersonate. */
  serviceAccount?: string;
}

/** With the URLs of the stand-ins in the two places where a file may name its own. */
export function externalAccountFile(clouds: Clouds, wanted: ExternalAccount) {
  return {
    type: "external_account" as const,
    audience: fullProviderName(wanted.provider),
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    token_url: `${clouds.googleSts.url}/v1/token`,
    credential_source: { file: wanted.subjectTokenFile },
    universe_domain: "googleapis.com",
    ...(wanted.serviceAccount === undefined
      ? {}
      : {
          service_account_impersonation_url: clouds.googleIam.url + impersonationPath(wanted.serviceAccount),
        }),
  };
}

/** What `gcloud auth application-default login --impersonate-service-account` writes. */
export function impersonatedFile(clouds: Clouds, source: object, email: string) {
  return {
    type: "impersonated_service_account" as const,
    service_account_impersonation_url: clouds.googleIam.url + impersonationPath(email),
    source_credentials: source,
    delegates: [],
  };
}

/** As GOOGLE_APPLICATION_CREDENTIALS; returns the variable. */
export function writeGoogleCredentials(directory: string, file: object): Record<string, string> {
  const path = join(directory, "google-credentials.json");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(path, JSON.stringify(file), { mode: 0o600 });
  return { GOOGLE_APPLICATION_CREDENTIALS: path };
}
