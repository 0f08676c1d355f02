// Where an export goes: what every kind of target does, and how one file of ours is told from another's and replaced.

import { chmodSync, lstatSync, mkdirSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { PreviousExport } from "../core/export/auth-file.ts";
import type { ExportEntry } from "../core/export/entry.ts";
import { Failure } from "../core/failures.ts";
import { lookAtFile } from "../edge/regular-file.ts";
import { writePrivateFile } from "../store/atomic-file.ts";
import { sweepBeside } from "../store/sweep.ts";
import type { Gathered, Problem } from "./gather.ts";

export interface Update {
  readonly changed: boolean;
  /** What the target holds now. */
  readonly entries: readonly ExportEntry[];
  readonly problems: readonly Problem[];
}

export interface ExportTarget {
  /** Why the format has no place for a credential; undefined when it has. */
  cannotCarry(entry: ExportEntry): string | undefined;
  /** Brings the target in step. Throws a Failure when nothing of it can be. */
  update(gathered: Gathered, nowMs: number): Update;
  /** Is what it wrote last still there? */
  isIntact(): boolean;
}

const MAX_BYTES = 64 * 1024 * 1024;
const OTHERS = 0o077;

/** A file of an export as it is now. */
export interface ExportFile {
  /** Where it really is: a link of the user's stays one. */
  readonly path: string;
  readonly text: string;
  readonly previous: PreviousExport;
}

/** Throws a Failure when it cannot be read or is no file. */
export function readExportFile(
  named: string,
  uid: number,
  read: (text: string) => PreviousExport,
): ExportFile {
  const path = targetOf(named, uid);
  const found = lookAtFile(path, MAX_BYTES);
  if ("unusable" in found) throw unwritable(named, found.unusable);
  const text = found.text ?? "";
  return { path, text, previous: read(text) };
}

/** Puts `text` in place if it is another than before; true when it did. Throws a Failure. */
export function replaceExportFile(file: ExportFile, text: string, uid: number, nowMs: number): boolean {
  try {
    // What a run that was killed left holds credentials.
    sweepBeside(file.path, "", { uid, mode: 0o600, nowMs });
    if (file.text === text && text !== "") return mendMode(file.path);
    mkdirSync(dirname(file.path), { recursive: true, mode: 0o700 });
    writePrivateFile(file.path, text);
    return true;
  } catch (error) {
    throw unwritable(file.path, `cannot be written (${codeOf(error)})`);
  }
}

export function foreign(path: string, hint: string): Failure {
  return new Failure("output-foreign", `${path} is there and was not written by export`, { hint });
}

export function unwritable(path: string, reason: string): Failure {
  return new Failure("output-failed", `${path} ${reason}`, { hint: "name another --output" });
}

export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "unknown";

/** Somebody has opened it to others; what is written anew is private again. */
function mendMode(path: string): false {
  if ((statSync(path).mode & OTHERS) !== 0) chmodSync(path, 0o600);
  return false;
}

/** Follows a link that belongs to us or to root: another's could lead our secrets anywhere. Throws a Failure. */
function targetOf(named: string, uid: number): string {
  const path = resolve(named);
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isSymbolicLink()) return path;
  if (stat.uid !== uid && stat.uid !== 0) throw unwritable(named, "is a link that belongs to another user");
  try {
    return realpathSync(path);
  } catch (error) {
    throw unwritable(named, `is a link that leads nowhere (${codeOf(error)})`);
  }
}
