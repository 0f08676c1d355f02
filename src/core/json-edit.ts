// Changes single members of a JSON text and leaves every other byte as it is: numbers, order, escapes, white space. The
// library's own editor lays a changed line out anew, which in a file of one line is the whole file; so it only says where
// things stand. It never repairs: what is not strict JSON is refused.

import { type Node, parseTree } from "jsonc-parser";
import { InvalidInput } from "./failures.ts";
import { isTooDeep } from "./foreign-json.ts";
import { invalidAt } from "./strict-json.ts";

export interface JsonMember {
  readonly key: string;
  readonly value: Node;
  /** From the key's quotation mark to behind the value. */
  readonly start: number;
  readonly end: number;
}

/** The object that `text` holds. Throws an InvalidInput. */
export function parseJsonObject(text: string): Node {
  if (isTooDeep(text)) throw new InvalidInput("it is nested too deeply");
  checkStrict(text);
  const root = parseTree(text, [], { disallowComments: true });
  if (root?.type !== "object") throw new InvalidInput("it is not a JSON object");
  return root;
}

/** The members of an object in the order of the text; none for anything else. */
export function membersOf(object: Node): readonly JsonMember[] {
  if (object.type !== "object") return [];
  return (object.children ?? []).flatMap((member) => {
    const [key, value] = member.children ?? [];
    if (key === undefined || value === undefined) return [];
    return [{ key: String(key.value), value, start: member.offset, end: endOf(value) }];
  });
}

export const endOf = (node: Node): number => node.offset + node.length;

/** `text` without those members of `object`. */
export function withoutMembers(text: string, object: Node, isGone: (member: JsonMember) => boolean): string {
  const members = membersOf(object);
  const cuts: { from: number; to: number }[] = [];
  let keepsOneBefore = false;
  for (const [index, member] of members.entries()) {
    const [previous, next] = [members[index - 1], members[index + 1]];
    if (!isGone(member)) keepsOneBefore = true;
    else if (keepsOneBefore && previous !== undefined) cuts.push({ from: previous.end, to: member.end });
    else if (next !== undefined) cuts.push({ from: member.start, to: next.start });
    else cuts.push({ from: object.offset + 1, to: endOf(object) - 1 });
  }
  // The last of a run that nothing is kept of empties the object; what was cut before it lies inside of that.
  const whole = cuts.at(-1)?.from === object.offset + 1 ? cuts.slice(-1) : cuts;
  return whole.toReversed().reduce((left, { from, to }) => left.slice(0, from) + left.slice(to), text);
}

/**
 * `text` with `entries` at the end of `object`, laid out as the text is. `depth`: how many objects `object` stands in.
 * A value that is a list of entries becomes an object.
 */
export function withMembers(
  text: string,
  object: Node,
  depth: number,
  entries: readonly (readonly [key: string, value: JsonValue])[],
): string {
  if (entries.length === 0) return text;
  const style = styleOf(text);
  const written = entries.map(
    ([key, value]) => JSON.stringify(key) + style.colon + render(value, style, depth + 1),
  );
  const last = membersOf(object).at(-1);
  if (last === undefined) {
    return text.slice(0, object.offset) + wrapped(written, style, depth) + text.slice(endOf(object));
  }
  const between = separatorIn(text, object, style);
  return text.slice(0, last.end) + written.map((entry) => between + entry).join("") + text.slice(last.end);
}

/** `text` with `value` in place of `node`, an object's member at this depth. */
export function withValue(text: string, node: Node, depth: number, value: JsonValue): string {
  return text.slice(0, node.offset) + render(value, styleOf(text), depth) + text.slice(endOf(node));
}

export type JsonValue = string | readonly (readonly [key: string, value: string])[];

interface Style {
  /** Undefined: everything on one line. */
  readonly newline: string | undefined;
  readonly indent: string;
  readonly colon: string;
  readonly comma: string;
}

/** What Docker itself writes. */
const DOCKERS_STYLE: Style = { newline: "\n", indent: "\t", colon: ": ", comma: "," };

function styleOf(text: string): Style {
  const root = parseJsonObject(text);
  const [first, second] = membersOf(root);
  if (first === undefined) return DOCKERS_STYLE;
  const lead = text.slice(root.offset + 1, first.start);
  const key = /^"(?:[^"\\]|\\.)*"/.exec(text.slice(first.start, first.end))?.[0] ?? "";
  const colon = text.slice(first.start + key.length, first.value.offset);
  const newline = /\r?\n/.exec(lead)?.[0];
  const gap = second === undefined ? colon.replace(/^\s*:/, "") : text.slice(first.end, second.start);
  const comma = second === undefined ? `,${gap}` : gap;
  return {
    newline,
    indent: lead.slice(lead.lastIndexOf("\n") + 1),
    colon: /[\r\n]/.test(colon) ? ": " : colon,
    comma: newline === undefined && !/[\r\n]/.test(comma) ? comma : ",",
  };
}

/** What stands between the members of an object that has some. */
function separatorIn(text: string, object: Node, style: Style): string {
  const members = membersOf(object);
  const [last, previous] = [members.at(-1), members.at(-2)];
  if (last === undefined) return style.comma;
  if (previous !== undefined) return text.slice(previous.end, last.start);
  const lead = text.slice(object.offset + 1, last.start);
  return lead === "" ? style.comma : `,${lead}`;
}

function render(value: JsonValue, style: Style, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value);
  const written = value.map(([key, text]) => JSON.stringify(key) + style.colon + JSON.stringify(text));
  return wrapped(written, style, depth);
}

/** Members as an object that stands in `depth` others. */
function wrapped(members: readonly string[], style: Style, depth: number): string {
  const { newline, indent, comma } = style;
  if (members.length === 0) return "{}";
  if (newline === undefined) return `{${members.join(comma)}}`;
  const inner = newline + indent.repeat(depth + 1);
  return `{${members.map((member) => inner + member).join(",")}${newline}${indent.repeat(depth)}}`;
}

/** The runtime's own messages quote the text, which may hold a password. */
function checkStrict(text: string): void {
  try {
    JSON.parse(text);
  } catch {
    throw broken(text);
  }
}

function broken(text: string): InvalidInput {
  if (text.charCodeAt(0) === 0xfeff)
    return new InvalidInput("it begins with a byte-order mark, which Docker refuses");
  const position = invalidAt(text);
  const at = position && text.split("\n")[position.line - 1]?.[position.column - 1];
  const isComment = at === "/" || at === "#";
  return new InvalidInput(isComment ? "comments are not allowed in JSON" : "it is not valid JSON", position);
}
