// `unconfigure`: takes exactly our entries out again, and the copy that configure kept. Without a choice: from every file
// that configure wrote to. It asks nobody.

import type { FileReport, Report, Warning } from "../core/configure-report.ts";
import { NOTHING_OWNED } from "../core/docker-config.ts";
import { readDockerFile } from "../core/docker-file.ts";
import { failedFile, helperName } from "../delegate.ts";
import { type FileTools, releaseConfigFile } from "../docker/change-file.ts";
import { placesToWrite } from "../docker/places.ts";
import { onPath } from "../docker/programs.ts";
import { readConfigFile } from "../docker/replace-file.ts";
import { deadlineAfter } from "../edge/clock.ts";
import { Local } from "../local.ts";
import { type OwnedFile, type Ownership, ownership } from "../store/ownership.ts";
import type { Invocation, RunVerb } from "./invocation.ts";
import { printReport } from "./print-report.ts";

/** How long a configure may hold the files, in milliseconds. */
const LEASE_LIMIT_MS = 10_000;

export const run: RunVerb = async (invocation) => {
  const { context, options, helperNames, executable } = invocation;
  const local = new Local(context);
  const { uid, clock } = context;
  const record = ownership(local.directories.stateDir, uid);
  const dryRun = options.flag("dry-run");
  const deadline = deadlineAfter(clock, LEASE_LIMIT_MS);
  const tools = { ownership: record, uid, clock, deadline, dryRun, helperNames };
  const files: FileReport[] = [];
  for (const owned of filesOf(invocation, local, record)) files.push(await released(owned, tools));
  const helper = helperName(helperNames);
  const report: Report = {
    verb: "unconfigure",
    dryRun,
    helper,
    program: executable,
    programOnPath: onPath(`docker-credential-${helper}`, context.env),
    platform: undefined,
    failure: undefined,
    managed: [],
    files,
    prefetched: undefined,
    warnings: dryRun ? [] : files.flatMap((file) => leftOver(file, helperNames)),
  };
  printReport(report, invocation, local);
  return files.some(({ error }) => error !== undefined) ? 1 : 0;
};

/** Those that were named, else those that the record has, else the usual ones, to say that nothing of ours is there. */
function filesOf({ options, context }: Invocation, local: Local, record: Ownership): readonly OwnedFile[] {
  const chosen = { dockerConfig: options.text("docker-config"), authfile: options.text("authfile") };
  const isChosen = chosen.dockerConfig !== undefined || chosen.authfile !== undefined;
  const all = record.all().toSorted((a, b) => (a.path < b.path ? -1 : 1));
  if (!isChosen && all.length > 0) return all;
  return placesToWrite(chosen, context.env, local.directories).map(({ path }) => {
    const target = targetOf(path);
    const known = all.find((owned) => owned.target === target || owned.path === path);
    return known ?? { path, target, backup: false, ...NOTHING_OWNED };
  });
}

function targetOf(path: string): string {
  try {
    return readConfigFile(path).target;
  } catch {
    return path;
  }
}

async function released(owned: OwnedFile, tools: FileTools): Promise<FileReport> {
  try {
    const { notRemembered, ...file } = await releaseConfigFile(owned, tools);
    return { ...file, error: notRemembered };
  } catch (error) {
    return failedFile(owned.path, error);
  }
}

/** Entries that name us and that configure did not add, or does not remember: whoever wrote them takes them out. */
function leftOver({ path, target, error }: FileReport, helperNames: readonly string[]): readonly Warning[] {
  if (error !== undefined) return [];
  const { helpers } = readDockerFile(readConfigFile(target).text);
  const keys = [...helpers].filter(([, helper]) => helperNames.includes(helper)).map(([key]) => key);
  if (keys.length === 0) return [];
  return [
    {
      code: "not-added-by-configure",
      message: `${path} still gives ${keys.join(", ")} to this program: configure did not add that`,
      remedy: "delete it from credHelpers by hand if it is to go",
    },
  ];
}
