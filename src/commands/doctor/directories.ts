// The directories of the cache and of local logins: which is used, which is passed over and why. It makes none.

import { accessSync, constants, lstatSync, type Stats, statfsSync } from "node:fs";
import type { Seen } from "../../core/findings.ts";
import { parentOf } from "../../core/paths.ts";
import type { Checked, Fact } from "./check.ts";
import { printable } from "./check.ts";
import type { Scene } from "./scene.ts";

/** A directory as it is found; `usable`: it is private, or it can be made. */
interface Looked {
  readonly path: string;
  readonly state: "usable" | "will be made" | "not used";
  readonly owner: number | undefined;
  readonly mode: string | undefined;
  readonly reason: string;
}

/** Less than one answer with its directory entry. */
const LEAST_FREE_BYTES = 64 * 1024;

export function checkDirectories(scene: Scene): Checked {
  const { context, directories } = scene;
  const { env, uid } = context;
  const isOff = env.DOCKER_CREDENTIAL_ONA_NO_CACHE === "1";
  const named = env.DOCKER_CREDENTIAL_ONA_CACHE_DIR || undefined;
  const cache = directories.cache.map(({ dir, parents }) => look(dir, uid, parents));
  const used = cache.find(({ state }) => state !== "not used");
  const state = directories.stateDir === undefined ? undefined : look(directories.stateDir, uid, true);
  const facts: Fact[] = [
    {
      name: "cache",
      value: isOff ? "off (DOCKER_CREDENTIAL_ONA_NO_CACHE)" : used === undefined ? "none" : shown(used),
      details: cache
        .slice(0, used === undefined ? undefined : cache.indexOf(used))
        .map(({ path, reason }) => `passed over: ${printable(path)}, ${reason}`),
    },
    { name: "logins and log", value: state === undefined ? "none" : shown(state) },
  ];
  const passedOver = cache.slice(0, used === undefined ? undefined : cache.indexOf(used));
  return {
    facts,
    data: {
      cache: cache.map((it) => ({
        ...it,
        owner: it.owner ?? null,
        mode: it.mode ?? null,
        used: it === used,
      })),
      state: state === undefined ? null : { ...state, owner: state.owner ?? null, mode: state.mode ?? null },
    },
    seen: [
      ...passedOver.flatMap((it) =>
        it.owner === undefined && used !== undefined ? [] : [notUsed(it, named, used)],
      ),
      ...(isOff || used !== undefined || cache.length > 0 ? [] : [noneAtAll(named)]),
      ...(state?.state === "not used" ? [stateNotUsed(state)] : []),
      ...full([used, state?.state === "not used" ? undefined : state]),
    ],
  };
}

function look(path: string, uid: number, parents: boolean): Looked {
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
  return mayWrite(path) ? "" : "it cannot be written";
}

/** What is not there is made when it is needed, if the nearest directory above lets us. */
function unmade(path: string, parents: boolean): Looked {
  const none = { path, owner: undefined, mode: undefined };
  let above = parentOf(path);
  while (parents && above !== "/" && statOf(above) === undefined) above = parentOf(above);
  const stat = statOf(above);
  if (stat === undefined) return { ...none, state: "not used", reason: `there is no ${above}` };
  return mayWrite(above)
    ? { ...none, state: "will be made", reason: "" }
    : { ...none, state: "not used", reason: `it is not there, and ${above} cannot be written` };
}

function notUsed({ path, reason }: Looked, named: string | undefined, used: Looked | undefined): Seen {
  const instead =
    used === undefined
      ? "nothing is cached: every pull asks the platform and the clouds"
      : `${printable(used.path)} is used in its place`;
  const where = printable(path);
  return {
    code: "cache-not-used",
    severity: "warning",
    subject: "cache",
    message: `the cache directory ${where} is not used: ${reason}; ${instead}`,
    remedy: remedyFor(
      where,
      reason,
      named === undefined
        ? "name another in DOCKER_CREDENTIAL_ONA_CACHE_DIR"
        : "correct DOCKER_CREDENTIAL_ONA_CACHE_DIR",
    ),
  };
}

function noneAtAll(named: string | undefined): Seen {
  return {
    code: "cache-not-used",
    severity: "warning",
    subject: "cache",
    message:
      named === undefined
        ? "there is no directory for a cache: every pull asks the platform and the clouds"
        : `DOCKER_CREDENTIAL_ONA_CACHE_DIR is ${printable(named)}, which is no absolute path: nothing is cached`,
    remedy: "name a directory of this user in DOCKER_CREDENTIAL_ONA_CACHE_DIR",
  };
}

function stateNotUsed({ path, reason }: Looked): Seen {
  const where = printable(path);
  return {
    code: "state-not-used",
    severity: "warning",
    subject: "state",
    message: `the state directory ${where} cannot be used: ${reason}; docker login fails, and failures are not logged`,
    remedy: remedyFor(where, reason, "name another in DOCKER_CREDENTIAL_ONA_STATE_DIR"),
  };
}

function remedyFor(path: string, reason: string, otherwise: string): string {
  if (reason.startsWith("others may")) return `chmod 700 ${path}`;
  if (reason.startsWith("it belongs")) return `sudo rm -r ${path} (it is made anew), or ${otherwise}`;
  if (/^it is (?:a link|no directory)/.test(reason)) return `rm ${path} (it is made anew), or ${otherwise}`;
  return `make it writable, or ${otherwise}`;
}

function full(looked: readonly (Looked | undefined)[]): readonly Seen[] {
  return looked.flatMap((it) => {
    if (it === undefined) return [];
    const path = it.state === "usable" ? it.path : parentOf(it.path);
    if (!isFull(path)) return [];
    const message = `there is no space left for ${printable(it.path)}`;
    return [
      { code: "disk-full" as const, severity: "warning" as const, subject: printable(it.path), message },
    ];
  });
}

function isFull(path: string): boolean {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(path);
    return bavail * bsize < LEAST_FREE_BYTES || (files > 0 && ffree === 0);
  } catch {
    return false;
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function shown({ path, state, owner, mode, reason }: Looked): string {
  const what =
    state === "usable"
      ? `mode ${mode}, user ${owner}`
      : state === "will be made"
        ? "made when needed"
        : `not used: ${reason}`;
  return `${printable(path)} (${what})`;
}
