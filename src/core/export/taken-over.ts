// What `exec` makes of the user's own files: the same settings, with our credentials as `auths` and without the helpers that
// would be asked in their place. What is taken over keeps its text: a number would lose digits as a value.

import type { Node } from "jsonc-parser";
import { type DockerFile, membersFor, textFor } from "../docker-file.ts";
import { endOf, membersOf } from "../json-edit.ts";
import { dockerKey, parseRegistry } from "../registry.ts";
import type { AuthEntry } from "./auth-file.ts";
import { fromBase64 } from "./entry.ts";

type Auths = Readonly<Record<string, AuthEntry>>;
/** Members of an object: keys, and values as they are written. */
type Members = Iterable<readonly [key: string, value: string]>;

/**
 * Docker's config.json. A `credsStore` would hide every `auths`, so it becomes a helper for each of `stored`, the servers
 * that it says it has, and for no other.
 */
export function dockerConfigFor(own: DockerFile, auths: Auths, stored: readonly string[]): string {
  const replaced = ["auths", "credHelpers", "credsStore"].flatMap((name) => membersFor(own.root, name));
  const settings = membersOf(own.root)
    .filter(({ start }) => !replaced.some((member) => member.start === start))
    .map(({ key, value }) => [key, written(own, value)] as const);
  const ours = registriesOf(auths);
  const fromStore = stored.flatMap((key) => {
    const ref = parseRegistry(key, "secret");
    return ref === undefined || own.credsStore === "" ? [] : [[dockerKey(ref), own.credsStore] as const];
  });
  return object([
    ...settings,
    ...authFields([own], auths),
    ...helperFields([...fromStore, ...own.helpers], ours),
  ]);
}

/** An auth file of Podman's. `own`: those that it would read, the ones that count more last. */
export function authFileFor(own: readonly DockerFile[], auths: Auths): string {
  const helpers = own.flatMap((file) => [...file.helpers]);
  return object([...authFields(own, auths), ...helperFields(helpers, registriesOf(auths))]);
}

/**
 * The text of DOCKER_AUTH_CONFIG. Docker's client refuses the whole of it for one unknown field or one entry without a
 * user, so it has `auth` and nothing else (docker/cli, configfile/file.go). `own`: what stood there, then the user's file.
 */
export function authVariable(own: readonly DockerFile[], auths: Auths): string {
  const plain = new Map<string, string>();
  const add = (key: string, { auth, identitytoken = "" }: AuthEntry): void => {
    const hasUser = identitytoken === "" && (fromBase64(auth)?.indexOf(":") ?? 0) > 0;
    if (hasUser) plain.set(key, JSON.stringify({ auth }));
  };
  for (const [key, entry] of own.flatMap((file) => [...file.auths])) {
    add(key, { auth: textFor(entry, "auth"), identitytoken: textFor(entry, "identitytoken") });
  }
  for (const [key, entry] of Object.entries(auths)) add(key, entry);
  return `{"auths":{${[...plain].map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(",")}}}`;
}

/** The logins of `own` without those of our registries, and ours. */
function authFields(own: readonly DockerFile[], auths: Auths): Members {
  const ours = registriesOf(auths);
  const theirs = own
    .flatMap((file) => [...file.auths].map(([key, entry]) => [key, written(file, entry)] as const))
    .filter(([key]) => !ours.has(keyOf(key)));
  const added = Object.entries(auths).map(([key, entry]) => [key, JSON.stringify(entry)] as const);
  return [["auths", object(new Map([...theirs, ...added]), 1)]];
}

/** None where it would be empty. */
function helperFields(helpers: Members, ours: ReadonlySet<string>): Members {
  const kept = [...helpers]
    .filter(([key]) => !ours.has(keyOf(key)))
    .map(([key, helper]) => [key, JSON.stringify(helper)] as const);
  return kept.length === 0 ? [] : [["credHelpers", object(new Map(kept), 1)]];
}

const written = ({ text }: DockerFile, value: Node): string => text.slice(value.offset, endOf(value));

/** `depth`: how many objects it stands in. */
function object(members: Members, depth = 0): string {
  const indent = "  ".repeat(depth);
  const lines = [...members].map(([key, value]) => `${indent}  ${JSON.stringify(key)}: ${value}`);
  return lines.length === 0 ? "{}" : `{\n${lines.join(",\n")}\n${indent}}`;
}

function registriesOf(auths: Auths): ReadonlySet<string> {
  return new Set(Object.keys(auths).map(keyOf));
}

/** The registry that a key of such a file means; the key itself when it means none. */
const keyOf = (key: string): string => parseRegistry(key, "secret")?.key ?? key;
