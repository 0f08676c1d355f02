// What configure and unconfigure say of what they did: one line a registry for people, the same facts as data. The form
// of the data is docs/configure.schema.json.

import type { RegistryChange } from "./docker-config.ts";
import { type Failure, failureLine } from "./failures.ts";
import { printableJson } from "./text.ts";
import { wrapped } from "./wrap.ts";

export interface FileReport {
  readonly path: string;
  readonly target: string;
  readonly changed: boolean;
  readonly created: boolean;
  readonly backup: string | undefined;
  readonly registries: readonly RegistryChange[];
  /** Why the file was left as it is. */
  readonly error: Failure | undefined;
}

export interface Warning {
  readonly code: string;
  /** Lower case, no full stop. */
  readonly message: string;
  readonly remedy: string | undefined;
  /** A command line that mends it. */
  readonly command?: string | undefined;
}

export interface Report {
  readonly verb: "configure" | "unconfigure";
  readonly dryRun: boolean;
  readonly helper: string;
  readonly program: string;
  readonly programOnPath: string | undefined;
  /** Undefined: nobody had to be asked, or there is nobody. */
  readonly platform: "asked" | "failed" | undefined;
  /** Why the platform could not be asked. */
  readonly failure: Failure | undefined;
  readonly managed: readonly string[];
  readonly files: readonly FileReport[];
  /** Registries whose credential was fetched into the cache; undefined: nobody asked for it. */
  readonly prefetched: readonly string[] | undefined;
  readonly warnings: readonly Warning[];
}

export interface Look {
  readonly columns: number;
  /** Stands as `~` in paths. */
  readonly home: string | undefined;
  style(style: "bold" | "dim" | "red" | "green" | "yellow", text: string): string;
}

const SCHEMA_VERSION = 1;
const MOST_COLUMNS = 80;
const LEAST_COLUMNS = 40;
/** Enough for a name of Amazon's registries; what is longer has a line of its own. */
const MOST_NAME = 52;

export function reportData(report: Report): unknown {
  return {
    schemaVersion: SCHEMA_VERSION,
    verb: report.verb,
    dryRun: report.dryRun,
    changed: report.files.some(({ changed }) => changed),
    helper: { name: report.helper, program: report.program, onPath: report.programOnPath ?? null },
    platform: { asked: report.platform === "asked", failure: failureData(report.failure) },
    managed: report.managed,
    files: report.files.map((file) => ({
      ...file,
      backup: file.backup ?? null,
      error: failureData(file.error),
    })),
    prefetched: report.prefetched ?? null,
    warnings: report.warnings.map(({ code, message, remedy, command }) => ({
      code,
      message,
      remedy: remedy ?? null,
      command: command ?? null,
    })),
  };
}

/** The lines on stdout. Warnings go elsewhere. */
export function reportLines(report: Report, look: Look): readonly string[] {
  const lines = report.files
    .filter(({ error }) => error === undefined)
    .flatMap((file) => fileLines(file, report, look));
  const { prefetched } = report;
  if (prefetched === undefined) return lines;
  return [...lines, `${count(prefetched.length, "credential")} fetched into the cache`];
}

/** A warning as it stands on stderr; a command stays on one line, to be copied. */
export function warningLines({ code, message, remedy, command }: Warning, look: Look): readonly string[] {
  const text = `warning: ${message}${remedy === undefined ? "" : `; ${remedy}`} [${code}]`;
  const lines = marked(wrapped(printable(text), width(look), "  "), "warning", "yellow", look);
  return command === undefined ? lines : [...lines, `  run: ${printable(command)}`];
}

/** A file that was left as it is. */
export function errorLines(failure: Failure, look: Look): readonly string[] {
  return marked(wrapped(failureLine("error", failure), width(look), "  "), "error", "red", look);
}

function marked(
  lines: readonly string[],
  mark: string,
  style: "red" | "yellow",
  look: Look,
): readonly string[] {
  return lines.map((line, index) => (index === 0 ? look.style(style, mark) + line.slice(mark.length) : line));
}

