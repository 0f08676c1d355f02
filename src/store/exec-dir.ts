// The directory of one `exec`, in memory where there is a place in memory: private, named after its process, and removed
// when the command ends. What a process left behind that was killed, the next one removes; the directory of one that
// still runs, or of one that cannot be seen from here, never.

import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { Failure } from "../core/failures.ts";
import { isAbsolutePath, joinPath } from "../core/paths.ts";
import { randomName } from "./atomic-file.ts";
import type { Directories } from "./directories.ts";
import { ensurePrivateDir } from "./private-dir.ts";

const NAME = "docker-credential-ona-exec";
const FORM = /^([0-9]+)-([0-9]+)-([0-9]+)-[0-9a-z]{8}$/;

export interface ExecDir {
  readonly path: string;
  /** Never throws. */
  remove(): void;
}

/** Throws a Failure when there is no place for one. */
export function makeExecDir(
  env: Readonly<Record<string, string | undefined>>,
  { runtimeDir }: Directories,
  uid: number,
): ExecDir {
  const temporary = env.TMPDIR && isAbsolutePath(env.TMPDIR) ? env.TMPDIR : "/tmp";
  const places = [
    ...(runtimeDir === undefined ? [] : [joinPath(runtimeDir, NAME)]),
    joinPath("/dev/shm", `${NAME}-${uid}`),
    joinPath(temporary, `${NAME}-${uid}`),
  ];
  for (const place of places) {
    if (!ensurePrivateDir(place, uid, false)) continue;
    sweepPlace(place);
    const path = joinPath(place, `${process.pid}-${startOf("self") ?? 0}-${namespace()}-${randomName()}`);
    try {
      mkdirSync(path, { mode: 0o700 });
      return { path, remove: () => removeTree(path) };
    } catch {
      // Full, or read-only: the next place.
    }
  }
  throw new Failure("output-failed", "there is no private directory for the command's credentials", {
    hint: "set XDG_RUNTIME_DIR or TMPDIR to a directory that can be written",
  });
}

function sweepPlace(place: string): void {
  try {
    for (const name of readdirSync(place)) {
      const [, pid, start, home] = FORM.exec(name) ?? [];
      if (pid !== undefined && home === namespace() && !isRunning(pid, start ?? "")) {
        removeTree(joinPath(place, name));
      }
    }
  } catch {
    // What is left stays for the next one.
  }
}

function isRunning(pid: string, start: string): boolean {
  const now = startOf(pid);
  if (now !== undefined) return now === start;
  try {
    process.kill(Number(pid), 0);
    return start === "0";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" && start === "0";
  }
}

/** When a process started, in the kernel's ticks; undefined when there is none, or no /proc. */
function startOf(pid: string): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name may hold anything; the 22nd field is the 20th after it.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

/** Process ids of another container mean other processes. */
function namespace(): string {
  try {
    return /[0-9]+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch {
    return "0";
  }
}

function removeTree(path: string): void {
  try {
    // Links in it are removed and not followed.
    rmSync(path, { recursive: true, force: true });
  } catch {
    // The next one tries again.
  }
}
