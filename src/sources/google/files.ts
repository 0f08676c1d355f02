// Google's application default credentials on disk: the file that a variable names, else the one that gcloud keeps.
// Found and parsed here, with no SDK and no gcloud.

import { type Endpoint, isSafeEndpoint, parseEndpoint } from "../../core/endpoint.ts";
import { isRecord, isText } from "../../core/entry.ts";
import { Failure } from "../../core/failures.ts";
import { parseForeignJson } from "../../core/foreign-json.ts";
import { joinPath } from "../../core/paths.ts";
import { withoutByteOrderMark } from "../../core/text.ts";
import { type NamedFile, readNamedFile } from "../cloud/named-file.ts";
import { variable } from "../cloud/variable.ts";

/** A parsed file, its fields unchecked. */
export type CredentialFile = Readonly<Record<string, unknown>>;

type Env = Readonly<Record<string, string | undefined>>;

/** Where the file would be; `named`: the user said so, it must be there. */
export function credentialPath(
  env: Env,
  home: string | undefined,
): { readonly path: string; readonly named: boolean } | undefined {
  const named = variable(env, "GOOGLE_APPLICATION_CREDENTIALS");
  if (named !== undefined) return { path: named, named: true };
  const directory =
    variable(env, "CLOUDSDK_CONFIG") ??
    (home === undefined ? undefined : joinPath(home, ".config", "gcloud"));
  if (directory === undefined) return undefined;
  return { path: joinPath(directory, "application_default_credentials.json"), named: false };
}

/** Undefined when there is none. Throws a Failure for one that cannot be used. */
export function credentialFile(env: Env, home: string | undefined): CredentialFile | undefined {
  const place = credentialPath(env, home);
  const file: NamedFile = place === undefined ? { kind: "absent" } : readNamedFile(place.path);
  if (file.kind !== "text") {
    if (file.kind === "absent" && place?.named !== true) return undefined;
    throw unusable(`${credentialFileName(env)} ${file.kind === "absent" ? "is not there" : file.why}`);
  }
  let value: unknown;
  try {
    value = parseForeignJson(withoutByteOrderMark(file.text));
  } catch {
    value = undefined;
  }
  if (isRecord(value)) return value;
  throw unusable(`${credentialFileName(env)} holds no JSON object`);
}

/** For messages: what is of no use is named by the variable, or by the file that gcloud keeps. */
export function credentialFileName(env: Env): string {
  return variable(env, "GOOGLE_APPLICATION_CREDENTIALS") === undefined
    ? "gcloud's application_default_credentials.json"
    : "the file that GOOGLE_APPLICATION_CREDENTIALS names";
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
