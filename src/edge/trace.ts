// The trace that a user may switch on: one line per step, to stderr or a file. Callers pass steps, hosts and
// codes; a secret is never handed to it.

import { closeSync, constants, openSync, writeSync } from "node:fs";
import { isAbsolutePath } from "../core/paths.ts";
import type { Clock } from "./clock.ts";

export type Trace = (step: string) => void;

const TRACE_FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;
const silent: Trace = () => undefined;

/** `setting` is DOCKER_CREDENTIAL_ONA_TRACE: `1` means stderr, an absolute path a file; anything else is off. */
export function createTrace(
  setting: string | undefined,
  clock: Clock,
  stderr: (text: string) => void,
): Trace {
  if (!setting || setting === "0") return silent;
  const startMs = clock.monotonicMs();
  const line = (step: string): string =>
    `docker-credential-ona[${process.pid}] +${(clock.monotonicMs() - startMs).toFixed(1)}ms ${step.replace(/[^\x20-\x7e]+/g, "?")}\n`;
  if (setting === "1") return (step) => stderr(line(step));
  if (!isAbsolutePath(setting)) return silent;
  return (step) => {
    try {
      // A pipe that nobody reads must not hold the run up.
      const fd = openSync(setting, TRACE_FLAGS, 0o600);
      try {
        writeSync(fd, line(step));
      } finally {
        closeSync(fd);
      }
    } catch {
      // A trace that cannot be written must not change an answer.
    }
  };
}
