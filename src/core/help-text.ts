// Help as text, made from the table of verbs.

import type { OptionSpec, VerbSpec } from "./verb-spec.ts";

const NAME = "docker-credential-ona";
const WIDTH = 80;

export const usageLine = (verb: VerbSpec): string =>
  `Usage: ${[NAME, verb.name, ...verb.options.map(optionForm), verb.operands?.form].filter(Boolean).join(" ")}`;

/** The screen of `help`. */
export function overview(verbs: readonly VerbSpec[], protocolVerbs: readonly string[]): string {
  const rows = (wanted: readonly VerbSpec[]): string =>
    wanted.map(({ name, summary }) => row(name, summary, 12)).join("\n");
  const isProtocol = ({ name }: VerbSpec): boolean => protocolVerbs.includes(name);
  return `Usage: ${NAME} <verb> [options]

Credentials for container registries in Ona environments, in Docker's
credential-helper protocol (${[...protocolVerbs].join("|")}).

Set up and look after it:
${rows(verbs.filter((verb) => !isProtocol(verb)))}

Called by Docker and other tools (the server goes to stdin):
${rows(verbs.filter(isProtocol))}

${NAME} help VERB explains one verb.
Docker calls this program when ~/.docker/config.json says, for example:
  {"credHelpers": {"ghcr.io": "ona"}}
`;
}

/** The text of `help VERB`. */
export function verbHelp(verb: VerbSpec): string {
  const options = verb.options.map((option) =>
    row(optionForm(option).replace(/^\[|\](?:\.\.\.)?$/g, ""), option.help, 24),
  );
  return [
    usageLine(verb).length <= WIDTH ? usageLine(verb) : wrap(usageLine(verb), " ".repeat(7)),
    "",
    wrap(sentence(verb.summary), ""),
    "",
    wrap(verb.details, ""),
    ...(options.length === 0 ? [] : ["", "Options:", ...options]),
    "",
  ].join("\n");
}

export function optionForm(option: OptionSpec): string {
  const form = option.value === undefined ? `--${option.name}` : `--${option.name} ${option.value}`;
  if (option.required) return form;
  return option.multiple ? `[${form}]...` : `[${form}]`;
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

function row(name: string, text: string, indent: number): string {
  const margin = " ".repeat(indent + 2);
  const body = wrap(text, margin, WIDTH - margin.length).trimStart();
  return `  ${name.padEnd(indent - 1)} ${body}`;
}

/** `text` broken at spaces; all lines but the first begin with `margin`. */
export function wrap(text: string, margin: string, width = WIDTH - margin.length): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each, index) => (index === 0 ? each : `${margin}${each}`)).join("\n");
}
