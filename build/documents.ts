// The man page and the completions for bash, zsh and fish, made from the table of verbs, so that they say what the program
// does. Text in, text out; build/release.ts writes the files.

import type { OptionSpec, VerbSpec } from "../src/core/verb-spec.ts";

const NAME = "docker-credential-ona";

export interface Documents {
  readonly man: string;
  readonly bash: string;
  readonly zsh: string;
  readonly fish: string;
}

export const documents = (verbs: readonly VerbSpec[], version: string, date: string): Documents => ({
  man: manPage(verbs, version, date),
  bash: bashCompletion(verbs),
  zsh: zshCompletion(verbs),
  fish: fishCompletion(verbs),
});

const FILES: readonly (readonly [path: string, what: string])[] = [
  ["~/.docker/config.json", "Docker's configuration, where credHelpers name the registries that are ours."],
  ["~/.config/docker-credential-ona/config.json", "The user's configuration of this program."],
  ["/etc/docker-credential-ona/config.json", "The machine's, where the user has none."],
  ["~/.local/state/docker-credential-ona/", "Local logins and failures.log, the last failures."],
];

const VARIABLES: readonly (readonly [name: string, what: string])[] = [
  [
    "ONA_BASE_URL, ONA_ENVIRONMENT_ID",
    "The platform and the environment; GITPOD_ in place of ONA_ works too.",
  ],
  ["DOCKER_CREDENTIAL_ONA_TOKEN", "A token of the platform; by default the environment's own is found."],
  ["DOCKER_CREDENTIAL_ONA_CONFIG", "The configuration file."],
  ["DOCKER_CREDENTIAL_ONA_TRACE", "1: what is done, on stderr; a path: into that file."],
  ["HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "The proxy, in capital or small letters."],
  ["SSL_CERT_FILE, NODE_EXTRA_CA_CERTS", "Files with further certificate authorities."],
];

function manPage(verbs: readonly VerbSpec[], version: string, date: string): string {
  const items = (rows: readonly (readonly [string, string])[]): string[] =>
    rows.flatMap(([term, text]) => [".TP", bold(term), troff(text)]);
  return [
    `.TH DOCKER\\-CREDENTIAL\\-ONA 1 "${date}" "${NAME} ${version}" "User Commands"`,
    ".SH NAME",
    `${troff(NAME)} \\- credentials for container registries in Ona environments`,
    ".SH SYNOPSIS",
    `${bold(NAME)} ${italic("verb")} [${italic("options")}]`,
    ".SH DESCRIPTION",
    "Docker, Podman and other tools call this program when they need a user name and a password for a registry.",
    troff(
      "It finds them in the platform's secrets of an Ona environment, or makes a short-lived token of Amazon ECR or Google Artifact Registry.",
    ),
    ".SH VERBS",
    ...verbs.flatMap(verbText),
    ".SH EXIT STATUS",
    ...items([
      ["0", "Done."],
      ["1", "Failed; the reason is one line, with a code in brackets that doctor explains."],
      ["2", "Wrong usage of a verb for people."],
    ]),
    ".SH ENVIRONMENT",
    ...items(VARIABLES),
    ".SH FILES",
    ...items(FILES),
    ".SH SEE ALSO",
    "docker(1), podman(1)",
    "",
  ].join("\n");
}

function verbText(verb: VerbSpec): string[] {
  const { operands } = verb;
  const usage = [...verb.options.map(optionUsage), ...(operands === undefined ? [] : [troff(operands.form)])];
  return [
    ".SS",
    [bold(verb.name), ...usage].join(" "),
    `${troff(verb.summary[0]?.toUpperCase() ?? "")}${troff(verb.summary.slice(1))}.`,
    ...(verb.details === "" ? [] : [".PP", troff(verb.details)]),
    ...verb.options.flatMap((option) => [
      ".TP",
      [bold(`--${option.name}`), ...(option.value === undefined ? [] : [italic(option.value)])].join(" "),
      `${troff(option.help)}.`,
    ]),
  ];
}

function optionUsage({ name, value, required, multiple }: OptionSpec): string {
  const form = [bold(`--${name}`), ...(value === undefined ? [] : [italic(value)])].join(" ");
  return `${required === true ? form : `[${form}]`}${multiple === true ? "..." : ""}`;
}

const bold = (text: string): string => `\\fB${troff(text)}\\fR`;
const italic = (text: string): string => `\\fI${troff(text)}\\fR`;

/** A dash that can be copied, and nothing that a line of troff begins with. */
const troff = (text: string): string =>
  text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("'", "\\(aq").replace(/^\./, "\\&.");

const words = (verbs: readonly VerbSpec[]): string => verbs.map(({ name }) => name).join(" ");

/** What a value is, for a shell that can complete it. */
const isDirectory = ({ value }: OptionSpec): boolean => value === "DIR";
const isFile = ({ value }: OptionSpec): boolean => value === "FILE" || value === "PATH";

function bashCompletion(verbs: readonly VerbSpec[]): string {
  const values = distinct(verbs).flatMap((option) => {
    const reply = bashReply(option);
    return reply === undefined ? [] : [`    --${option.name}) ${reply}; return ;;`];
  });
  const options = verbs.map(({ name, options, takesCommand }) => {
    const all = options.map((option) => `--${option.name}`).join(" ");
    const rest = name === "help" ? words(verbs) : "";
    const command = takesCommand === true ? ' COMPREPLY+=($(compgen -c -- "$current"));' : "";
    return `    ${name}) COMPREPLY=($(compgen -W "${`${all} ${rest}`.trim()}" -- "$current"));${command} ;;`;
  });
  return `# bash completion for ${NAME}

_docker_credential_ona() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${words(verbs)} --help --version" -- "$current"))
    return
  fi
  case "$previous" in
${values.join("\n")}
  esac
  case "\${COMP_WORDS[1]}" in
${options.join("\n")}
  esac
}

complete -F _docker_credential_ona ${NAME}
`;
}

function bashReply(option: OptionSpec): string | undefined {
  if (option.choices !== undefined)
    return `COMPREPLY=($(compgen -W "${option.choices.join(" ")}" -- "$current"))`;
  if (isDirectory(option)) return 'COMPREPLY=($(compgen -d -- "$current"))';
  if (isFile(option)) return 'COMPREPLY=($(compgen -f -- "$current"))';
  return option.value === undefined ? undefined : "COMPREPLY=()";
}

function zshCompletion(verbs: readonly VerbSpec[]): string {
  const described = verbs.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  const cases = verbs.map((verb) => {
    const rest =
      verb.name === "help"
        ? [quoted(`1:verb:(${words(verbs)})`)]
        : verb.takesCommand
          ? ["'*:::command:_normal'"]
          : [];
    const specs = [...verb.options.map(zshOption), ...rest];
    return `    ${verb.name}) ${specs.length === 0 ? "_message 'nothing more'" : `_arguments ${specs.join(" ")}`} ;;`;
  });
  return `#compdef ${NAME}

local -a verbs
if (( CURRENT == 2 )); then
  verbs=(
${described.join("\n")}
  )
  _describe verb verbs
  return
fi
local verb="\${words[2]}"
shift words
(( CURRENT-- ))
case "$verb" in
${cases.join("\n")}
esac
`;
}

function zshOption(option: OptionSpec): string {
  const many = option.multiple === true ? "*" : "";
  const help = option.help.replaceAll(/[[\]:]/g, " ");
  if (option.value === undefined) return quoted(`${many}--${option.name}[${help}]`);
  const choices = option.choices === undefined ? "" : `(${option.choices.join(" ")})`;
  const action = choices || (isDirectory(option) ? "_files -/" : isFile(option) ? "_files" : " ");
  return quoted(`${many}--${option.name}[${help}]:${option.value}:${action}`);
}

function fishCompletion(verbs: readonly VerbSpec[]): string {
  const lines = verbs.flatMap((verb) => {
    const there = `-n ${quoted(`__fish_seen_subcommand_from ${verb.name}`)}`;
    const rest =
      verb.name === "help"
        ? [`${there} -a ${quoted(words(verbs))}`]
        : verb.takesCommand
          ? [`${there} -xa '(__fish_complete_subcommand)'`]
          : [];
    return [
      `-n __fish_use_subcommand -a ${verb.name} -d ${quoted(verb.summary)}`,
      ...verb.options.map((option) => `${there} ${fishOption(option)} -d ${quoted(option.help)}`),
      ...rest,
    ];
  });
  return [`# fish completion for ${NAME}`, "-f", ...lines]
    .map((line) => (line.startsWith("#") ? line : `complete -c ${NAME} ${line}`))
    .join("\n")
    .concat("\n");
}

function fishOption(option: OptionSpec): string {
  const name = `-l ${option.name}`;
  if (option.choices !== undefined) return `${name} -x -a ${quoted(option.choices.join(" "))}`;
  if (isDirectory(option)) return `${name} -x -a '(__fish_complete_directories)'`;
  if (isFile(option)) return `${name} -r -F`;
  return option.value === undefined ? name : `${name} -x`;
}

const distinct = (verbs: readonly VerbSpec[]): readonly OptionSpec[] => [
  ...new Map(verbs.flatMap(({ options }) => options).map((option) => [option.name, option])).values(),
];

/** In single quotes, for every shell here. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
