// What a verb for people is given, and how it ends: exit code 0 done, 1 failed, 2 wrong usage.

import type { Deadline } from "../edge/clock.ts";
import type { Output } from "../edge/output.ts";
import type { Signals } from "../edge/signals.ts";
import type { Trace } from "../edge/trace.ts";
import type { Context, Found } from "../local.ts";

/** The options as given; names as in verbs.ts. */
export interface Options {
  flag(name: string): boolean;
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
}

/** What the process gives to every verb. */
export interface HelperDeps {
  readonly context: Context;
  readonly trace: Trace;
  /** The names under which we may stand in `credHelpers`, without `docker-credential-`. */
  readonly helperNames: readonly string[];
  /** Stdin to its end. Rejects with a Failure when that does not come before the deadline. */
  readonly readStdin: (deadline: Deadline) => Promise<Uint8Array>;
  /** Path of this program. */
  readonly executable: string;
  /** Runs `start` under the caller's umask; ours is 077. */
  readonly asCaller: <T>(start: () => T) => T;
  /** What the warm path has found before it gave up. */
  readonly found?: Found | undefined;
}

export interface Invocation {
  readonly options: Options;
  /** For a verb that takes a command: that command and its arguments. */
  readonly operands: readonly string[];
  readonly context: Context;
  readonly trace: Trace;
  /** The names under which we may stand in `credHelpers`, without `docker-credential-`. */
  readonly helperNames: readonly string[];
  /** Path of this program. */
  readonly executable: string;
  /** Runs `start` under the caller's umask; ours is 077. */
  readonly asCaller: <T>(start: () => T) => T;
  readonly out: Output;
  /** Stdin to its end. Rejects with a Failure when that does not come before the deadline. */
  readonly readStdin: (deadline: Deadline) => Promise<Uint8Array>;
  readonly signals: Signals;
}

/** Returns the exit code. A Failure that it throws is printed as one line on stderr and ends with 1. */
export type RunVerb = (invocation: Invocation) => Promise<number>;
