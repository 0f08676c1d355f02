// The directory that everything of one run lives under, and the mark that every process of it carries.
// It must never end a process without that mark, nor remove a directory that it did not make.

import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const prefix = "ona-clients-";
const ownerFile = "owner";
/** Directories that an engine makes outside of its own roots; removed again unless they were there before. */
const engineTraces = ["/run/containerd/s", "/run/containerd", "/run/docker/plugins", "/run/docker"];

interface Owner {
  pid: number;
  traces: string[];
}

/** The variable by which a process of ours is known, and by which its children are. */
export const mark = "ONA_CLIENTS_RUN";

export function openRunRoot(): string {
  sweepForgotten();
  const root = mkdtempSync(join(realpathSync(tmpdir()), prefix));
  const owner: Owner = { pid: process.pid, traces: engineTraces.filter((trace) => !existsSync(trace)) };
  writeFileSync(join(root, ownerFile), JSON.stringify(owner));
  return root;
}

export function closeRunRoot(root: string): void {
  const owner = readOwner(root);
  for (const pid of processesOf(root)) endNow(pid);
  for (const mountPoint of mountsUnder(root).reverse()) {
    spawnSync("/bin/umount", ["--lazy", mountPoint], { stdio: "ignore" });
  }
  rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  owner?.traces.forEach(removeIfEmpty);
}

/** A run whose owner was killed could not clean up; the next one does it. */
function sweepForgotten(): void {
  const temporary = realpathSync(tmpdir());
  for (const name of readdirSync(temporary)) {
    if (!name.startsWith(prefix)) continue;
    const root = join(temporary, name);
    const owner = readOwner(root);
    if (owner !== undefined && !isAlive(owner.pid)) closeRunRoot(root);
  }
}

function readOwner(root: string): Owner | undefined {
  const text = readText(join(root, ownerFile));
  return text === "" ? undefined : (JSON.parse(text) as Owner);
}

/** Processes that carry the mark, and containers whose root file system lies under the root. */
function processesOf(root: string): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .filter((pid) => {
      if (readText(`/proc/${pid}/environ`).split("\0").includes(`${mark}=${root}`)) return true;
      return readText(`/proc/${pid}/mountinfo`)
        .split("\n")
        .map((line) => line.split(" "))
        .some(([, , , source, target]) => target === "/" && source?.startsWith(`${root}/`));
    });
}

function mountsUnder(root: string): string[] {
  return readText("/proc/mounts")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((mountPoint) => mountPoint.startsWith(`${root}/`));
}

function endNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Not there, or in use by somebody else's engine.
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
