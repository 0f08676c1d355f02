// `configure`: gives every managed registry to this program in Docker's and Podman's files, says what changed and what
// keeps it from working. An outage and a missing client are warnings: it runs at the start of environments.

import type { Report, Warning } from "../core/configure-report.ts";
import { type Failure, failureLine, Outage, toFailure, UsageError } from "../core/failures.ts";
import { parseRegistry, type RegistryRef } from "../core/registry.ts";
import { type Comparisons, type Delegated, type DelegateOptions, delegate, helperName } from "../delegate.ts";
import { fileWarnings } from "../docker/file-warnings.ts";
import { type Place, placesToWrite } from "../docker/places.ts";
import { type HelperOnPath, helperOnPath, onPath } from "../docker/programs.ts";
import { deadlineAfter } from "../edge/clock.ts";
import { Local } from "../local.ts";
import { Remote } from "../remote.ts";
import type { Cache } from "../store/cache.ts";
import { openForReading } from "../store/cache-reader.ts";
import { memoryCache } from "../store/memory-cache.ts";
import { readOnce } from "../store/read-once.ts";
import type { Invocation, RunVerb } from "./invocation.ts";
import { printReport } from "./print-report.ts";

export const run: RunVerb = async (invocation) => {
  const { context, trace, helperNames, out } = invocation;
  const local = localOf(invocation);
  const options = optionsOf(invocation, local);
  if (invocation.options.flag("watch")) return follow(invocation, options);
  const deadline = deadlineAfter(context.clock, local.config.deadlineMs);
  const remote = new Remote(local, { deadline, trace, helperNames });
  out.progress("asking the platform for its registries");
  try {
    const report = reportOf(await delegate(local, remote, options), options, invocation, local);
    out.progress("");
    printReport(report, invocation, local);
    return exitCode(report);
  } finally {
    remote.close();
  }
};

/** A dry run reads the cache and keeps to itself what it asked for. */
function localOf({ context, options }: Invocation): Local {
  const { uid, clock } = context;
  const overCache = (): Cache =>
    memoryCache(() => clock.nowMs())(openForReading(local.directories.cache, uid, clock).cache);
  const local: Local = new Local(context, options.flag("dry-run") ? { overCache } : { overCache: readOnce });
  return local;
}

/** Round after round until a signal; says something only when it is news. */
async function follow(invocation: Invocation, options: DelegateOptions): Promise<number> {
  if (options.dryRun) throw new UsageError("--watch and --dry-run exclude each other");
  const { watch } = await import("../watch.ts");
  const comparisons: Comparisons = new Map();
  let last: string | undefined;
  const onError = (error: unknown): void =>
    invocation.out.warn(failureLine("docker-credential-ona configure", toFailure(error)));
  await watch(
    invocation,
    async (local, remote) => {
      const prefetch = options.prefetch && last === undefined;
      const report = reportOf(
        await delegate(local, remote, { ...options, prefetch, comparisons }),
        options,
        invocation,
        local,
      );
      const changed = report.files.some((file) => file.changed);
      const news = newsIn(report);
      if (changed || news !== last) printReport(report, invocation, local);
      last = news;
      const failed = report.failure !== undefined || report.files.some(({ error }) => error !== undefined);
      return { changed, failed };
    },
    { onError },
  );
  return 0;
}

/** What has to be said again when it changes; the words of an error differ from one time to the next. */
function newsIn({ files, warnings }: Report): string {
  const rows = files.map(({ error, registries }) => [
    error?.code,
    registries.map(({ registry, otherHelpers, hiddenLogins }) => [registry, otherHelpers, hiddenLogins]),
  ]);
  return JSON.stringify([warnings.map(({ code }) => code), rows]);
}

function optionsOf({ options, context, helperNames }: Invocation, local: Local): DelegateOptions {
  const chosen = { dockerConfig: options.text("docker-config"), authfile: options.text("authfile") };
  const named = options.texts("registry").map(registryOf);
  return {
    places: placesToWrite(chosen, context.env, local.directories),
    named: named.length === 0 ? undefined : named,
    prefetch: options.flag("prefetch"),
    dryRun: options.flag("dry-run"),
    helperNames,
  };
}

function registryOf(text: string): RegistryRef {
  const ref = parseRegistry(text);
  if (ref?.kind === "registry") return ref;
  throw new UsageError("--registry needs a host, such as ghcr.io or registry.example.com:5000");
}

function reportOf(done: Delegated, options: DelegateOptions, invocation: Invocation, local: Local): Report {
  const { context, executable, helperNames } = invocation;
  const helper = helperOnPath(helperName(helperNames), executable, context.env, context.uid);
  const warnings = [
    ...done.warnings,
    ...programWarnings(helper, executable),
    ...clientWarnings(options.places, invocation),
    ...fileWarnings(done, options.places, local, helperNames),
  ];
  return {
    ...done,
    verb: "configure",
    dryRun: options.dryRun,
    helper: helperName(helperNames),
    program: executable,
    programOnPath: helper.path,
    warnings,
  };
}

function programWarnings(
  { kind, program, path, mend }: HelperOnPath,
  executable: string,
): readonly Warning[] {
  if (kind === "found") return [];
  const message =
    kind === "missing"
      ? `${program} is not on PATH, where Docker and Podman look for it`
      : `Docker and Podman start another program, ${path}, and not ${executable}`;
  const code = kind === "missing" ? "helper-not-on-path" : "helper-other-on-path";
  return [{ code, message, remedy: undefined, command: mend }];
}

/** Files for clients that are not there are written all the same: they may come later. */
function clientWarnings(places: readonly Place[], { context }: Invocation): readonly Warning[] {
  const docker = places.some(({ reader }) => reader === "docker");
  const clients = docker ? ["docker"] : ["podman", "buildah", "skopeo"];
  if (clients.some((client) => onPath(client, context.env) !== undefined)) return [];
  const message = docker
    ? "there is no docker CLI on PATH"
    : "neither podman nor buildah nor skopeo is on PATH";
  return [{ code: "no-client", message, remedy: "the file is for whoever comes later" }];
}

function exitCode({ files, failure, warnings, platform }: Report): number {
  if (files.some(({ error }) => error !== undefined)) return 1;
  if (failure !== undefined && !isOutage(failure)) return 1;
  return platform === "asked" && warnings.some(({ code }) => code === "not-managed") ? 1 : 0;
}

/** The platform could not be asked; everything else is for somebody to mend. */
function isOutage(failure: Failure): boolean {
  return failure instanceof Outage || failure.code === "deadline";
}
