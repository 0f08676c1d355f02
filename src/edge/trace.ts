// The trace that a user may switch on: one line per step, to stderr or a file. Callers pass steps, hosts and
// codes; a secret is never handed to it.

import { isAbsolutePath } from "../core/paths.ts";
import { setting } from "../core/setting.ts";
import { appendLine } from "./append-file.ts";
import type { Clock } from "./clock.ts";

export type Trace = (step: string) => void;

const UNPRINTABLE = /[^\x20-\x7e]+/g;
const silent: Trace = () => undefined;

/** `value` is that of DOCKER_CREDENTIAL_ONA_TRACE: `1` means stderr, an absolute path a file; anything else is off. */
export function createTrace(
  value: string | undefined,
  clock: Clock,
  uid: number,
  stderr: (text: string) => void,
): Trace {
  const target = setting(value);
  if (target === undefined || target === "0") return silent;
  const startMs = clock.monotonicMs();
  const line = (step: string): string =>
    `docker-credential-ona[${process.pid}] +${(clock.monotonicMs() - startMs).toFixed(1)}ms ${step.replace(UNPRINTABLE, "?")}\n`;
  if (target === "1") return (step) => stderr(line(step));
  if (!isAbsolutePath(target)) return silent;
  let written = true;
  return (step) => {
    // Said once: the user asked for a file, and a trace that is missing silently would be looked for elsewhere.
    if (!written || appendLine(target, uid, line(step))) return;
    written = false;
    stderr(
      `docker-credential-ona: the trace was not written: ${target.replace(UNPRINTABLE, "?")} cannot be opened or is not a regular file of this user with one name\n`,
    );
  };
}
