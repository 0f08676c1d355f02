// What becomes of the text of a Docker or containers auth file when registries are given to us or taken back. It sees a text
// and returns a text; it asks nobody, and nothing of the text but keys and helper names leaves it.

import type { Node } from "jsonc-parser";
import { type DockerFile, type FieldName, membersFor, readDockerFile, writtenLogins } from "./docker-file.ts";
import { authKeys } from "./export/auth-file.ts";
import { InvalidInput } from "./failures.ts";
import { type JsonMember, membersOf, withMembers, withoutMembers, withValue } from "./json-edit.ts";
import { parseRegistry, type RegistryRef } from "./registry.ts";
import type { StoredLogin } from "./stored-login.ts";

/** What of a file is ours. */
export interface Owned {
  /** The keys of `credHelpers` that we added, and the helper name that we wrote. */
  readonly keys: Readonly<Record<string, string>>;
  /** `credHelpers` itself was not there before. */
  readonly madeHelpers: boolean;
}

export interface Wish {
  /** The registries that are to be ours. */
  readonly registries: readonly RegistryRef[];
  /** May an entry of ours for this registry be taken out? Asked only of those that are not wanted. */
  readonly isGone: (ref: RegistryRef) => boolean;
  /** May this login be taken out, being the platform's own? Asked only where we answer for the registry. */
  readonly isPlatforms: (login: StoredLogin) => boolean;
  /** The name to write in `credHelpers`. */
  readonly helper: string;
  /** Every name that means us. */
  readonly helperNames: readonly string[];
  readonly owned: Owned;
}

/** What becomes of one registry in one file. */
export interface RegistryChange {
  readonly registry: string;
  /** `kept`: each of its keys belongs to another helper. */
  readonly action: "added" | "unchanged" | "removed" | "kept";
  readonly keys: readonly string[];
  /** Keys that another helper answers for. */
  readonly otherHelpers: Readonly<Record<string, string>>;
  readonly removedLogins: readonly string[];
  /** Logins that no longer count where this program answers. */
  readonly hiddenLogins: readonly string[];
}

export interface Change {
  readonly text: string;
  readonly owned: Owned;
  /** Sorted by registry. */
  readonly registries: readonly RegistryChange[];
}

export const NOTHING_OWNED: Owned = { keys: {}, madeHelpers: false };

/** The text after `wish`. A text that needs no change comes back as it is. Throws an InvalidInput. */
export function changeDockerFile(text: string, wish: Wish): Change {
  const file = readDockerFile(text);
  for (const name of ["auths", "credHelpers"] as const) checkType(file, name);
  const { helpers } = file;
  const isOurs = (key: string): boolean => {
    const helper = helpers.get(key);
    return helper !== undefined && (wish.helperNames.includes(helper) || helper === wish.owned.keys[key]);
  };
  const wanted = wish.registries.map((ref) => rowFor(ref, file, isOurs, wish));
  const wantedKeys = new Set(wish.registries.flatMap(authKeys));
  const gone = Object.keys(wish.owned.keys).filter((key) => {
    const ref = parseRegistry(key, "secret");
    return !wantedKeys.has(key) && isOurs(key) && ref !== undefined && wish.isGone(ref);
  });
  const renamed = [...wantedKeys].filter(
    (key) => isOurs(key) && Object.hasOwn(wish.owned.keys, key) && helpers.get(key) !== wish.helper,
  );
  const added = [...wantedKeys].filter((key) => !helpers.has(key)).toSorted();
  const removedLogins = new Set(wanted.flatMap((row) => row.removedLogins));
  let changed = withoutLogins(file.text, (key) => removedLogins.has(key));
  const isOurEntry = ({ key, value }: JsonMember): boolean =>
    gone.includes(key) && value.type === "string" && value.value === helpers.get(key);
  if (gone.length > 0)
    changed = withoutHelpers(changed, isOurEntry, wish.owned.madeHelpers && added.length === 0);
  for (const key of renamed) changed = withHelper(changed, key, wish.helper);
  changed = withHelpers(changed, added, wish.helper);
  const isChanged = added.length + gone.length + renamed.length + removedLogins.size > 0;
  return {
    text: isChanged ? changed : text,
    owned: ownedAfter(wish, file, { added, gone, isOurs }),
    registries: [...wanted, ...goneRows(gone)].toSorted((a, b) => (a.registry < b.registry ? -1 : 1)),
  };
}

/** `text` without the logins that `isGone` names by key. Throws an InvalidInput. */
export function withoutLogins(text: string, isGone: (key: string) => boolean): string {
  return text.trim() === "" ? text : withoutEntries(text, "auths", ({ key }) => isGone(key));
}

/** Those of `logins` under whose key nothing else stands, not even where a later one hides it. */
export function loginsToRemove(
  { root }: DockerFile,
  logins: readonly StoredLogin[],
  isPlatforms: (login: StoredLogin) => boolean,
): readonly StoredLogin[] {
  const others = writtenLogins(root).filter((login) => !isPlatforms(login));
  return logins.filter(({ key }) => !others.some((other) => other.key === key));
}

