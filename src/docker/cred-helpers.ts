// Whether Docker's or Podman's own files send a registry to us, or did when configure wrote to them. It is asked only when
// the platform cannot tell whether a secret exists: for a registry that was given to us a silent "not found" would be a lie.

import { join } from "node:path";
import { readDockerFile } from "../core/docker-file.ts";
import { parseRegistry, type RegistryRef } from "../core/registry.ts";
import { readRegularFile } from "../edge/regular-file.ts";
import type { Directories } from "../store/directories.ts";
import { ownedKeys } from "../store/ownership.ts";

/** An auth file may hold many logins. */
const MAX_CONFIG_BYTES = 16 * 1024 * 1024;

type Env = Readonly<Record<string, string | undefined>>;

/** `helperNames`: the names under which we may stand in a config file, without `docker-credential-`. */
export function isDelegatedToUs(
  ref: RegistryRef,
  env: Env,
  directories: Directories,
  uid: number,
  helperNames: readonly string[],
): boolean {
  return (
    authFiles(env, directories, uid).some((path) => helpersIn(path, helperNames).has(ref.key)) ||
    ownedKeys(directories.stateDir, uid).some((key) => parseRegistry(key, "secret")?.key === ref.key)
  );
}

function authFiles(env: Env, directories: Directories, uid: number): readonly string[] {
  const { home, runtimeDir, xdgConfig } = directories;
  return [
    env.DOCKER_CONFIG ? join(env.DOCKER_CONFIG, "config.json") : undefined,
    home === undefined ? undefined : join(home, ".docker", "config.json"),
    env.REGISTRY_AUTH_FILE || undefined,
    join(runtimeDir ?? `/run/user/${uid}`, "containers", "auth.json"),
    `/run/containers/${uid}/auth.json`,
    xdgConfig === undefined ? undefined : join(xdgConfig, "containers", "auth.json"),
  ].filter((path) => path !== undefined);
}

function helpersIn(path: string, helperNames: readonly string[]): ReadonlySet<string> {
  let helpers: ReadonlyMap<string, string>;
  try {
    helpers = readDockerFile(readRegularFile(path, MAX_CONFIG_BYTES) ?? "").helpers;
  } catch {
    return new Set();
  }
  const keys = [...helpers].flatMap(([key, helper]) => {
    const ref = helperNames.includes(helper) ? parseRegistry(key, "secret") : undefined;
    return ref === undefined ? [] : [ref.key];
  });
  return new Set(keys);
}
