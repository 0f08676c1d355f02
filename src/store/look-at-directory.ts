// A directory of ours as it is found, in words: used or passed over, and why. For people and for messages; it makes none.

import { accessSync, constants, lstatSync, type Stats, statfsSync } from "node:fs";
import { parentOf } from "../core/paths.ts";

/** A directory as it is found; `usable`: it is private, or it can be made. */
export interface LookedAt {
  readonly path: string;
  readonly state: "usable" | "will be made" | "not used";
  readonly owner: number | undefined;
  readonly mode: string | undefined;
  readonly reason: string;
}

export function lookAtDirectory(path: string, uid: number, parents: boolean): LookedAt {
  const stat = statOf(path);
  if (stat === undefined) return unmade(path, parents);
  const owner = stat.uid;
  const mode = (stat.mode & 0o7777).toString(8).padStart(4, "0");
  const found = { path, owner, mode };
  const reason = whyNot(path, stat, uid, mode);
  return reason === "" ? { ...found, state: "usable", reason } : { ...found, state: "not used", reason };
}

function whyNot(path: string, stat: Stats, uid: number, mode: string): string {
  if (stat.isSymbolicLink()) return "it is a link";
  if (!stat.isDirectory()) return "it is no directory";
  if (stat.uid !== uid) return `it belongs to user ${stat.uid}, not to user ${uid}`;
  if ((stat.mode & 0o077) !== 0) return `others may enter it (mode ${mode})`;
  const obstacle = obstacleTo(path);
  return obstacle === "" ? "" : `it ${obstacle}`;
}

/** What is not there is made when it is needed, if the nearest directory above lets us. */
function unmade(path: string, parents: boolean): LookedAt {
  const none = { path, owner: undefined, mode: undefined };
  let above = parentOf(path);
  while (parents && above !== "/" && statOf(above) === undefined) above = parentOf(above);
  const stat = statOf(above);
  if (stat === undefined) return { ...none, state: "not used", reason: `there is no ${above}` };
  const obstacle = obstacleTo(above);
  return obstacle === ""
    ? { ...none, state: "will be made", reason: "" }
    : { ...none, state: "not used", reason: `it is not there, and ${above} ${obstacle}` };
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** Why nothing can be put into a directory; empty: it can. */
function obstacleTo(path: string): string {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return KERNELS.has(statfsSync(path).type) ? "is the kernel's own and holds no files" : "";
  } catch {
    return "cannot be written";
  }
}

/** Where root may write as it seems, and nobody can: proc, sysfs, the two cgroup, devpts, debugfs, tracefs, securityfs. */
const KERNELS: ReadonlySet<number> = new Set([
  0x9fa0, 0x62656572, 0x27e0eb, 0x63677270, 0x1cd1, 0x64626720, 0x74726163, 0x73636673,
]);
