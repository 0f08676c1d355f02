// Everything the demo plays with: a stand-in platform with one secret, a private registry, a throw-away Docker config.
// It must never touch the user's own Docker config, cache or home directory.

import { mkdirSync } from "node:fs";
import type { Platform } from "../stand-ins/platform/stand-in.ts";
import { Machine } from "../support/machine.ts";
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
  const at = new Machine();
  leftovers.add(at.close);
  const { root: directory } = at;
  const platform = await at.withPlatform({}, { admin: true });
  const registry = await startDemoRegistry(
    { choice: options.registry, directory, path: options.machine.PATH, username, password: firstPassword },
    leftovers,
  );
  await platform.apply({
    do: "addSecret",
    secret: { name: secretName, host: registry.host, value: `${username}:${firstPassword}` },
  });
  const native = await setNativeScene(platform, leftovers);
  const exports = { ...writeFiles(at, registry.host, native), ...native.environment };
  const { DOCKER_HOST, PATH } = options.machine;
  const environment = {
    ...at.env,
    ...exports,
    PATH: `${options.dist}:${PATH}`,
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

/** The variables that lead to them, and to the platform. */
function writeFiles(at: Machine, registryHost: string, native: NativeScene): Record<string, string> {
  for (const name of ["cache", "state"]) mkdirSync(at.path(name), { mode: 0o700 });
  const write = (name: string, json: object) => at.write(name, `${JSON.stringify(json, null, 2)}\n`);
  write("docker/config.json", { credHelpers: { [registryHost]: "ona", [native.host]: "ona" } });
  const config = { freshSeconds, registries: { [native.host]: { aliasOf: native.standsFor } } };
  const { ONA_BASE_URL = "", ONA_ENVIRONMENT_ID = "", DOCKER_CREDENTIAL_ONA_TOKEN = "" } = at.env;
  return {
    DOCKER_CONFIG: at.path("docker"),
    ONA_BASE_URL,
    ONA_ENVIRONMENT_ID,
    DOCKER_CREDENTIAL_ONA_TOKEN,
    DOCKER_CREDENTIAL_ONA_CONFIG: write("helper.json", config),
    DOCKER_CREDENTIAL_ONA_CACHE_DIR: at.path("cache"),
    DOCKER_CREDENTIAL_ONA_STATE_DIR: at.path("state"),
  };
}
