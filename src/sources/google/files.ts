// Google's application default credentials on disk: the file that a variable names, else the one that gcloud keeps.
// Found and parsed here, with no SDK and no gcloud.

import { type Endpoint, isSafeEndpoint, parseEndpoint } from "../../core/endpoint.ts";
import { isRecord, isText } from "../../core/entry.ts";
import { Failure } from "../../core/failures.ts";
import { joinPath } from "../../core/paths.ts";
import { readTokenFile } from "../../edge/token-file.ts";
import type { CredentialFile } from "./clients.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Where the file would be; `named`: the user said so, it must be there. */
export function credentialPath(
  env: Env,
  home: string | undefined,
): { readonly path: string; readonly named: boolean } | undefined {
  const named = env.GOOGLE_APPLICATION_CREDENTIALS;
  if (named) return { path: named, named: true };
  const directory =
    env.CLOUDSDK_CONFIG || (home === undefined ? undefined : joinPath(home, ".config", "gcloud"));
  if (directory === undefined) return undefined;
  return { path: joinPath(directory, "application_default_credentials.json"), named: false };
}

/** Undefined when there is none. Throws a Failure for one that cannot be used. */
export function credentialFile(env: Env, home: string | undefined): CredentialFile | undefined {
  const place = credentialPath(env, home);
  const text = place === undefined ? undefined : readTokenFile(place.path);
  if (place === undefined || (text === undefined && !place.named)) return undefined;
  if (text === undefined) {
    throw unusable("the file that GOOGLE_APPLICATION_CREDENTIALS names cannot be read");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isRecord(value)) return value;
  throw unusable("the file of Google's application default credentials holds no JSON object");
}

function unusable(message: string): Failure {
  return new Failure("google-no-credentials", message, {
    hint: "correct GOOGLE_APPLICATION_CREDENTIALS, or run gcloud auth application-default login",
  });
}

/** Where a key or a refresh token is exchanged; the kinds for federation have a `token_url` that the library obeys. */
export function tokenUriOf(file: Readonly<Record<string, unknown>>): Endpoint | undefined {
  const endpoint = isText(file.token_uri) ? parseEndpoint(file.token_uri) : undefined;
  return endpoint !== undefined && isSafeEndpoint(endpoint) ? endpoint : undefined;
}
