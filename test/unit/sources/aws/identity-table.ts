// The table fixtures/clouds/aws-identity.tsv, and a machine for each of its rows: variables, the two shared files, and
// the stand-ins that say who has signed. An instance with a role is always there: whoever hands on too easily gets it.

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeWebIdentity } from "../../../stand-ins/clouds/aws-files.ts";
import { type Clouds, startClouds } from "../../../stand-ins/clouds/clouds.ts";
import { newIssuer } from "../../../stand-ins/clouds/issuer.ts";
import { type AccessKey, keyEnv } from "../../../stand-ins/clouds/key-ring.ts";

export interface Row {
  readonly name: string;
  readonly variables: string;
  readonly config: string;
  readonly credentials: string;
  /** Who signed for AWS's CLI: `A`, `pull by A`, `instance`, …, or `failure`. */
  readonly cli: string;
  /** The same for us, where it differs, or `failure: ` and words of its line. */
  readonly ours: string;
}

export const TABLE = new URL("../../../../fixtures/clouds/aws-identity.tsv", import.meta.url);
const ROLE = "arn:aws:iam::111122223333:role/pull";

export function readTable(): readonly Row[] {
  const lines = readFileSync(TABLE, "utf8").split("\n");
  return lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [name = "", variables = "", config = "", credentials = "", cli = "", ours = ""] =
        line.split("\t");
      return { name, variables, config, credentials, cli, ours: ours === "=" ? cli : ours };
    });
}

export interface Machine {
  readonly clouds: Clouds;
  readonly env: Record<string, string>;
  /** Who signed the last call to ECR, and for a role who asked for it; `failure` when nobody did. */
  signer(): string;
}

/** The machine of `row` below `home`. */
export async function machineOf(row: Row, home: string): Promise<Machine> {
  const issuer = newIssuer("https://oidc.eks.example");
  const oidc = [{ issuer: issuer.issuer, keys: issuer.jwks }];
  const clouds = await startClouds({
    ecr: {},
    imds: {},
    container: {},
    sts: { roles: [{ arn: ROLE }], oidc },
  });
  const {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: uri = "",
    AWS_CONTAINER_AUTHORIZATION_TOKEN: header = "",
    ...quiet
  } = clouds.env;
  const keys = { A: userKey(clouds, "A"), B: userKey(clouds, "B") };
  const token = issuer.token("sts.amazonaws.com");
  const fill = (text: string): string => filled(text, keys, home);
  const env: Record<string, string> = { ...quiet, HOME: home };
  for (const word of row.variables.split(" ").filter((it) => it !== "")) {
    if (word === "{A}") Object.assign(env, keyEnv(keys.A));
    else if (word === "{web}") Object.assign(env, writeWebIdentity(home, { token, roleArn: ROLE }));
    else if (word === "{container}") {
      Object.assign(env, {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: uri,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: header,
      });
    } else {
      const [, name = "", value = ""] = /^([A-Z_]+)=(.*)$/.exec(word) ?? [];
      env[name] = fill(value);
    }
  }
  mkdirSync(join(home, ".aws"));
  if (row.config !== "") writeFileSync(join(home, ".aws", "config"), fill(row.config));
  if (row.credentials !== "") writeFileSync(join(home, ".aws", "credentials"), fill(row.credentials));
  return { clouds, env, signer: () => signerAt(clouds) };
}

const userKey = (clouds: Clouds, name: string): AccessKey =>
  clouds.ring.permanent(`arn:aws:iam::111122223333:user/${name}`);

function filled(text: string, keys: Record<"A" | "B", AccessKey>, home: string): string {
  const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t", s: " ", ufeff: "\ufeff" };
  return text
    .replace(/\\(ufeff|[nrts])/g, (_, name: string) => escapes[name] ?? "")
    .replace(/\{([AB])\.id\}/g, (_, name: "A" | "B") => keys[name].accessKeyId)
    .replace(/\{([AB])\.secret\}/g, (_, name: "A" | "B") => keys[name].secretAccessKey)
    .replace(/\{([AB])\}/g, (_, name: "A" | "B") => {
      const { accessKeyId, secretAccessKey } = keys[name];
      return `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}`;
    })
    .replaceAll("{role}", ROLE)
    .replace(/\{process ([AB])\}/g, (_, name: "A" | "B") => printsKeys(home, keys[name]));
}

function printsKeys(home: string, { accessKeyId, secretAccessKey }: AccessKey): string {
  const path = join(home, "print-keys");
  const text = JSON.stringify({ Version: 1, AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey });
  writeFileSync(path, `#!/bin/sh\nprintf '%s' '${text}'\n`);
  chmodSync(path, 0o700);
  return path;
}

function signerAt({ ecr, sts }: Clouds): string {
  const last = ecr.journal.last();
  if (last?.status !== 200) return "failure";
  const name = shortName(last.principal);
  return name === "pull"
    ? `pull by ${shortName(sts.journal.last("AssumeRole")?.principal) || "token"}`
    : name;
}

function shortName(principal = ""): string {
  const [, kind = "", name = ""] = /:(user|assumed-role)\/([^/]+)/.exec(principal) ?? [];
  if (kind === "user") return name;
  return { environment: "instance", pod: "container" }[name] ?? name;
}
