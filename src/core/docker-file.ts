// What stands in a Docker or containers auth file, as its readers see it. They are written in Go, whose decoder takes a key
// in any letter case, lays two of one name over each other, and takes null for nothing. Nothing is changed here.

import type { Node } from "jsonc-parser";
import { type JsonMember, membersOf, parseJsonObject } from "./json-edit.ts";
import { type StoredLogin, storedLogin } from "./stored-login.ts";

/** The fields that lead to a credential. */
export type FieldName = "auths" | "credHelpers" | "credsStore";

export interface DockerFile {
  readonly text: string;
  readonly root: Node;
  /** Key to helper; a helper that is no text is the empty one, and Docker then asks none. */
  readonly helpers: ReadonlyMap<string, string>;
  /** The helper for every other registry; empty: none. Only Docker knows it. */
  readonly credsStore: string;
  readonly auths: ReadonlyMap<string, Node>;
  readonly logins: readonly StoredLogin[];
}

/** An empty file is one without entries, as Docker sees it too. Throws an InvalidInput for what is no JSON object. */
export function readDockerFile(content: string): DockerFile {
  const text = content.trim() === "" ? "{}" : content;
  const root = parseJsonObject(text);
  const auths = entriesOf(membersFor(root, "auths"));
  const helpers = entriesOf(membersFor(root, "credHelpers"));
  return {
    text,
    root,
    helpers: new Map([...helpers].map(([key, value]) => [key, textOf(value) ?? ""])),
    credsStore: textFor(root, "credsStore"),
    auths,
    logins: [...auths].flatMap(([key, entry]) => storedLogin(key, (field) => textFor(entry, field))),
  };
}

/** Every login that stands in the text, those too that a later entry or a null takes away. */
export function writtenLogins(root: Node): readonly StoredLogin[] {
  const entries = membersFor(root, "auths").flatMap(({ value }) => membersOf(value));
  return entries.flatMap(({ key, value }) => storedLogin(key, (field) => textFor(value, field)));
}

/** The members of `object` that are read into the field `name`, in the order of the text. */
export function membersFor(object: Node, name: string): readonly JsonMember[] {
  const folded = fold(name);
  return membersOf(object).filter(({ key }) => fold(key) === folded);
}

/** What the members of one field hold together: of two entries the later one counts, and null takes all before it away. */
export function entriesOf(members: readonly JsonMember[]): ReadonlyMap<string, Node> {
  const entries = new Map<string, Node>();
  for (const { value } of members) {
    if (value.type === "null") entries.clear();
    for (const entry of membersOf(value)) entries.set(entry.key, entry.value);
  }
  return entries;
}

/** The text of a field; null, and what is no text, leave it as it was. */
export function textFor(object: Node, name: string): string {
  const values = membersFor(object, name).map(({ value }) => textOf(value));
  return values.findLast((text) => text !== undefined) ?? "";
}

const textOf = ({ type, value }: Node): string | undefined => (type === "string" ? String(value) : undefined);

/** Unicode's simple folding, as far as it reaches a letter of ASCII. */
const fold = (key: string): string => key.replaceAll("\u017f", "s").toLowerCase();
