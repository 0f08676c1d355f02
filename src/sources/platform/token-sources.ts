// Where the platform token comes from, in the contract's order. Where an environment keeps its own token is not
// documented, so the order ends with the places that people use by hand.

import type { Config } from "../../core/config.ts";
import { isRecord } from "../../core/entry.ts";
import { Failure } from "../../core/failures.ts";
import { parseForeignJson } from "../../core/foreign-json.ts";
import { Secret } from "../../core/secret.ts";
import { setting, type TokenSetting, tokenSetting } from "../../core/setting.ts";
import type { ChildFailure, ChildResult } from "../../edge/child.ts";
import type { FoundFile } from "../../edge/regular-file.ts";
import { lookAtTokenFile } from "../../edge/token-file.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface TokenSource {
  /** For messages. */
  readonly name: string;
  /** True when the source was there at the first look, usable or not; without a network call or starting a program. */
  isPresent(): boolean;
  /** What told this source's content then from another's, for cache keys: the token, or a command's arguments. */
  fingerprint(): string;
  /**
   * Looks anew, since tokens rotate. Undefined: it holds no token. Rejects with a Failure (`config-invalid`) that names the
   * source when what it holds is no token.
   */
  read(run: (command: readonly string[]) => Promise<ChildResult>): Promise<Secret | ChildFailure | undefined>;
}

/** Seen in the vendor's own scripts of 2024; whether it is still written is not documented. */
export const INITIAL_SPEC = "/usr/local/gitpod/config/initial-spec.json";
const SPEC_KEY = "environmentToken";
/** How messages call the token that the environment keeps for itself. */
export const OWN_TOKEN_NAME = `the key ${SPEC_KEY} of ${INITIAL_SPEC}`;
const OWN_VARIABLE = "DOCKER_CREDENTIAL_ONA_TOKEN";
/** Usually personal tokens, which cannot read values. */
const LAST_VARIABLES = ["ONA_TOKEN", "GITPOD_TOKEN", "ONA_API_KEY", "GITPOD_API_KEY"] as const;

export function tokenSources(config: Config, env: Env): readonly TokenSource[] {
  const { tokenCommand } = config;
  return [
    fromVariable(OWN_VARIABLE, env),
    ...configuredFiles(config),
    ...(tokenCommand === undefined ? [] : [fromCommand(tokenCommand)]),
    fromInitialSpec(),
    ...LAST_VARIABLES.map((name) => fromVariable(name, env)),
  ];
}

function configuredFiles({ tokenFile, tokenJson }: Config): readonly TokenSource[] {
  return [
    ...(tokenFile === undefined ? [] : [fromHeld(`the file ${tokenFile}`, () => lookAtTokenFile(tokenFile))]),
    ...(tokenJson === undefined
      ? []
      : [
          fromHeld(`the key ${tokenJson.key} of ${tokenJson.file}`, () =>
            keyOf(lookAtTokenFile(tokenJson.file), tokenJson.key),
          ),
        ]),
  ];
}

function fromVariable(name: string, env: Env): TokenSource {
  return fromHeld(name, () => ({ text: env[name] }));
}

/** The platform's own file: one that is not for us to read, or has another form by now, is none. */
function fromInitialSpec(): TokenSource {
  return fromHeld(OWN_TOKEN_NAME, () => {
    const held = keyOf(lookAtTokenFile(INITIAL_SPEC), SPEC_KEY);
    return "unusable" in held ? { text: undefined } : held;
  });
}

function keyOf(held: FoundFile, key: string): FoundFile {
  if ("unusable" in held || held.text === undefined) return held;
  const text = setting(held.text);
  if (text === undefined) return { text };
  try {
    const fields = parseForeignJson(text);
    if (!isRecord(fields)) return { unusable: "is not a JSON object" };
    const value = Object.hasOwn(fields, key) ? (fields[key] ?? undefined) : undefined;
    if (value !== undefined && typeof value !== "string") return { unusable: "is not a string" };
    return { text: value };
  } catch {
    return { unusable: "is not JSON" };
  }
}

function fromHeld(name: string, held: () => FoundFile): TokenSource {
  const look = (): TokenSetting => {
    const found = held();
    if ("unusable" in found) return { kind: "unusable", reason: found.unusable };
    return tokenSetting(found.text);
  };
  let seen: TokenSetting | undefined;
  const first = (): TokenSetting => {
    seen ??= look();
    return seen;
  };
  return {
    name,
    isPresent: () => first().kind !== "unset",
    fingerprint() {
      const found = first();
      return `${name}\n${found.kind === "token" ? found.token : found.kind}`;
    },
    read: async () => toToken(name, look()),
  };
}

function fromCommand(command: readonly string[]): TokenSource {
  const name = `the command ${command[0]}`;
  return {
    name,
    isPresent: () => true,
    fingerprint: () => `command\n${JSON.stringify(command)}`,
    async read(run) {
      const result = await run(command);
      return result.kind === "failed" ? result : toToken(name, tokenSetting(result.stdout));
    },
  };
}

/** Throws a Failure for what is set and no token: it must not hand over to the next source. */
function toToken(name: string, found: TokenSetting): Secret | undefined {
  if (found.kind === "unset") return undefined;
  if (found.kind === "token") return new Secret(found.token);
  throw new Failure("config-invalid", `${name} ${found.reason}, so it is no token`, { hint: "correct it" });
}

/** `reasons`: why sources that are there gave none. */
export function noToken(reasons: readonly string[] = []): Failure {
  const why =
    reasons.length === 0
      ? "no platform token was found"
      : `no platform token could be had: ${reasons.join(", ")}`;
  return new Failure("no-token", why, {
    hint: "put the environment's own token into DOCKER_CREDENTIAL_ONA_TOKEN, or name its file or command under token in the configuration",
  });
}

/** The configured files that hold no token, for the message. */
export function emptyFiles(config: Config): readonly string[] {
  return configuredFiles(config)
    .filter((source) => !source.isPresent())
    .map(({ name }) => `${name} holds none`);
}
