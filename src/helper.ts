// The table of contents: from arguments and stdin to what is said on both streams and how the program ends. It
// never exits by itself and touches neither the process nor the machine.

import { erase } from "./commands/erase.ts";
import { get } from "./commands/get.ts";
import { answer, fail, type Reply, refuse } from "./commands/reply.ts";
import { Failure, failureLine, toFailure } from "./core/failures.ts";
import { extraArgument, Refusal, unknownAction, usage } from "./core/protocol.ts";
import type { Deadline } from "./edge/clock.ts";
import { type Machine, Session } from "./remote.ts";

type Verb = "get" | "store" | "erase" | "list";

/** Callers give `list` three seconds, start-up included. */
const LIST_LIMIT_MS = 2700;

export interface HelperDeps {
  readonly machine: Machine;
  /** Stdin to its end. Rejects with a Failure when that does not come before the deadline. */
  readonly readStdin: (deadline: Deadline) => Promise<Uint8Array>;
  /** Path of this program. */
  readonly executable: string;
}

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

async function protocolVerb(verb: Verb, deps: HelperDeps): Promise<Reply> {
  const session = new Session(deps.machine);
  const { machine } = deps;
  const reply = await bounded(verb, session, () => perform(verb, session, deps));
  if (reply.exitCode !== 0 && /\[[a-z-]+\]\n$/.test(reply.stderr || reply.stdout)) {
    const { logFailure } = await import("./store/failure-log.ts");
    const line = (reply.stderr || reply.stdout).trimEnd();
    logFailure(session.places.stateDir, machine.uid, machine.clock.nowMs(), verb, line);
  }
  return reply;
}

async function perform(verb: Verb, session: Session, deps: HelperDeps): Promise<Reply> {
  try {
    if (verb === "list") return await (await import("./commands/list.ts")).list(session);
    const stdin = await deps.readStdin(session.deadline);
    if (verb === "get") return await get(stdin, session);
    if (verb === "erase") return await erase(stdin, session);
    return await (await import("./commands/store.ts")).store(stdin, session);
  } catch (error) {
    if (error instanceof Refusal) return refuse(error.message);
    if (verb === "list") return answer("{}\n");
    return refuse(failureLine("docker-credential-ona", toFailure(error)));
  }
}

/** Whatever hangs, the caller gets an answer at the deadline; `list` answers sooner and never fails. */
async function bounded(verb: Verb, session: Session, work: () => Promise<Reply>): Promise<Reply> {
  let timer: NodeJS.Timeout | undefined;
  const leftMs = session.deadline.remainingMs() + 200;
  const timeout = new Promise<Reply>((resolve) => {
    timer = setTimeout(() => resolve(tooLate(verb, session)), verb === "list" ? LIST_LIMIT_MS : leftMs);
  });
  try {
    return await Promise.race([work(), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLate(verb: Verb, session: Session): Reply {
  if (verb === "list") return answer("{}\n");
  const late = new Failure("deadline", "it took longer than the deadline allows", {
    hint: "try again, or raise deadlineMs",
  });
  return session.asked === undefined
    ? refuse(failureLine("docker-credential-ona", late))
    : fail(session.asked.key, late);
}
