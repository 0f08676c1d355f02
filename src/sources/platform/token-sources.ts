// Where the platform token comes from, in the contract's order. Where an environment keeps its own token is not
// documented, so the order ends with the places that people use by hand.

import type { Config } from "../../core/config.ts";
import { isRecord } from "../../core/entry.ts";
import { Failure } from "../../core/failures.ts";
import { Secret } from "../../core/secret.ts";
import { readTokenFile } from "../../edge/token-file.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface TokenSource {
  /** For messages. */
  readonly name: string;
  /** True when the source is there at all; asked without a network call or starting a program. */
  isPresent(): boolean;
  /** What tells this source's content from another's, for cache keys: the token, or a command's arguments. */
  mark(): string;
  /** Undefined: it holds no token. Rejects with a CommandTrouble when a command gave none. */
  read(run: (command: readonly string[]) => Promise<string>): Promise<Secret | undefined>;
}

/** Seen in the vendor's own scripts of 2024; whether it is still written is not documented. */
export const INITIAL_SPEC = "/usr/local/gitpod/config/initial-spec.json";
const OWN_VARIABLE = "DOCKER_CREDENTIAL_ONA_TOKEN";
/** Usually personal tokens, which cannot read values. */
const LAST_VARIABLES = ["ONA_TOKEN", "GITPOD_TOKEN", "ONA_API_KEY", "GITPOD_API_KEY"] as const;

export function tokenSources(config: Config, env: Env): readonly TokenSource[] {
  const { tokenFile, tokenJson, tokenCommand } = config;
  return [
    fromVariable(OWN_VARIABLE, env),
    ...(tokenFile === undefined ? [] : [fromText(`the file ${tokenFile}`, () => readTokenFile(tokenFile))]),
    ...(tokenJson === undefined ? [] : [fromJson(tokenJson.file, tokenJson.key)]),
    ...(tokenCommand === undefined ? [] : [fromCommand(tokenCommand)]),
    fromJson(INITIAL_SPEC, "environmentToken"),
    ...LAST_VARIABLES.map((name) => fromVariable(name, env)),
  ];
}

function fromVariable(name: string, env: Env): TokenSource {
  return fromText(name, () => env[name]);
}

function fromJson(file: string, key: string): TokenSource {
  return fromText(`the key ${key} of ${file}`, () => {
    const text = readTokenFile(file);
    if (text === undefined) return undefined;
    try {
      const fields: unknown = JSON.parse(text);
      const value = isRecord(fields) && Object.hasOwn(fields, key) ? fields[key] : undefined;
      return typeof value === "string" ? value : undefined;
    } catch {
      return undefined;
    }
  });
}

function fromText(name: string, text: () => string | undefined): TokenSource {
  return {
    name,
    isPresent: () => toToken(text()) !== undefined,
    mark: () => `${name}\n${toToken(text())?.expose() ?? ""}`,
    read: async () => toToken(text()),
  };
}

function fromCommand(command: readonly string[]): TokenSource {
  return {
    name: `the command ${command[0]}`,
    isPresent: () => true,
    mark: () => `command\n${JSON.stringify(command)}`,
    read: async (run) => toToken(await run(command)),
  };
}

/** Only what may stand in a header; surrounding white space is the file's. */
function toToken(text: string | undefined): Secret | undefined {
  const token = text?.trim() ?? "";
  return /^[\x21-\x7e]+$/.test(token) ? new Secret(token) : undefined;
}

/** `reasons`: why sources that are there gave none. */
export function noToken(reasons: readonly string[] = []): Failure {
  const why =
    reasons.length === 0
      ? "no platform token was found"
      : `no platform token could be had: ${reasons.join(", ")}`;
  return new Failure("no-token", why, {
    hint: "set DOCKER_CREDENTIAL_ONA_TOKEN or name a token source in the configuration",
  });
}

/** The configured files that hold no token, for the message. */
export function emptyFiles(config: Config): readonly string[] {
  const { tokenFile, tokenJson } = config;
  const files = [
    ...(tokenFile === undefined ? [] : [fromText(`the file ${tokenFile}`, () => readTokenFile(tokenFile))]),
    ...(tokenJson === undefined ? [] : [fromJson(tokenJson.file, tokenJson.key)]),
  ];
  return files.filter((source) => !source.isPresent()).map(({ name }) => `${name} holds none`);
}