function fileLines(file: FileReport, report: Report, look: Look): readonly string[] {
  const path = shortPath(file.path, look);
  const rows = file.registries.filter((row) => row.action !== "unchanged" || noteOf(row) !== "");
  const same = file.registries.filter(({ action }) => action === "unchanged").length;
  const summary = file.changed ? changedSummary(file, report) : unchangedSummary(same, report);
  const nameWidth = Math.max(0, ...rows.map(({ registry }) => registry.length).filter((n) => n <= MOST_NAME));
  const would = report.dryRun && file.changed ? "dry run: " : "";
  return [
    ...wrapped(`${path}: ${would}${summary}`, width(look), "  ").map((line, index) =>
      index === 0 && line.startsWith(path) ? look.style("bold", path) + line.slice(path.length) : line,
    ),
    ...rows.flatMap((row) => rowLines(row, nameWidth, look)),
    ...(file.changed && file.backup !== undefined && report.verb === "configure"
      ? [look.style("dim", `  before: ${shortPath(file.backup, look)}`)]
      : []),
  ];
}

function changedSummary({ registries, created }: FileReport, { verb }: Report): string {
  const number = (action: string): number => registries.filter((row) => row.action === action).length;
  const logins = registries.reduce((sum, row) => sum + row.removedLogins.length, 0);
  const parts = [
    [number("added"), "added"],
    [number("removed"), verb === "configure" ? "removed" : "taken out"],
  ] as const;
  const said = parts.filter(([amount]) => amount > 0).map(([amount, word]) => `${amount} ${word}`);
  if (logins > 0) said.push(`${count(logins, "login")} taken out`);
  const text = said.length === 0 ? "entries renamed" : said.join(", ");
  return created ? `created, ${text}` : text;
}

function unchangedSummary(same: number, { verb }: Report): string {
  if (verb === "unconfigure") return "nothing of ours in it";
  return same === 0 ? "nothing to change" : `nothing to change, ${count(same, "registry", "registries")}`;
}

function rowLines(row: RegistryChange, nameWidth: number, look: Look): readonly string[] {
  const note = noteOf(row);
  const action = row.action === "kept" ? "" : look.style(COLOURS[row.action], row.action);
  const said = [action, note].filter((part) => part !== "").join(", ");
  const plain = [row.action === "kept" ? "" : row.action, note].filter((part) => part !== "").join(", ");
  const name = row.registry;
  const fits = name.length <= nameWidth && 2 + nameWidth + 2 + plain.length <= width(look);
  return fits ? [`  ${name.padEnd(nameWidth)}  ${said}`] : [`  ${name}`, `      ${said}`];
}

const COLOURS = { added: "green", removed: "yellow", unchanged: "dim" } as const;

function noteOf({ otherHelpers, removedLogins, hiddenLogins, keys }: RegistryChange): string {
  const others = Object.entries(otherHelpers);
  const names = [...new Set(others.map(([, helper]) => printable(helper).slice(0, 24) || "nobody"))].join(
    ", ",
  );
  const parts = [
    others.length === 0
      ? ""
      : others.length < keys.length
        ? `${others[0]?.[0]} is ${names}'s`
        : `kept for ${names}`,
    removedLogins.length === 0 ? "" : "login taken out",
    hiddenLogins.length === 0 ? "" : "login hidden",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function failureData(failure: Failure | undefined): unknown {
  if (failure === undefined) return null;
  const { code, message, hint } = failure;
  return { code, message, remedy: hint ?? null };
}

const width = ({ columns }: Look): number => Math.min(Math.max(columns, LEAST_COLUMNS), MOST_COLUMNS);

const count = (amount: number, one: string, many = `${one}s`): string =>
  `${amount} ${amount === 1 ? one : many}`;

function shortPath(path: string, { home }: Look): string {
  const text = home !== undefined && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
  return printable(text);
}

const printable = (text: string): string => printableJson(text).slice(1, -1).replaceAll('\\"', '"');
