// How configure and unconfigure say what they did: lines for people, or the same facts as data; what is wrong on stderr.

import { errorLines, type Report, reportData, reportLines, warningLines } from "../core/configure-report.ts";
import type { Local } from "../local.ts";
import type { Invocation } from "./invocation.ts";

export function printReport(
  report: Report,
  { out, options }: Pick<Invocation, "out" | "options">,
  { directories }: Pick<Local, "directories">,
): void {
  const { columns, style } = out;
  const look = { columns, style, home: directories.home };
  if (options.flag("json")) out.json(reportData(report));
  else for (const line of reportLines(report, look)) out.line(line);
  const errors = report.files.flatMap(({ error }) => (error === undefined ? [] : errorLines(error, look)));
  for (const line of [...errors, ...report.warnings.flatMap((warning) => warningLines(warning, look))]) {
    out.warn(line);
  }
}
