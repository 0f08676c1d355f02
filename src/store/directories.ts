// Where things are: home, configuration, cache, local logins. Relative values of the XDG variables are ignored, as
// their specification says; with sudo (HOME belongs to somebody else) HOME and all of them are.

import { readFileSync, statSync } from "node:fs";
import { isAbsolutePath, joinPath, normalPath } from "../core/paths.ts";
import type { CacheDirectory } from "./cache.ts";

type Env = Readonly<Record<string, string | undefined>>;

const NAME = "docker-credential-ona";

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
  const owner = env.HOME ? ownerOf(env.HOME) : undefined;
  const foreignHome = owner !== undefined && owner !== uid;
  const xdg = (name: string): string | undefined => (foreignHome ? undefined : absolute(env[name]));
  const home = foreignHome || !env.HOME ? homeFromUserDatabase(uid) : absolute(env.HOME);
  const below = (base: string | undefined, ...parts: string[]): string | undefined =>
    base === undefined ? undefined : joinPath(base, ...parts);
  const xdgConfig = xdg("XDG_CONFIG_HOME") ?? below(home, ".config");
  const runtimeDir = xdg("XDG_RUNTIME_DIR");
  return {
    home,
    configFiles: [
      ...(xdgConfig === undefined ? [] : [joinPath(xdgConfig, NAME, "config.json")]),
      `/etc/${NAME}/config.json`,
    ],
    cache: cacheDirectories(env, uid, runtimeDir, xdg("XDG_CACHE_HOME") ?? below(home, ".cache")),
    stateDir: namedOr(
      env.DOCKER_CREDENTIAL_ONA_STATE_DIR,
      below(xdg("XDG_STATE_HOME") ?? below(home, ".local", "state"), NAME),
    ),
    runtimeDir,
    xdgConfig,
  };
}

/** A named directory is the only place; a default one gives way to the next. */
function cacheDirectories(
  env: Env,
  uid: number,
  runtimeDir: string | undefined,
  cacheHome: string | undefined,
): readonly CacheDirectory[] {
  if (env.DOCKER_CREDENTIAL_ONA_NO_CACHE === "1") return [];
  const named = env.DOCKER_CREDENTIAL_ONA_CACHE_DIR;
  if (named) return isAbsolutePath(named) ? [{ dir: normalPath(named), parents: true }] : [];
  return [
    ...(runtimeDir === undefined ? [] : [{ dir: joinPath(runtimeDir, NAME), parents: false }]),
    { dir: `/dev/shm/${NAME}-${uid}`, parents: false },
    ...(cacheHome === undefined ? [] : [{ dir: joinPath(cacheHome, NAME), parents: true }]),
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

function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    return undefined;
  }
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
