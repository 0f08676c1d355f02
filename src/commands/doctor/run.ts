// `doctor`: asks everything anew, changes nothing, and says what is wrong and how to mend it; or explains a code.

import { VERSION } from "../../core/version.ts";
import { readAuthFiles } from "../../docker/auth-files.ts";
import type { Output } from "../../edge/output.ts";
import type { RunVerb } from "../invocation.ts";
import { delegatedKeys, examine, type Report } from "./examine.ts";
import { messageOf } from "./explain.ts";
import { type Operands, parseOperands } from "./operands.ts";
import { makeScene, type Scene } from "./scene.ts";
import { showMessage, showReport } from "./screen.ts";

const SCHEMA_VERSION = 1;
/** Nobody wants to read of what is over before it is read. */
const PROGRESS_AFTER_MS = 300;

export const run: RunVerb = async (invocation) => {
  const { out, options, context, helperNames } = invocation;
  const scene = makeScene(invocation);
  const files = readAuthFiles(context.env, scene.directories, context.uid);
  const given = new Set(delegatedKeys(files, helperNames).map(({ key }) => key));
  const operands = parseOperands(invocation.operands, (key) => given.has(key) || isKnown(scene, key));
  const onlyCodes = operands.codes.length > 0 && operands.targets.length === 0;
  const progress = delayedProgress(out);
  const report = onlyCodes ? undefined : await examine(scene, files, operands.targets, progress.show);
  progress.end();
  scene.remote.close();
  if (options.flag("json")) out.json(asJson(operands, report));
  else show(operands, report, out);
  return options.flag("strict") && (report?.findings.length ?? 0) > 0 ? 1 : 0;
};

/** A bare word is a registry where one of that name is known. */
function isKnown({ local, remembered }: Scene, key: string): boolean {
  const isRule = local.config.rules.some(({ pattern }) => pattern === key);
  return isRule || (remembered.list()?.candidates.some(({ registry }) => registry === key) ?? false);
}

function show({ codes }: Operands, report: Report | undefined, out: Output): void {
  for (const [index, code] of codes.entries()) {
    if (index > 0) out.line();
    showMessage(code, messageOf(code), out);
  }
  if (report === undefined) return;
  if (codes.length > 0) out.line();
  showReport(report, out);
}

function asJson({ codes }: Operands, report: Report | undefined): unknown {
  const explained = codes.map((code) => ({ code, ...messageOf(code) }));
  if (report === undefined) return { schemaVersion: SCHEMA_VERSION, version: VERSION, explained };
  return {
    schemaVersion: SCHEMA_VERSION,
    version: VERSION,
    ...(explained.length === 0 ? {} : { explained }),
    findings: report.findings,
    checks: Object.fromEntries(report.sections.map(({ name, checked }) => [name, checked.data])),
    registries: report.registries.map(({ data }) => data),
  };
}

function delayedProgress(out: Output): {
  readonly show: (pending: readonly string[]) => void;
  readonly end: () => void;
} {
  let isLate = false;
  let latest: readonly string[] = [];
  const showNow = (): void => {
    if (isLate && latest.length > 0) out.progress(`checking ${latest.join(", ")}`.slice(0, out.columns - 1));
  };
  const timer = setTimeout(() => {
    isLate = true;
    showNow();
  }, PROGRESS_AFTER_MS);
  return {
    show(pending) {
      latest = pending;
      showNow();
    },
    end() {
      clearTimeout(timer);
      isLate = false;
      out.progress("");
    },
  };
}
