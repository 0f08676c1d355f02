// Which files configure writes to, and which ones Podman would read before them. It only names files; nothing is opened.

import { join, resolve } from "node:path";
import { Failure } from "../core/failures.ts";
import type { Directories } from "../store/directories.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Who reads it: Docker and all that read Docker's file, Podman too; or only Podman, Buildah and Skopeo. */
export type Reader = "docker" | "containers";

export interface Place {
  readonly path: string;
  readonly reader: Reader;
}

export interface Chosen {
  readonly dockerConfig: string | undefined;
  readonly authfile: string | undefined;
}

/**
 * The files to write. Without a choice: Docker's, which Podman, Buildah and Skopeo read too; and where REGISTRY_AUTH_FILE
 * is set also the one that it names, since newer ones then read no other. Throws a Failure when nobody has a home.
 */
export function placesToWrite(
  { dockerConfig, authfile }: Chosen,
  env: Env,
  directories: Directories,
): readonly Place[] {
  const docker = (dir: string): Place => ({ path: join(resolve(dir), "config.json"), reader: "docker" });
  const containers = (path: string): Place => ({ path: resolve(path), reader: "containers" });
  const named = [
    ...(dockerConfig === undefined ? [] : [docker(dockerConfig)]),
    ...(authfile === undefined ? [] : [containers(authfile)]),
  ];
  const usual = (): readonly Place[] => [
    docker(env.DOCKER_CONFIG || dockerHome(directories)),
    ...(env.REGISTRY_AUTH_FILE ? [containers(env.REGISTRY_AUTH_FILE)] : []),
  ];
  const places = named.length > 0 ? named : usual();
  return places.filter(({ path }, index) => places.findIndex((place) => place.path === path) === index);
}

/** The files that Podman, Buildah and Skopeo read before Docker's. */
export function placesBefore(
  env: Env,
  { runtimeDir, xdgConfig }: Directories,
  uid: number,
): readonly string[] {
  if (env.REGISTRY_AUTH_FILE) return [resolve(env.REGISTRY_AUTH_FILE)];
  return [
    runtimeDir === undefined
      ? `/run/containers/${uid}/auth.json`
      : join(runtimeDir, "containers", "auth.json"),
    ...(xdgConfig === undefined ? [] : [join(xdgConfig, "containers", "auth.json")]),
  ];
}

function dockerHome({ home }: Directories): string {
  if (home !== undefined) return join(home, ".docker");
  throw new Failure(
    "docker-file-broken",
    "Docker's configuration has no place: this user has no home directory",
    {
      hint: "set HOME, or name the directory with --docker-config",
    },
  );
}
