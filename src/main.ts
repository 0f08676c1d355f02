// The only file that touches the process: it fixes the umask and the environment, builds the real dependencies, writes
// the reply in one piece and sets the exit code.

import { basename } from "node:path";
import { systemClock } from "./edge/clock.ts";
import { readStdin, writeAll } from "./edge/stdio.ts";
import { createTrace } from "./edge/trace.ts";
import { runHelper } from "./helper.ts";

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
const ownName = /^docker-credential-(.+)$/.exec(basename(process.execPath))?.[1];

const reply = await runHelper(process.argv.slice(2), {
  machine: {
    env,
    uid: process.geteuid?.() ?? 0,
    clock: systemClock,
    trace: createTrace(env.DOCKER_CREDENTIAL_ONA_TRACE, systemClock, stderr),
    suffixes: ["ona", ...(ownName === undefined ? [] : [ownName])],
  },
  readStdin,
});
if (reply.stderr !== "") stderr(reply.stderr);
writeAll(1, reply.stdout);
// Everything is written by now; what is still pending (a stdin that never ends) must not hold the caller.
process.exit(reply.exitCode);
