// The table of contents: from arguments and stdin to what is said on both streams and how the program ends. It
// never exits by itself and touches neither the process nor the machine.

import { erase } from "./commands/erase.ts";
import { get } from "./commands/get.ts";
import type { HelperDeps } from "./commands/invocation.ts";
import { answer, fail, type Reply, refuse } from "./commands/reply.ts";
import { Failure, failureLine, InvalidInput, toFailure } from "./core/failures.ts";
import { extraArgument, readServerUrl, unknownAction, usage } from "./core/protocol.ts";
import { parseRegistry } from "./core/registry.ts";
import { type Deadline, deadlineAfter } from "./edge/clock.ts";
import { Local } from "./local.ts";
import { Remote } from "./remote.ts";
import { readOnce } from "./store/read-once.ts";

type CredentialVerb = "get" | "store" | "erase" | "list";

/** Callers give `list` three seconds, start-up included. */
const LIST_LIMIT_MS = 2700;
/** What the platform may take of it. */
const ASK_LIMIT_MS = 2200;

export async function runHelper(args: readonly string[], deps: HelperDeps): Promise<Reply> {
  const [verb, ...rest] = args;
  switch (verb) {
    case undefined:
      return refuse(usage());
    case "get":
    case "store":
    case "erase":
    case "list":
      if (rest.length > 0) return refuse(verb === "get" ? extraArgument() : usage());
      return protocolVerb(verb, deps);
    case "version":
    case "--version":
    case "-v": {
      const { versionJson, versionLine } = await import("./commands/help.ts");
      if (rest.length === 1 && rest[0] === "--json") return versionJson();
      return rest.length > 0 ? refuse(usage()) : versionLine();
    }
    case "help":
    case "--help":
    case "-h":
      return (await import("./commands/help.ts")).help(rest);
    default:
      return verbForPeople(verb, rest, deps);
  }
}

async function verbForPeople(name: string, args: readonly string[], deps: HelperDeps): Promise<Reply> {
  const { findVerb } = await import("./verbs.ts");
  const verb = findVerb(name);
  if (verb === undefined) return refuse(unknownAction(name));
  const { runVerb } = await import("./people.ts");
  return runVerb(verb, args, deps);
}

async function protocolVerb(verb: CredentialVerb, deps: HelperDeps): Promise<Reply> {
  const { context, trace, helperNames, found } = deps;
  const local = new Local(context, { overCache: readOnce, found });
  const limitMs = local.config.deadlineMs;
  const deadline = deadlineAfter(context.clock, limitMs);
  const asking = verb === "list" ? deadlineAfter(context.clock, Math.min(limitMs, ASK_LIMIT_MS)) : deadline;
  const run: Run = {
    verb,
    local,
    remote: new Remote(local, { deadline: asking, trace, helperNames }),
    deadline,
  };
  const reply = await bounded(run, () => perform(run, deps));
  if (reply.exitCode !== 0 && /\[[a-z-]+\]\n$/.test(reply.stderr || reply.stdout)) {
    const { logFailure } = await import("./store/failure-log.ts");
    const line = (reply.stderr || reply.stdout).trimEnd();
    logFailure(local.directories.stateDir, context.uid, context.clock.nowMs(), verb, line);
  }
  return reply;
}

interface Run {
  readonly verb: CredentialVerb;
  readonly local: Local;
  readonly remote: Remote;
  readonly deadline: Deadline;
  /** What came on stdin, once it is there. */
  stdin?: Uint8Array;
}

async function perform(run: Run, deps: HelperDeps): Promise<Reply> {
  const { verb, local, remote } = run;
  try {
    if (verb === "list") return await (await import("./commands/list.ts")).list(local, remote);
    const stdin = await deps.readStdin(run.deadline);
    run.stdin = stdin;
    if (verb === "get") return await get(stdin, local, remote);
    if (verb === "erase") return erase(stdin, local);
    return await (await import("./commands/store.ts")).store(stdin, local, remote);
  } catch (error) {
    if (verb === "list") return answer("{}\n");
    if (error instanceof InvalidInput) return refuse(error.message);
    return refuse(failureLine("docker-credential-ona", toFailure(error)));
  }
}

/** Whatever hangs, the caller gets an answer at the deadline; `list` answers sooner and never fails. */
async function bounded(run: Run, work: () => Promise<Reply>): Promise<Reply> {
  let timer: NodeJS.Timeout | undefined;
  const leftMs = run.deadline.remainingMs() + 200;
  const timeout = new Promise<Reply>((resolve) => {
    timer = setTimeout(() => resolve(tooLate(run)), run.verb === "list" ? LIST_LIMIT_MS : leftMs);
  });
  try {
    return await Promise.race([work(), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLate({ verb, stdin }: Run): Reply {
  if (verb === "list") return answer("{}\n");
  const late = new Failure("deadline", "it took longer than the deadline allows", {
    hint: "try again, or raise deadlineMs",
  });
  const asked = verb === "get" && stdin !== undefined ? parseRegistry(readServerUrl(stdin)) : undefined;
  return asked === undefined ? refuse(failureLine("docker-credential-ona", late)) : fail(asked.key, late);
}
