// The only file that touches the process: it fixes the umask and the environment, builds the real dependencies, writes
// the reply in one piece and sets the exit code. A warm `get` is answered from here; everything else is loaded first.

import { getNow } from "./commands/get.ts";
import type { Reply } from "./commands/reply.ts";
import { systemClock } from "./edge/clock.ts";
import { readStdinNow } from "./edge/stdin-now.ts";
import { createTrace } from "./edge/trace.ts";
import { writeAll } from "./edge/write-all.ts";
import { type Machine, Session } from "./session.ts";

/** Everything that is created belongs to us alone, whatever umask the caller had. */
process.umask(0o077);

/** The signal by which debuggers ask Node to open a port; by default it would end Bun. */
process.on("SIGUSR1", () => undefined);

const env = Object.freeze({ ...process.env });
/** Libraries would print to the streams that Docker shows. */
delete process.env.NODE_DEBUG;
/** It changes nothing, since certificates are always checked, but the runtime would warn of it on stderr. */
delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
const stderr = (text: string): void => writeAll(2, text);
const ownName = /(?:^|\/)docker-credential-([^/]+)$/.exec(process.execPath)?.[1];
const machine: Machine = {
  env,
  uid: process.geteuid?.() ?? 0,
  clock: systemClock,
  trace: createTrace(env.DOCKER_CREDENTIAL_ONA_TRACE, systemClock, stderr),
  suffixes: ["ona", ...(ownName === undefined ? [] : [ownName])],
};

const reply = await answerTo(process.argv.slice(2));
if (reply.stderr !== "") stderr(reply.stderr);
writeAll(1, reply.stdout);
// Everything is written by now; what is still pending (a stdin that never ends) must not hold the caller.
process.exit(reply.exitCode);

async function answerTo(args: readonly string[]): Promise<Reply> {
  const stdin = args.length === 1 && args[0] === "get" ? readStdinNow() : undefined;
  const now = stdin?.complete ? getNow(stdin.bytes, new Session(machine)) : undefined;
  if (now !== undefined) return now;
  const { runHelper, readStdin } = await import("./program.ts");
  return runHelper(args, { machine, readStdin: (deadline) => readStdin(deadline, stdin) });
}
