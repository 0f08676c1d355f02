// Where things are: home, configuration, cache, local logins. Relative values of the XDG variables are ignored, as
// their specification says, and so is one that leads to somebody else's directory (`su` keeps the other user's); with
// sudo (HOME belongs to somebody else) HOME and all of them are.

import { lstatSync, readFileSync, statSync } from "node:fs";
import { isAbsolutePath, joinPath, normalPath } from "../core/paths.ts";
import { setting } from "../core/setting.ts";
import type { CacheDirectory } from "./cache.ts";
import { isTrustedBase } from "./trusted-owner.ts";

type Env = Readonly<Record<string, string | undefined>>;

const NAME = "docker-credential-ona";
/** What both runtimes put in the place of bytes that are no UTF-8. */
const REPLACEMENT = "\ufffd";

export interface Directories {
  readonly home: string | undefined;
  /** Candidates in order. */
  readonly configFiles: readonly string[];
  readonly cache: readonly CacheDirectory[];
  readonly stateDir: string | undefined;
  /** The XDG variables that count. */
  readonly runtimeDir: string | undefined;
  readonly xdgConfig: string | undefined;
}

export function findDirectories(env: Env, uid: number): Directories {
  const foreignHome = isForeign(env.HOME, uid);
  const xdg = (name: string): string | undefined => {
    const path = foreignHome ? undefined : absolute(setting(env[name]));
    return path !== undefined && isTrustedBase(path, uid) ? path : undefined;
  };
  const home =
    foreignHome || setting(env.HOME) === undefined ? homeFromUserDatabase(uid) : absolute(env.HOME);
  const below = (base: string | undefined, name: string, further?: string): string | undefined =>
    base === undefined ? undefined : joinPath(base, name, further);
  const xdgConfig = xdg("XDG_CONFIG_HOME") ?? below(home, ".config");
  const runtimeDir = foreignHome ? undefined : ownRuntimeDir(absolute(setting(env.XDG_RUNTIME_DIR)), uid);
  return {
    home,
    configFiles: [
      ...(xdgConfig === undefined ? [] : [joinPath(xdgConfig, NAME, "config.json")]),
      `/etc/${NAME}/config.json`,
    ],
    cache: cacheDirectories(env, uid, runtimeDir, xdg("XDG_CACHE_HOME") ?? below(home, ".cache")),
    stateDir: whole(
      namedOr(
        setting(env.DOCKER_CREDENTIAL_ONA_STATE_DIR),
        below(xdg("XDG_STATE_HOME") ?? below(home, ".local", "state"), NAME),
      ),
    ),
    runtimeDir,
    xdgConfig,
  };
}

/** HOME that belongs to somebody else, or would be made in a directory of somebody else. */
function isForeign(home: string | undefined, uid: number): boolean {
  if (!home || !isAbsolutePath(home)) return false;
  try {
    const stat = statSync(home, { throwIfNoEntry: false });
    return stat === undefined ? !isTrustedBase(normalPath(home), uid) : stat.uid !== uid;
  } catch {
    return true;
  }
}

/** As its specification says: ours, and with a mode of 0700. (`su` keeps the other user's.) */
function ownRuntimeDir(path: string | undefined, uid: number): string | undefined {
  if (path === undefined) return undefined;
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    const isOwn = stat?.isDirectory() && stat.uid === uid && (stat.mode & 0o777) === 0o700;
    return isOwn ? path : undefined;
  } catch {
    return undefined;
  }
}

/** None where bytes that are no UTF-8 were replaced: the path would name another directory than the one that is meant. */
function whole(path: string | undefined): string | undefined {
  return path?.includes(REPLACEMENT) ? undefined : path;
}

/** A named directory is the only place; a default one gives way to the next. */
function cacheDirectories(
  env: Env,
  uid: number,
  runtimeDir: string | undefined,
  cacheHome: string | undefined,
): readonly CacheDirectory[] {
  if (setting(env.DOCKER_CREDENTIAL_ONA_NO_CACHE) === "1") return [];
  const named = setting(env.DOCKER_CREDENTIAL_ONA_CACHE_DIR);
  if (named !== undefined) {
    const dir = whole(absolute(named));
    return dir === undefined ? [] : [{ dir, parents: true }];
  }
  return [
    ...(runtimeDir === undefined ? [] : [{ dir: joinPath(runtimeDir, NAME), parents: false }]),
    { dir: `/dev/shm/${NAME}-${uid}`, parents: false },
    ...(whole(cacheHome) === undefined || cacheHome === undefined
      ? []
      : [{ dir: joinPath(cacheHome, NAME), parents: true }]),
  ];
}

/** A relative name is nowhere: the working directory is the caller's, not ours. */
function namedOr(named: string | undefined, otherwise: string | undefined): string | undefined {
  return named ? absolute(named) : otherwise;
}

function absolute(path: string | undefined): string | undefined {
  // Without the slash at the end, behind which a link would be followed unseen.
  return path && isAbsolutePath(path) ? normalPath(path) : undefined;
}

/** Not os.userInfo(): one of the runtimes answers it from HOME. */
function homeFromUserDatabase(uid: number): string | undefined {
  try {
    const line = readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .map((entry) => entry.split(":"))
      .find((fields) => fields[2] === String(uid));
    return absolute(line?.[5]);
  } catch {
    return undefined;
  }
}