function rowFor(
  ref: RegistryRef,
  file: DockerFile,
  isOurs: (key: string) => boolean,
  wish: Wish,
): RegistryChange {
  const { helpers, logins } = file;
  const keys = authKeys(ref);
  const others = keys.filter((key) => helpers.has(key) && !isOurs(key));
  const missing = keys.some((key) => !helpers.has(key));
  const stored = logins.filter((login) => login.ref.key === ref.key);
  // Where another helper answers for a spelling, a login beside it is not ours to judge.
  const removed = others.length > 0 ? [] : loginsToRemove(file, stored, wish.isPlatforms);
  const hidden = others.length === keys.length ? [] : stored.filter((login) => !removed.includes(login));
  const action = others.length === keys.length ? "kept" : missing ? "added" : "unchanged";
  return {
    registry: ref.key,
    action,
    keys,
    otherHelpers: Object.fromEntries(others.map((key) => [key, helpers.get(key) ?? ""])),
    removedLogins: removed.map(({ key }) => key),
    hiddenLogins: hidden.map(({ key }) => key),
  };
}

/** One row a registry, whatever the number of its keys. */
function goneRows(gone: readonly string[]): readonly RegistryChange[] {
  const registryOf = (key: string): string => parseRegistry(key, "secret")?.key ?? key;
  return [...new Set(gone.map(registryOf))].map((registry) => ({
    registry,
    action: "removed",
    keys: gone.filter((key) => registryOf(key) === registry).toSorted(),
    otherHelpers: {},
    removedLogins: [],
    hiddenLogins: [],
  }));
}

interface Keys {
  readonly added: readonly string[];
  readonly gone: readonly string[];
  readonly isOurs: (key: string) => boolean;
}

function ownedAfter(wish: Wish, file: DockerFile, { added, gone, isOurs }: Keys): Owned {
  const wantedKeys = new Set(wish.registries.flatMap(authKeys));
  const kept = Object.entries(wish.owned.keys)
    .filter(([key]) => isOurs(key) && !gone.includes(key))
    .map(([key, name]) => [key, wantedKeys.has(key) ? wish.helper : name] as const);
  const keys = Object.fromEntries([...kept, ...added.map((key) => [key, wish.helper] as const)].toSorted());
  const made = wish.owned.madeHelpers || madeHelpers(file);
  return { keys, madeHelpers: made && Object.keys(keys).length > 0 };
}

/** Whoever adds an entry to `before` has to make the field for it. */
export const madeHelpers = ({ root }: DockerFile): boolean => placeForHelpers(root) === undefined;

/** Docker itself goes on with what it could read, and says so at every start. */
function checkType({ root }: DockerFile, name: FieldName): void {
  const isWrong = ({ value: { type } }: JsonMember): boolean => type !== "object" && type !== "null";
  const wrong = membersFor(root, name).find(isWrong);
  if (wrong !== undefined) throw new InvalidInput(`${wrong.key} is not an object`);
}

function withoutEntries(text: string, name: FieldName, isGone: (entry: JsonMember) => boolean): string {
  const members = membersFor(readDockerFile(text).root, name);
  // From the last one on, so that those before it stay where they are.
  return members.toReversed().reduce((left, { value }) => withoutMembers(left, value, isGone), text);
}

function withoutHelpers(text: string, isGone: (entry: JsonMember) => boolean, mayGoWhole: boolean): string {
  const { root } = readDockerFile(text);
  const whole = placeForHelpers(root);
  if (mayGoWhole && whole !== undefined && membersOf(whole.value).every(isGone)) {
    const left = withoutMembers(text, root, ({ start }) => start === whole.start);
    return withoutEntries(left, "credHelpers", isGone);
  }
  return withoutEntries(text, "credHelpers", isGone);
}

function withHelper(text: string, key: string, helper: string): string {
  const entries = membersFor(readDockerFile(text).root, "credHelpers").flatMap(({ value }) =>
    membersOf(value),
  );
  const member = entries.findLast((entry) => entry.key === key);
  return member === undefined ? text : withValue(text, member.value, 2, helper);
}

function withHelpers(text: string, keys: readonly string[], helper: string): string {
  const { root } = readDockerFile(text);
  const entries = keys.map((key) => [key, helper] as const);
  if (entries.length === 0) return text;
  const helpers = placeForHelpers(root)?.value;
  if (helpers === undefined) return withMembers(text, root, 0, [["credHelpers", entries]]);
  if (helpers.type === "null") return withValue(text, helpers, 1, entries);
  return withMembers(text, helpers, 1, entries);
}

/**
 * The member that new entries go to: the last one with the very name, which is the only one that every reader knows. None
 * where a null after it would take them away, and none in the place of a null that takes others away.
 */
function placeForHelpers(root: Node): JsonMember | undefined {
  const members = membersFor(root, "credHelpers");
  const lastNull = members.findLastIndex(({ value }) => value.type === "null");
  return members.slice(lastNull > 0 ? lastNull + 1 : 0).findLast(({ key }) => key === "credHelpers");
}
