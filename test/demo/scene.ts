// Everything the demo plays with: a stand-in platform with one secret, a private registry, a throw-away Docker config.
// It must never touch the user's own Docker config, cache or home directory.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ids } from "../stand-ins/platform/ids.ts";
import { type Platform, startPlatform } from "../stand-ins/platform/stand-in.ts";
import { type DemoRegistry, startDemoRegistry } from "./demo-registry.ts";
import type { Leftovers } from "./leftovers.ts";
import { type NativeScene, setNativeScene } from "./native.ts";

export interface SceneOptions {
  /** Directory with the executable. */
  dist: string;
  registry: string | undefined;
  /** PATH and DOCKER_HOST of the caller; nothing else of it is used. */
  machine: { PATH: string; DOCKER_HOST: string | undefined };
}

export interface Scene {
  directory: string;
  platform: Platform;
  registry: DemoRegistry;
  native: NativeScene;
  /** `127.0.0.1:port/team/hello:v1`. */
  reference: string;
  /** The whole environment of the helper and of the clients that call it. */
  environment: Record<string, string>;
  /** Those of it that the helper is steered by, for a person to export. */
  exports: Record<string, string>;
}

export const secretName = "DEMO_REGISTRY";
export const username = "demo-user";
export const firstPassword = "first-password";
export const freshSeconds = 2;

export async function setScene(options: SceneOptions, leftovers: Leftovers): Promise<Scene> {
  const directory = await mkdtemp(join(tmpdir(), "docker-credential-ona-demo-"));
  leftovers.add(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  const platform = await startPlatform({ admin: true });
  leftovers.add(() => platform.close());
  const registry = await startDemoRegistry(
    { choice: options.registry, directory, path: options.machine.PATH, username, password: firstPassword },
    leftovers,
  );
  await platform.apply({
    do: "addSecret",
    secret: { name: secretName, host: registry.host, value: `${username}:${firstPassword}` },
  });
  const native = await setNativeScene(platform, leftovers);
  const own = await writeFiles(directory, registry.host, native, platform.baseUrl);
  const exports = { ...own, ...native.environment };
  const { DOCKER_HOST, PATH } = options.machine;
  const environment = {
    ...exports,
    PATH: `${options.dist}:${PATH}`,
    HOME: directory,
    XDG_RUNTIME_DIR: join(directory, "runtime"),
    ...(DOCKER_HOST === undefined ? {} : { DOCKER_HOST }),
  };
  return {
    directory,
    platform,
    registry,
    native,
    reference: `${registry.host}/${registry.repository}:v1`,
    environment,
    exports: { PATH: `${options.dist}:$PATH`, ...exports },
  };
}

async function writeFiles(
  directory: string,
  registryHost: string,
  native: NativeScene,
  baseUrl: string,
): Promise<Record<string, string>> {
  const places = ["docker", "cache", "state", "runtime"].map((name) => join(directory, name));
  await Promise.all(places.map((place) => mkdir(place, { mode: 0o700 })));
  const write = (name: string, json: object) =>
    writeFile(join(directory, name), `${JSON.stringify(json, null, 2)}\n`, { mode: 0o600 });
  await write("docker/config.json", { credHelpers: { [registryHost]: "ona", [native.host]: "ona" } });
  await write("helper.json", { freshSeconds, registries: { [native.host]: { aliasOf: native.standsFor } } });
  return {
    DOCKER_CONFIG: join(directory, "docker"),
    ONA_BASE_URL: baseUrl,
    ONA_ENVIRONMENT_ID: ids.environment,
    DOCKER_CREDENTIAL_ONA_TOKEN: "env-token",
    DOCKER_CREDENTIAL_ONA_CONFIG: join(directory, "helper.json"),
    DOCKER_CREDENTIAL_ONA_CACHE_DIR: join(directory, "cache"),
    DOCKER_CREDENTIAL_ONA_STATE_DIR: join(directory, "state"),
  };
}
