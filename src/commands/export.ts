// `export`: credentials in files for runtimes that cannot call a helper, once or kept true by `--watch`. Secrets go into
// the output and nowhere else.

import { authFile } from "../core/export/auth-file.ts";
import type { ExportEntry } from "../core/export/entry.ts";
import { isLabel, isSecretName, manifest } from "../core/export/kubernetes.ts";
import { failureLine, toFailure, UsageError } from "../core/failures.ts";
import type { RegistryRef } from "../core/registry.ts";
import { renewalAtMs } from "../core/watch-plan.ts";
import { deadlineAfter } from "../edge/clock.ts";
import { colonInName, dockerConfigFormat, FileTarget, kubernetesFormat } from "../export/file-target.ts";
import { gather, type Problem } from "../export/gather.ts";
import { namedRegistries } from "../export/named.ts";
import { StdoutTarget, treeText } from "../export/stdout-target.ts";
import type { ExportTarget, Update } from "../export/target.ts";
import { noHeader, TreeTarget } from "../export/tree-target.ts";
import { Local } from "../local.ts";
import { Remote } from "../remote.ts";
import { readOnce } from "../store/read-once.ts";
import type { RoundResult } from "../watch.ts";
import type { Invocation, RunVerb } from "./invocation.ts";

const NAME = "docker-credential-ona";
/** One run may have many registries to ask. */
const RUN_LIMIT_MS = 30_000;
const DEFAULT_SECRET_NAME = "docker-credential-ona";
const STDOUT = "-";

export const run: RunVerb = async (invocation) => {
  const { options, signals } = invocation;
  const named = namedRegistries(options.texts("registry"));
  const exporter = new Exporter(invocation, named, targetOf(invocation));
  if (!options.flag("watch")) return exporter.once();
  // Looked at now, so that a signal that comes while the rest is loaded is heard.
  if (signals.stop.aborted) return 0;
  const { watch } = await import("../watch.ts");
  await watch(invocation, (local, remote) => exporter.round(local, remote), {
    isIntact: () => exporter.target.isIntact(),
    onError: (error) => exporter.report([{ subject: NAME, failure: toFailure(error), isError: true }]),
  });
  return 0;
};

class Exporter {
  readonly #invocation: Invocation;
  readonly #named: readonly RegistryRef[];
  readonly target: ExportTarget;
  /** What was said last of each subject; the same is not said twice in a row. */
  #said = new Map<string, string>();
  /** Registries of which it was said, or found, what containerd they need. */
  readonly #probed = new Set<string>();

  constructor(invocation: Invocation, named: readonly RegistryRef[], target: ExportTarget) {
    this.#invocation = invocation;
    this.#named = named;
    this.target = target;
  }

  async once(): Promise<number> {
    const { context, trace, helperNames } = this.#invocation;
    const local = new Local(context, { overCache: readOnce });
    const remote = new Remote(local, {
      deadline: deadlineAfter(context.clock, RUN_LIMIT_MS),
      trace,
      helperNames,
    });
    const { isComplete } = await this.#update(local, remote);
    return isComplete ? 0 : 1;
  }

  async round(local: Local, remote: Remote): Promise<RoundResult> {
    const { update, mayImprove } = await this.#update(local, remote);
    const nowMs = this.#invocation.context.clock.nowMs();
    const due = update.entries.flatMap(({ expiresAtMs }) =>
      expiresAtMs === undefined ? [] : [renewalAtMs(expiresAtMs, nowMs, Math.random())],
    );
    return {
      changed: update.changed,
      failed: mayImprove,
      dueAtMs: due.length === 0 ? undefined : Math.min(...due),
    };
  }

  /** Throws a Failure when nothing can be written. */
  async #update(local: Local, remote: Remote): Promise<Outcome> {
    const gathered = await gather(local, remote, this.#named, (entry) => this.target.cannotCarry(entry));
    const nowMs = this.#invocation.context.clock.nowMs();
    let update: Update;
    try {
      update = this.target.update(gathered, nowMs);
    } catch (error) {
      this.report(gathered.problems);
      throw error;
    }
    const problems = [...gathered.problems, ...update.problems];
    this.report(problems);
    if (update.changed) this.#tell(update.entries);
    await this.#warnOfTokenAuth(update.entries, remote);
    return {
      update,
      mayImprove: gathered.mayImprove,
      isComplete: !problems.some(({ isError }) => isError),
    };
  }

  report(problems: readonly Problem[]): void {
    const said = new Map<string, string>();
    for (const { subject, failure } of problems) {
      said.set(subject, failure.code);
      if (this.#said.get(subject) !== failure.code) this.#invocation.out.warn(failureLine(subject, failure));
    }
    this.#said = said;
  }

  #tell(entries: readonly ExportEntry[]): void {
    const { options, out } = this.#invocation;
    const output = options.text("output") ?? "";
    if (output === STDOUT) return;
    const names = entries.map(({ registry }) => registry.key).toSorted();
    out.line(`${output}: ${names.length === 0 ? "no registry" : names.join(", ")}`);
  }

  async #warnOfTokenAuth(entries: readonly ExportEntry[], remote: Remote): Promise<void> {
    const { options, context, out } = this.#invocation;
    const fresh = entries.filter(({ registry }) => !this.#probed.has(registry.key));
    if (options.text("format") !== "containerd" || fresh.length === 0) return;
    for (const { registry } of fresh) this.#probed.add(registry.key);
    const { tokenAuthNotices } = await import("../export/token-auth.ts");
    const { deadline } = remote.options;
    for (const notice of await tokenAuthNotices(fresh, context.env, deadline, () => remote.http())) {
      out.warn(notice);
    }
  }
}

interface Outcome {
  readonly update: Update;
  readonly mayImprove: boolean;
  readonly isComplete: boolean;
}

function targetOf({ options, context, out }: Invocation): ExportTarget {
  const format = options.text("format");
  const output = options.text("output") ?? "";
  const names = {
    name: options.text("name") ?? DEFAULT_SECRET_NAME,
    namespace: options.text("namespace"),
  };
  const isManifest = format === "kubernetes";
  if (!isManifest && (options.text("name") ?? options.text("namespace")) !== undefined) {
    throw new UsageError("--name and --namespace go with --format kubernetes");
  }
  if (!isSecretName(names.name)) throw new UsageError("--name is no name that Kubernetes takes");
  if (names.namespace !== undefined && !isLabel(names.namespace)) {
    throw new UsageError("--namespace is no name that Kubernetes takes");
  }
  const write = (text: string): void => out.raw(text);
  const { uid } = context;
  if (format === "containerd") {
    return output === STDOUT ? new StdoutTarget(write, treeText, noHeader) : new TreeTarget(output, uid);
  }
  if (output !== STDOUT) {
    return new FileTarget(output, uid, isManifest ? kubernetesFormat(names) : dockerConfigFormat);
  }
  const render = isManifest ? (entries: readonly ExportEntry[]) => manifest(entries, names) : authFile;
  return new StdoutTarget(write, render, colonInName);
}
