// A verb's arguments, read by its row in the table of verbs. Node's own parser splits them; what is wrong is said in our
// words, which are the same on every runtime.

import { parseArgs } from "node:util";
import type { Options } from "../commands/invocation.ts";
import { UsageError } from "../core/failures.ts";
import { nearest } from "../core/nearest.ts";
import type { OptionSpec, VerbSpec } from "../core/verb-spec.ts";

export interface Arguments {
  readonly options: Options;
  readonly operands: readonly string[];
  /** `--help` or `-h` stood among them. */
  readonly help: boolean;
}

/** Throws a UsageError that says what was meant where that can be guessed. */
export function readArguments(verb: VerbSpec, args: readonly string[]): Arguments {
  const { own, command } = verb.takesCommand ? splitCommand(verb, args) : { own: args, command: undefined };
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  let help = false;
  for (const token of tokensOf(verb, own)) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    if (token.name === "help" || token.name === "h") help = true;
    else add(values, optionOf(verb, token), token);
  }
  if (!help) check(verb, values, operands, command);
  return {
    options: {
      flag: (name) => values.has(name),
      text: (name) => values.get(name)?.at(-1),
      texts: (name) => values.get(name) ?? [],
    },
    operands: command ?? operands,
    help,
  };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function tokensOf(verb: VerbSpec, args: readonly string[]) {
  const options = Object.fromEntries(
    verb.options.map(({ name, value }) => [
      name,
      { type: value === undefined ? "boolean" : "string" } as const,
    ]),
  );
  return parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

/** A command's own options are none of ours: they begin at `--`, or at the first word that is no option. */
function splitCommand(verb: VerbSpec, args: readonly string[]): { own: string[]; command: string[] } {
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    if (arg === "--") return { own: args.slice(0, index), command: args.slice(index + 1) };
    if (!arg.startsWith("-")) return { own: args.slice(0, index), command: args.slice(index) };
    const takesNext = verb.options.some(({ name, value }) => value !== undefined && arg === `--${name}`);
    if (takesNext) index += 1;
  }
  return { own: [...args], command: [] };
}

function optionOf(verb: VerbSpec, token: OptionToken): OptionSpec {
  const spec = verb.options.find(({ name }) => name === token.name && token.rawName.startsWith("--"));
  if (spec !== undefined) return spec;
  const near = nearest(token.name, [...verb.options.map(({ name }) => name), "help"]);
  const meant = near === undefined ? "" : `; did you mean --${near}?`;
  throw new UsageError(`there is no option ${shown(token.rawName)}${meant}`);
}

function add(values: Map<string, string[]>, spec: OptionSpec, token: OptionToken): void {
  const { name } = spec;
  const known = values.get(name) ?? [];
  if (spec.value === undefined) {
    if (token.inlineValue) throw new UsageError(`--${name} takes no value`);
    values.set(name, []);
    return;
  }
  const { value } = token;
  const isOption = !token.inlineValue && value !== undefined && value.length > 1 && value.startsWith("-");
  if (value === undefined || value === "" || isOption) throw new UsageError(`--${name} needs ${spec.value}`);
  if (known.length > 0 && !spec.multiple) throw new UsageError(`--${name} was given twice`);
  if (spec.choices !== undefined && !spec.choices.includes(value)) {
    const near = nearest(value, spec.choices);
    const meant = near === undefined ? "" : `; did you mean ${near}?`;
    throw new UsageError(`--${name} must be one of ${spec.choices.join(", ")}${meant}`);
  }
  values.set(name, [...known, value]);
}

function check(
  verb: VerbSpec,
  values: ReadonlyMap<string, readonly string[]>,
  operands: readonly string[],
  command: readonly string[] | undefined,
): void {
  for (const { name, required, value } of verb.options) {
    if (required && !values.has(name)) throw new UsageError(`--${name} ${value} is missing`);
  }
  const { least, most, form } = verb.operands ?? { least: 0, most: 0, form: "" };
  const given = command ?? operands;
  if (given.length < least) throw new UsageError(`${form} is missing`);
  const extra = given[most];
  if (extra !== undefined) throw new UsageError(`there is no place for ${shown(extra)}`);
}

const shown = (text: string): string => `"${text.replace(/[^\x20-\x7e]+/g, "?").slice(0, 100)}"`;
