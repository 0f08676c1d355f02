// Docker's and Podman's own files as they stand: which helpers and logins each names. Reading only, for `doctor`; what a
// login holds is never looked at.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { type DockerFile, readDockerFile } from "../core/docker-file.ts";
import { membersOf } from "../core/json-edit.ts";
import { dockerKey, HUB_KEY, parseRegistry, type RegistryRef } from "../core/registry.ts";
import { readRegularFile } from "../edge/regular-file.ts";
import type { Directories } from "../store/directories.ts";

/** An auth file may hold many logins. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

type Env = Readonly<Record<string, string | undefined>>;

export interface AuthFile {
  readonly path: string;
  /** Who reads it: Docker one file, Podman and its relatives several, Docker's at last. */
  readonly reader: "docker" | "podman";
  /** Absent: there is none. Broken: it cannot be read, or is no JSON object. */
  readonly state: "read" | "absent" | "broken";
  /** An empty helper is none, and means that no other is asked either. */
  readonly credHelpers: ReadonlyMap<string, string>;
  readonly credsStore: string | undefined;
  /** The keys of `auths` that hold a login. */
  readonly auths: readonly string[];
}

/** Docker's file first, then Podman's in the order in which it looks. */
export function readAuthFiles(env: Env, directories: Directories, uid: number): readonly AuthFile[] {
  const { home, runtimeDir, xdgConfig } = directories;
  const docker = env.DOCKER_CONFIG || (home === undefined ? undefined : join(home, ".docker"));
  const podman = [
    env.REGISTRY_AUTH_FILE || undefined,
    join(runtimeDir ?? `/run/user/${uid}`, "containers", "auth.json"),
    `/run/containers/${uid}/auth.json`,
    xdgConfig === undefined ? undefined : join(xdgConfig, "containers", "auth.json"),
  ];
  const paths = [...new Set(podman.filter((path) => path !== undefined))];
  return [
    ...(docker === undefined ? [] : [readAuthFile(join(docker, "config.json"), "docker")]),
    ...paths.map((path) => readAuthFile(path, "podman")),
  ];
}

/** The helper that a client finds for `ref`, which it looks up by its literal key; undefined for none. */
export function helperFor(file: AuthFile, ref: RegistryRef): string | undefined {
  const hubKeys = file.reader === "docker" ? [dockerKey(ref)] : [HUB_KEY, dockerKey(ref)];
  const keys = ref.key === HUB_KEY ? hubKeys : [ref.key];
  for (const key of keys) {
    const helper = file.credHelpers.get(key);
    if (helper !== undefined) return helper;
  }
  // Podman, Skopeo and Buildah know no credsStore.
  return file.reader === "docker" ? file.credsStore : undefined;
}

/** A key that means `ref` to a reader, and that no client looks for. */
export function misspeltKey(file: AuthFile, ref: RegistryRef): string | undefined {
  const right = ref.key === HUB_KEY ? [HUB_KEY, dockerKey(ref)] : [ref.key];
  return [...file.credHelpers.keys()].find(
    (key) => !right.includes(key) && parseRegistry(key, "secret")?.key === ref.key,
  );
}

export function hasLogin(file: AuthFile, ref: RegistryRef): boolean {
  return file.auths.some((key) => parseRegistry(key, "secret")?.key === ref.key);
}

function readAuthFile(path: string, reader: AuthFile["reader"]): AuthFile {
  const none = { path, reader, credHelpers: new Map<string, string>(), credsStore: undefined, auths: [] };
  const text = readRegularFile(path, MAX_FILE_BYTES);
  if (text === undefined) return { ...none, state: existsSync(path) ? "broken" : "absent" };
  const file = parse(text);
  if (file === undefined) return { ...none, state: "broken" };
  return {
    ...none,
    state: "read",
    credHelpers: file.helpers,
    credsStore: file.credsStore === "" ? undefined : file.credsStore,
    // Where a credsStore keeps the login itself, Docker leaves an empty object behind.
    auths: [...file.auths].flatMap(([key, login]) => (membersOf(login).length > 0 ? [key] : [])),
  };
}

function parse(text: string): DockerFile | undefined {
  try {
    return readDockerFile(text);
  } catch {
    return undefined;
  }
}
