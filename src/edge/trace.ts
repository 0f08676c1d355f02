// The trace that a user may switch on: one line per step, to stderr or a file. Callers pass steps, hosts and
// codes; a secret is never handed to it.

import { isAbsolutePath } from "../core/paths.ts";
import { appendLine } from "./append-file.ts";
import type { Clock } from "./clock.ts";

export type Trace = (step: string) => void;

const UNPRINTABLE = /[^\x20-\x7e]+/g;
const silent: Trace = () => undefined;

/** `setting` is DOCKER_CREDENTIAL_ONA_TRACE: `1` means stderr, an absolute path a file; anything else is off. */
export function createTrace(
  setting: string | undefined,
  clock: Clock,
  uid: number,
  stderr: (text: string) => void,
): Trace {
  if (!setting || setting === "0") return silent;
  const startMs = clock.monotonicMs();
  const line = (step: string): string =>
    `docker-credential-ona[${process.pid}] +${(clock.monotonicMs() - startMs).toFixed(1)}ms ${step.replace(UNPRINTABLE, "?")}\n`;
  if (setting === "1") return (step) => stderr(line(step));
  if (!isAbsolutePath(setting)) return silent;
  let written = true;
  return (step) => {
    // Said once: the user asked for a file, and a trace that is missing silently would be looked for elsewhere.
    if (!written || appendLine(setting, uid, line(step))) return;
    written = false;
    stderr(
      `docker-credential-ona: the trace was not written: ${setting.replace(UNPRINTABLE, "?")} cannot be opened or is not a regular file of this user with one name\n`,
    );
  };
}
