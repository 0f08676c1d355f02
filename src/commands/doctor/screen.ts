// The report for people: findings first, worst first, then the facts, in lines that fit the terminal. Colour and symbols
// are for a terminal only.

import type { Message } from "../../core/failure-messages.ts";
import type { Finding, Severity } from "../../core/findings.ts";
import { wrapped } from "../../core/wrap.ts";
import type { Output, Style } from "../../edge/output.ts";
import type { Fact } from "./check.ts";
import type { Report } from "./examine.ts";

const MOST_COLUMNS = 100;
const NAME_COLUMNS = 18;
const STYLES: Readonly<Record<Severity, Style>> = { error: "red", warning: "yellow", note: "dim" };
const SYMBOLS: Readonly<Record<Severity, string>> = { error: "\u2717", warning: "!", note: "-" };

export function showReport(report: Report, out: Output): void {
  showFindings(report.findings, out);
  const facts = report.sections.flatMap(({ checked }) => checked.facts);
  out.line(out.style("bold", "Set-up"));
  for (const fact of facts) showFact(fact, 2, out);
  if (report.registries.length === 0) {
    out.line();
    out.line("No registry is managed here, given to this program or logged in to.");
    return;
  }
  for (const { registry, facts: own } of report.registries) {
    out.line();
    out.line(out.style("bold", registry));
    for (const fact of own) showFact(fact, 2, out);
  }
}

function showFindings(findings: readonly Finding[], out: Output): void {
  if (findings.length === 0) {
    out.line(out.style("green", out.isTerminal ? "\u2713 no findings" : "no findings"));
    out.line();
    return;
  }
  out.line(findings.length === 1 ? "1 finding" : `${findings.length} findings, worst first`);
  for (const finding of findings) {
    out.line();
    showFinding(finding, out);
  }
  out.line();
}

function showFinding({ code, severity, subjects, message, cause, remedy }: Finding, out: Output): void {
  const mark = out.isTerminal ? SYMBOLS[severity] : `${severity}:`;
  // The message names a single subject itself where it matters.
  const about =
    subjects.length === 1 && message.includes(subjects[0] ?? "") ? "" : `${subjects.join(", ")}: `;
  const lines = fitted(`${mark} ${about}${message} [${code}]`, width(out), 2);
  out.line(out.style(STYLES[severity], lines.join("\n")));
  for (const line of fitted(`  why: ${cause}`, width(out), 7)) out.line(line);
  for (const line of fitted(`  do:  ${remedy}`, width(out), 7)) out.line(line);
}

function showFact({ name, value, details = [] }: Fact, indent: number, out: Output): void {
  const label = `${" ".repeat(indent)}${name.padEnd(NAME_COLUMNS - indent)}`;
  const [first = "", ...more] = fitted(`${label}${value}`, width(out), NAME_COLUMNS);
  out.line(out.style("dim", first.slice(0, label.length)) + first.slice(label.length));
  for (const line of more) out.line(line);
  for (const detail of details) {
    for (const line of fitted(`${" ".repeat(NAME_COLUMNS)}${detail}`, width(out), NAME_COLUMNS + 2))
      out.line(line);
  }
}

export function showMessage(code: string, { message, cause, remedy }: Message, out: Output): void {
  out.line(out.style("bold", code));
  for (const line of fitted(`  says: ${message}`, width(out), 8)) out.line(line);
  for (const line of fitted(`  why:  ${cause}`, width(out), 8)) out.line(line);
  for (const line of fitted(`  do:   ${remedy}`, width(out), 8)) out.line(line);
}

const width = (out: Output): number => Math.max(40, Math.min(out.columns, MOST_COLUMNS));

/** `text` in lines of at most `columns`, those after the first indented; a word that is longer stays whole, to be copied. */
export function fitted(text: string, columns: number, indent: number): readonly string[] {
  const lead = /^ */.exec(text)?.[0] ?? "";
  const deeper = " ".repeat(Math.max(0, indent - lead.length));
  return wrapped(text.slice(lead.length), columns - lead.length, deeper).map((line) => lead + line);
}
