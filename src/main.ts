// Entry point. Only this file reads argv and the environment (edge/silence-libraries.ts changes two variables for the
// clouds' libraries and puts them back), sets the umask, and ends the process. A warm `get` is answered from here;
// everything else is loaded by the slow path.

import { getNow } from "./commands/get.ts";
import type { Reply } from "./commands/reply.ts";
import { systemClock } from "./edge/clock.ts";
import { readStdinNow } from "./edge/stdin-nonblocking.ts";
import { writeAll } from "./edge/write-all.ts";
import { Local } from "./local.ts";

/** Everything that is created belongs to us alone, whatever umask the caller had. */
const callersUmask = process.umask(0o077);

/** The signal by which debuggers ask Node to open a port; by default it would end Bun. */
process.on("SIGUSR1", () => undefined);

const args = process.argv.slice(2);
const stdin = args.length === 1 && args[0] === "get" ? readStdinNow() : undefined;
const uid = process.geteuid?.() ?? 0;
const local = stdin?.complete === true ? new Local({ env: process.env, uid, clock: systemClock }) : undefined;
const reply = warmReply() ?? (await slowReply());
if (reply.stderr !== "") writeAll(2, reply.stderr);
const isSaid = writeAll(1, reply.stdout);
// Everything is written by now; what is still pending (a stdin that never ends) must not hold the caller.
process.exit(isSaid ? reply.exitCode : 1);

function warmReply(): Reply | undefined {
  return stdin === undefined || local === undefined ? undefined : getNow(stdin.bytes, local);
}

async function slowReply(): Promise<Reply> {
  const env = Object.freeze({ ...process.env });
  forgetRuntimeVariables();
  const { createTrace, readStdin, runHelper } = await import("./program.ts");
  const ownName = /(?:^|\/)docker-credential-([^/]+)$/.exec(process.execPath)?.[1];
  return runHelper(args, {
    context: { env, uid, clock: systemClock },
    trace: createTrace(env.DOCKER_CREDENTIAL_ONA_TRACE, systemClock, uid, (text) => writeAll(2, text)),
    helperNames: ["ona", ...(ownName === undefined ? [] : [ownName])],
    readStdin: (deadline) => readStdin(deadline, stdin),
    // Without a failure: the bundle's other part has a class of its own for them.
    found: local?.loaded.broken === undefined ? local : undefined,
    executable: process.execPath,
    asCaller,
  });
}

/** For what is the caller's own: it is started with the umask that the caller had. */
function asCaller<T>(start: () => T): T {
  process.umask(callersUmask);
  try {
    return start();
  } finally {
    process.umask(0o077);
  }
}

/**
 * Scripts of the runtime and libraries look into `process.env` when they are loaded, and would print to the streams that
 * Docker shows (NODE_DEBUG), warn, or take a descriptor for a channel. What is ours to read was copied before.
 */
function forgetRuntimeVariables(): void {
  for (const name of Object.keys(process.env)) {
    if (/^(?:BUN|NODE)_/.test(name)) delete process.env[name];
  }
}
