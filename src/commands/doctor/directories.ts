// The directories of the cache and of local logins: which is used, which is passed over and why. It makes none.

import { statfsSync } from "node:fs";
import type { Seen } from "../../core/findings.ts";
import { joinPath, parentOf } from "../../core/paths.ts";
import { setting } from "../../core/setting.ts";
import { type LookedAt, lookAtDirectory } from "../../store/look-at-directory.ts";
import type { Checked, Fact } from "./check.ts";
import { printable } from "./check.ts";
import type { Scene } from "./scene.ts";

/** Less than one answer with its directory entry. */
const LEAST_FREE_BYTES = 64 * 1024;

export function checkDirectories(scene: Scene): Checked {
  const { context, directories } = scene;
  const { env, uid } = context;
  const isOff = setting(env.DOCKER_CREDENTIAL_ONA_NO_CACHE) === "1";
  const named = env.DOCKER_CREDENTIAL_ONA_CACHE_DIR || undefined;
  const cache = directories.cache.map(({ dir, parents }) => lookAtDirectory(dir, uid, parents));
  const used = cache.find(({ state }) => state !== "not used");
  const state =
    directories.stateDir === undefined ? undefined : lookAtDirectory(directories.stateDir, uid, true);
  const logins =
    directories.stateDir === undefined
      ? undefined
      : lookAtDirectory(joinPath(directories.stateDir, "logins"), uid, true);
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
      ...(state?.state === "not used"
        ? [stateNotUsed(state)]
        : logins?.state === "not used"
          ? [stateNotUsed(logins)]
          : []),
      ...full([used, state?.state === "not used" ? undefined : state]),
    ],
  };
}

function notUsed({ path, reason }: LookedAt, named: string | undefined, used: LookedAt | undefined): Seen {
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

function stateNotUsed({ path, reason }: LookedAt): Seen {
  const where = printable(path);
  return {
    code: "state-not-used",
    severity: "warning",
    subject: "state",
    message: `the directory ${where} cannot be used: ${reason}; docker login fails, and the logins in it do not count`,
    remedy: remedyFor(where, reason, "name another in DOCKER_CREDENTIAL_ONA_STATE_DIR"),
  };
}

function remedyFor(path: string, reason: string, otherwise: string): string {
  if (reason.startsWith("others may")) return `chmod 700 ${path}`;
  if (reason.startsWith("it belongs")) return `sudo rm -r ${path} (it is made anew), or ${otherwise}`;
  if (/^it is (?:a link|no directory)/.test(reason)) return `rm ${path} (it is made anew), or ${otherwise}`;
  if (reason.endsWith("holds no files")) return otherwise;
  return `make it writable, or ${otherwise}`;
}

function full(looked: readonly (LookedAt | undefined)[]): readonly Seen[] {
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
    const { blocks, bavail, bsize, files, ffree } = statfsSync(path);
    // One without a limit counts no blocks.
    return (blocks > 0 && bavail * bsize < LEAST_FREE_BYTES) || (files > 0 && ffree === 0);
  } catch {
    return false;
  }
}

function shown({ path, state, owner, mode, reason }: LookedAt): string {
  const what =
    state === "usable"
      ? `mode ${mode}, user ${owner}`
      : state === "will be made"
        ? "made when needed"
        : `not used: ${reason}`;
  return `${printable(path)} (${what})`;
}
