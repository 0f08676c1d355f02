// The two shared AWS files as one set of profiles, merged as the CLI merges them: what the credentials file says of a
// profile wins, and each file's keys stay a set of their own. Reads; never writes.

import { Failure } from "../../core/failures.ts";
import type { MintContext } from "../cloud/context.ts";
import { type NamedFile, readNamedFile } from "../cloud/named-file.ts";
import { variable } from "../cloud/variable.ts";
import { sharedFiles } from "./files.ts";
import { type IniSection, nameIn, parseIni } from "./ini.ts";

export interface Profile {
  readonly all: IniSection;
  /** What each of the files says by itself. */
  readonly inCredentials: IniSection;
  readonly inConfig: IniSection;
}

export interface SharedConfig {
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly ssoSessions: ReadonlyMap<string, IniSection>;
}

type Sections = ReadonlyMap<string, IniSection>;

/** Throws a Failure for a file that is there and cannot be read or parsed. */
export function readSharedConfig({ env, home }: Pick<MintContext, "env" | "home">): SharedConfig {
  const files = sharedFiles(env, home);
  const config = read(files?.configFilepath, "AWS_CONFIG_FILE", env);
  const credentials = read(files?.filepath, "AWS_SHARED_CREDENTIALS_FILE", env);
  const inConfig = named(config, "profile");
  const profiles = new Map<string, Profile>();
  for (const name of [...inConfig.keys(), ...credentials.keys()]) {
    const parts = {
      inConfig: inConfig.get(name) ?? NOTHING,
      inCredentials: credentials.get(name) ?? NOTHING,
    };
    profiles.set(name, { ...parts, all: new Map([...parts.inConfig, ...parts.inCredentials]) });
  }
  return { profiles, ssoSessions: named(config, "sso-session") };
}

const NOTHING: IniSection = new Map();

/** By the name in the header; a later section takes the place of an earlier one of the same name. */
function named(sections: Sections, kind: "profile" | "sso-session"): Sections {
  const found = new Map<string, IniSection>();
  for (const [header, section] of sections) {
    const name = kind === "profile" && header === "default" ? header : nameIn(header, kind);
    if (name !== undefined) found.set(name, section);
  }
  return found;
}

function read(path: string | undefined, name: string, env: MintContext["env"]): Sections {
  const file: NamedFile = path === undefined ? { kind: "absent" } : readNamedFile(path);
  if (file.kind === "absent") return new Map();
  const parsed = file.kind === "text" ? parseIni(file.text) : undefined;
  if (parsed?.kind === "sections") return parsed.sections;
  const usual = name === "AWS_CONFIG_FILE" ? "~/.aws/config" : "~/.aws/credentials";
  const shown = variable(env, name) === undefined ? usual : `the file that ${name} names`;
  const why =
    parsed === undefined
      ? file.kind === "unusable" && file.why
      : `is broken at line ${parsed.line}: ${parsed.why}`;
  throw new Failure("aws-no-credentials", `${shown} ${why}`, {
    hint: "correct the file: the AWS CLI does not read it either",
  });
}
