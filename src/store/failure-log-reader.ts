// The failure log for `doctor`: its lines and those of its predecessor, oldest first. Reading only.

import { joinPath } from "../core/paths.ts";
import { readPrivateFile } from "./atomic-file.ts";
import { LOG_NAME } from "./failure-log.ts";
import { isPrivateDir } from "./private-dir.ts";

export interface LoggedFailure {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly verb: string;
  /** As it was printed. */
  readonly line: string;
}

/** Empty when the directory is not ours or there is no log; a line that is no failure is left out. */
export function readFailures(dir: string | undefined, uid: number): readonly LoggedFailure[] {
  if (dir === undefined || !isPrivateDir(dir, uid)) return [];
  return [`${LOG_NAME}.1`, LOG_NAME].flatMap((name) => {
    const text = readPrivateFile(joinPath(dir, name), uid) ?? "";
    return text.split("\n").flatMap((line) => parse(line));
  });
}

function parse(text: string): readonly LoggedFailure[] {
  const [, time = "", verb = "", line = ""] = /^(\S+) ([a-z]+) (.*)$/.exec(text) ?? [];
  const atMs = Date.parse(time);
  return Number.isNaN(atMs) ? [] : [{ atMs, verb, line }];
}
