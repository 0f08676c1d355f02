// The configuration file: its type, its defaults and its strict parser. A file is right as a whole or broken as a
// whole; an error names the key. What the keys mean is in docs/configuration.md.

import { Fields } from "./config-fields.ts";
import { isSafeEndpoint, parseEndpoint } from "./endpoint.ts";
import { InvalidInput } from "./failures.ts";
import { parseRules, type RegistryRule } from "./registry-rules.ts";
import { parseStrictJson } from "./strict-json.ts";
import { withoutByteOrderMark } from "./text.ts";

export const SCOPES = ["user", "serviceAccount", "project", "organization", "runner"] as const;
export type Scope = (typeof SCOPES)[number];
export type Lookup = "auto" | "environment" | "list";
/** How `--watch` learns of changes. */
export type WatchMode = "auto" | "events" | "poll";
export type ValueFormat = "auto" | "plain" | "base64" | "json";

export const DEFAULT_DEADLINE_MS = 10_000;
export const MAX_DEADLINE_MS = 25_000;
const CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform";
const THIRTY_DAYS_S = 30 * 86_400;

export interface Config {
  readonly baseUrl: string | undefined;
  readonly environmentId: string | undefined;
  readonly tokenFile: string | undefined;
  readonly tokenJson: { readonly file: string; readonly key: string } | undefined;
  readonly tokenCommand: readonly string[] | undefined;
  readonly idTokenCommand: readonly string[] | undefined;
  readonly audience: string | undefined;
  readonly lookup: Lookup;
  readonly scopeIds: Readonly<Partial<Record<Scope, string>>>;
  /** Undefined: the default order, entries without a scope last. */
  readonly precedence: readonly Scope[] | undefined;
  readonly valueFormat: ValueFormat;
  readonly deadlineMs: number;
  readonly freshMs: number;
  readonly staleMs: number;
  readonly googleScopes: readonly string[];
  readonly watch: WatchMode;
  readonly rules: readonly RegistryRule[];
}

export type { RegistryRule };

/** What an empty file means; a test compares the two. */
export const DEFAULT_CONFIG: Config = {
  baseUrl: undefined,
  environmentId: undefined,
  tokenFile: undefined,
  tokenJson: undefined,
  tokenCommand: undefined,
  idTokenCommand: undefined,
  audience: undefined,
  lookup: "auto",
  scopeIds: {},
  precedence: undefined,
  valueFormat: "auto",
  deadlineMs: DEFAULT_DEADLINE_MS,
  freshMs: 60_000,
  staleMs: 86_400_000,
  googleScopes: [CLOUD_PLATFORM],
  watch: "auto",
  rules: [],
};

/** The configuration in `text`. Throws an InvalidInput that names the position or the key. */
export function parseConfig(text: string): Config {
  return readConfig(new Fields(parseStrictJson(withoutByteOrderMark(text)), ""));
}

function readConfig(root: Fields): Config {
  const tokenFields = readToken(root.object("token"));
  const api = root.object("api");
  const auth = root.object("auth");
  const idToken = root.object("idToken");
  const google = root.object("google");
  const config: Config = {
    baseUrl: api.text("baseUrl", isBaseUrl, "must be an https URL, or http to loopback"),
    environmentId: root.text("environmentId", isIdentifier, "must be an identifier"),
    ...tokenFields,
    idTokenCommand: idToken.command("command"),
    audience: auth.text("audience", isPrintable, "must be printable text"),
    lookup: root.choice("lookup", ["auto", "environment", "list"], "auto"),
    scopeIds: readScopeIds(root.object("scopes")),
    precedence: root.choices("precedence", SCOPES),
    valueFormat: root.choice("valueFormat", ["auto", "plain", "base64", "json"], "auto"),
    deadlineMs: root.integer("deadlineMs", 1, MAX_DEADLINE_MS, DEFAULT_DEADLINE_MS),
    freshMs: root.integer("freshSeconds", 0, 110, 60) * 1000,
    staleMs: root.integer("staleSeconds", 0, THIRTY_DAYS_S, 86_400) * 1000,
    googleScopes: google.texts("scopes", isPrintable) ?? [CLOUD_PLATFORM],
    watch: root.choice("watch", ["auto", "events", "poll"], "auto"),
    rules: parseRules(root.object("registries")),
  };
  for (const fields of [root, api, auth, idToken, google]) fields.end();
  return config;
}

function readToken(token: Fields): Pick<Config, "tokenFile" | "tokenJson" | "tokenCommand"> {
  const file = token.text("jsonFile", isAbsolutePath, "must be an absolute path");
  const key = token.text("key", isPrintable, "must be the name of a key");
  const tokenFile = token.text("file", isAbsolutePath, "must be an absolute path");
  const tokenCommand = token.command("command");
  token.end();
  const tokenJson = file !== undefined && key !== undefined ? { file, key } : undefined;
  if (tokenJson === undefined && (file ?? key) !== undefined)
    throw new InvalidInput("token.jsonFile and token.key go together");
  return { tokenFile, tokenJson, tokenCommand };
}

function readScopeIds(scopes: Fields): Partial<Record<Scope, string>> {
  const ids: Partial<Record<Scope, string>> = {};
  for (const scope of ["user", "serviceAccount", "project", "organization"] as const) {
    const id = scopes.text(`${scope}Id`, isIdentifier, "must be an identifier");
    if (id !== undefined) ids[scope] = id;
  }
  scopes.end();
  return ids;
}

export function isBaseUrl(text: string): boolean {
  const endpoint = parseEndpoint(text);
  return endpoint !== undefined && isSafeEndpoint(endpoint);
}

/** A loop, since it is on the way of every warm answer and the first pattern in a process is dear. */
export function isIdentifier(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    const letter = code | 0x20;
    // `-` and `.`; digits and `:`; `_`.
    const isMark = code === 0x2d || code === 0x2e || code === 0x5f || (code >= 0x30 && code <= 0x3a);
    if (!isMark && !(letter >= 0x61 && letter <= 0x7a)) return false;
  }
  return text.length > 0 && text.length <= 200;
}

function isPrintable(text: string): boolean {
  return /^[\x21-\x7e]{1,1000}$/.test(text);
}

function isAbsolutePath(text: string): boolean {
  return /^\/[^\0]*$/.test(text);
}
