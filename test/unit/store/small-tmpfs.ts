// A tiny file system of a test's own, to see what happens when it is full, has no inodes left or is read-only. It
// needs the right to mount: as root, or by sudo without a password. Without it the tests are left out, in CI never.

import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { isRoot, scratch, uid } from "./scratch.ts";

export interface SmallTmpfs {
  readonly dir: string;
  remount(options: string): void;
}

const asRoot = (program: string, ...args: string[]): void => {
  const [command = "", ...rest] = isRoot ? [program, ...args] : ["sudo", "-n", program, ...args];
  execFileSync(command, rest, { stdio: "pipe" });
};

/** True when a tmpfs can be mounted; decided once, said once. */
export const canMount: boolean = (() => {
  if (process.env.CI === "true") return true;
  try {
    asRoot("true");
    if (!isRoot) return true;
    // A container's root may be no more than its name.
    execFileSync("unshare", ["-m", "mount", "-t", "tmpfs", "none", "/mnt"], { stdio: "pipe" });
    return true;
  } catch {
    console.log("no right to mount: full and read-only file systems are not tested");
    return false;
  }
})();

/** Such as `size=64k,nr_inodes=6`; unmounted after the running test. */
export function smallTmpfs(options: string): SmallTmpfs {
  const dir = join(scratch(), "small");
  mkdirSync(dir, { mode: 0o700 });
  asRoot("mount", "-t", "tmpfs", "-o", `mode=700,uid=${uid},${options}`, "none", dir);
  onTestFinished(() => asRoot("umount", "-l", dir));
  return { dir, remount: (changed) => asRoot("mount", "-o", `remount,${changed}`, dir) };
}
