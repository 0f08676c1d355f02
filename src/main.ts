// The only file that touches the process: it fixes the umask and the environment, builds the real dependencies, writes
// the reply in one piece and sets the exit code. A warm `get` is answered from here, and what it does not need waits for
// the long way.

import { getNow } from "./commands/get.ts";
import type { Reply } from "./commands/reply.ts";
import { systemClock } from "./edge/clock.ts";
import { readStdinNow, type StdinStart } from "./edge/stdin-nonblocking.ts";
import { writeAll } from "./edge/write-all.ts";
import { View } from "./local.ts";
import type { Machine } from "./remote.ts";

/** Everything that is created belongs to us alone, whatever umask the caller had. */
process.umask(0o077);

/** The signal by which debuggers ask Node to open a port; by default it would end Bun. */
process.on("SIGUSR1", () => undefined);

const args = process.argv.slice(2);
const stdin = args.length === 1 && args[0] === "get" ? readStdinNow() : undefined;
const uid = process.geteuid?.() ?? 0;
const reply = warmReply() ?? (await replyTheLongWay(stdin));
if (reply.stderr !== "") writeAll(2, reply.stderr);
writeAll(1, reply.stdout);
// Everything is written by now; what is still pending (a stdin that never ends) must not hold the caller.
process.exit(reply.exitCode);

function warmReply(): Reply | undefined {
  if (stdin?.complete !== true) return undefined;
  return getNow(stdin.bytes, new View({ env: process.env, uid, clock: systemClock }));
}

async function replyTheLongWay(start: StdinStart | undefined): Promise<Reply> {
  const env = Object.freeze({ ...process.env });
  /** Libraries would print to the streams that Docker shows. */
  delete process.env.NODE_DEBUG;
  /** It changes nothing, since certificates are always checked, but the runtime would warn of it on stderr. */
  delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  const { createTrace, readStdin, runHelper } = await import("./program.ts");
  const ownName = /(?:^|\/)docker-credential-([^/]+)$/.exec(process.execPath)?.[1];
  const machine: Machine = {
    env,
    uid,
    clock: systemClock,
    trace: createTrace(env.DOCKER_CREDENTIAL_ONA_TRACE, systemClock, (text) => writeAll(2, text)),
    suffixes: ["ona", ...(ownName === undefined ? [] : [ownName])],
  };
  return runHelper(args, {
    machine,
    readStdin: (deadline) => readStdin(deadline, start),
    executable: process.execPath,
  });
}
