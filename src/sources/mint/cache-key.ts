// What tells one mint from another, as text for the cache key: the target, the configured identity, and whatever in
// the environment could change either. Reads no file and no clock, asks nobody; secrets appear as hashes only.

import { statSync } from "node:fs";
import { kindOf, type MintPlan } from "../../core/identity.ts";
import { sha256 } from "../../core/sha256.ts";
import { endpointParameters, serviceOf } from "../aws/endpoint.ts";
import { sharedFiles } from "../aws/files.ts";
import { variable } from "../cloud/variable.ts";
import { credentialPath } from "../google/files.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Whose presence or value steers AWS's default chain, a machine's identity included. */
const AWS_VARIABLES = [
  "AWS_PROFILE",
  "AWS_DEFAULT_PROFILE",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_SECURITY_TOKEN",
  "AWS_ROLE_ARN",
  "AWS_ROLE_SESSION_NAME",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_EC2_METADATA_SERVICE_ENDPOINT",
  "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
];
const GOOGLE_VARIABLES = ["GCE_METADATA_HOST", "GCE_METADATA_IP", "METADATA_SERVER_DETECTION"];
/** What a federation file from AWS may take its keys and its region from. */
const FEDERATION_VARIABLES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_REGION",
  "AWS_DEFAULT_REGION",
];

/**
 * Equal for two mints that may share a token, in one environment. `home` is where the shared files are.
 *
 * A machine's identity is fingerprinted like the default chain, AWS_PROFILE included: whether the machine has an
 * identity of its own is only known after asking it, and where it has none, the chain decides. The price of a
 * profile that changes nothing is one more token; leaving it out could hand one identity's token to another.
 */
export function mintFingerprint(plan: MintPlan, env: Env, home: string | undefined): string {
  const { cloud, base, identity = null } = plan;
  switch (cloud.kind) {
    case "ecr":
    case "ecr-public": {
      // Of the FIPS and dual-stack variables only what they make of the endpoint counts: `false` and unset are the same.
      const endpoints = hashes(env, [`AWS_ENDPOINT_URL_${serviceOf(cloud)}`, "AWS_ENDPOINT_URL_STS"]);
      const surroundings = awsSurroundings(plan, env, home);
      return text(cloud.kind, endpointParameters(cloud, env), endpoints, base, identity, surroundings);
    }
    case "gar":
      return text("gar", base, identity, plan.googleScopes, googleSurroundings(plan, env, home));
  }
}

function awsSurroundings({ identity, audience }: MintPlan, env: Env, home: string | undefined): unknown {
  if (identity !== undefined && kindOf(identity).byIdToken) return [audience];
  const files = sharedFiles(env, home);
  return [
    // A profile that is named in the configuration is not another one for a variable, but may build on the rest.
    hashes(env, identity?.kind === "profile" ? AWS_VARIABLES.slice(2) : AWS_VARIABLES),
    variable(env, "AWS_EC2_METADATA_DISABLED")?.toLowerCase() === "true",
    fileMark(files?.filepath),
    fileMark(files?.configFilepath),
  ];
}

function googleSurroundings({ identity, audience }: MintPlan, env: Env, home: string | undefined): unknown {
  if (identity !== undefined && kindOf(identity).byIdToken) return [audience];
  const path = credentialPath(env, home)?.path;
  const federation = path === undefined ? [] : hashes(env, FEDERATION_VARIABLES);
  return [hashes(env, GOOGLE_VARIABLES), fileMark(path), federation];
}

/** A file that is written again is another one, whatever it then says. */
function fileMark(path: string | undefined): readonly (string | number)[] {
  if (path === undefined) return [];
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? [path] : [path, stat.size, stat.mtimeMs];
  } catch {
    return [path];
  }
}

/** Names are shown, values never are: a URL or a key id may be as good as a secret. */
function hashes(env: Env, names: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (const name of names) {
    const value = variable(env, name);
    if (value !== undefined) found.push(`${name}=${sha256(value).slice(0, 16)}`);
  }
  return found;
}

const text = (...parts: readonly unknown[]): string => JSON.stringify(parts);
