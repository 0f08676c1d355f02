// What a verb says and how it ends.

import { type Failure, failureLine } from "../core/failures.ts";
import { NOT_FOUND } from "../core/protocol.ts";

export interface Reply {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export const answer = (stdout: string): Reply => ({ stdout, stderr: "", exitCode: 0 });

export const done: Reply = answer("");

/** The caller's fault, or an outcome of the protocol: one line on stdout. */
export const refuse = (line: string): Reply => ({ stdout: `${line}\n`, stderr: "", exitCode: 1 });

export const notFound: Reply = refuse(NOT_FOUND);

/** A managed registry without its credential: older Docker shows only stderr, so it stands there too. */
export function fail(subject: string, failure: Failure): Reply {
  const line = `${failureLine(subject, failure)}\n`;
  return { stdout: line, stderr: line, exitCode: 1 };
}
