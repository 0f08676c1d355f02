// A set-up as an engineer has it, whole and healthy: platform secrets for a private registry, Docker Hub, ECR and Artifact
// Registry, each with a registry behind its real name, a Docker file that gives them to us, and the program on PATH. The
// tests then break one thing at a time.

import { expect } from "vitest";
import type { CloudOptions, Clouds } from "../stand-ins/clouds/clouds.ts";
import type { PlatformSeed, SecretSeed } from "../stand-ins/platform/seed.ts";
import { makeImage, putImage } from "../stand-ins/registry/oci-image.ts";
import { type Registry, type RegistryOptions, startRegistry } from "../stand-ins/registry/registry.ts";
import type { Machine } from "../support/machine.ts";
import { withCloudProxy, withClouds } from "../support/machine-clouds.ts";
import { machineForTest } from "../support/machine-for-test.ts";
import type { Run } from "../support/run.ts";
import { snapshot } from "../support/snapshot.ts";

export const TEAM = "registry.example.test";
export const REGION = "eu-central-1";
export const ECR = `111122223333.dkr.ecr.${REGION}.amazonaws.com`;
export const GAR = "europe-docker.pkg.dev";
const HUB_URL = "https://index.docker.io/v1/";
const HUB_API = "registry-1.docker.io";
const PASSWORD = "c4nary-password";
const TOKEN = "c4nary-platform-token";
export const LOGIN = `demo:${PASSWORD}`;

export const SECRETS: readonly SecretSeed[] = [
  { name: "TEAM_REGISTRY", host: TEAM, value: LOGIN },
  { name: "DOCKER_HUB", host: HUB_URL, value: LOGIN },
  { name: "ECR_NATIVE", host: ECR, value: "runner-native:runner-native" },
  { name: "GAR_NATIVE", host: GAR, value: "runner-native:runner-native" },
];

export interface DoctorOptions {
  readonly secrets?: readonly SecretSeed[];
  readonly seed?: PlatformSeed;
  readonly clouds?: CloudOptions;
  /** Of the private registry. */
  readonly team?: RegistryOptions;
  readonly ecr?: RegistryOptions;
  readonly gar?: RegistryOptions;
  /** More names that lead to the private registry. */
  readonly names?: readonly string[];
}

export interface Finding {
  readonly code: string;
  readonly severity: string;
  readonly subjects: readonly string[];
  readonly message: string;
  readonly cause: string;
  readonly remedy: string;
}

export interface Report {
  readonly findings: readonly Finding[];
  readonly checks: Readonly<Record<string, Record<string, unknown>>>;
  readonly registries: readonly Readonly<Record<string, unknown>>[];
}

export interface DoctorMachine extends Machine {
  readonly clouds: Clouds;
  readonly team: Registry;
  readonly hub: Registry;
  /** A run of doctor, which never shows a secret. */
  doctor(...args: readonly string[]): Promise<Run>;
  report(...args: readonly string[]): Promise<Report>;
  /** Every file that belongs to the user, with its mode, time and content. */
  everything(): readonly string[];
}

const KEYS = [TEAM, HUB_URL, "docker.io", ECR, GAR];

/** Ends with the running test. */
export async function doctorMachine(options: DoctorOptions = {}): Promise<DoctorMachine> {
  const { secrets = SECRETS, seed = {} } = options;
  const at = await machineForTest({ secrets, seed, token: TOKEN });
  at.install();
  const clouds = await withClouds(at, options.clouds ?? { ecr: {}, imds: {}, gce: {} });
  const registries = await startRegistries(at, clouds, options);
  const { team, hub, ecr, gar } = registries;
  const hosts = { [HUB_API]: hub, "auth.docker.io": hub, [ECR]: ecr, [GAR]: gar };
  const teams = Object.fromEntries([TEAM, ...(options.names ?? [])].map((name) => [name, team]));
  const ports = Object.entries({ ...hosts, ...teams }).map(([name, { origin }]) => [
    name,
    Number(new URL(origin).port),
  ]);
  const proxy = await withCloudProxy(at, clouds, { regions: [REGION], hosts: Object.fromEntries(ports) });
  Object.assign(at.env, proxy.env);
  at.giveToUs(KEYS);
  const doctor = async (...args: readonly string[]): Promise<Run> => {
    const run = await at.run(["doctor", ...args]);
    expect(run.stdout + run.stderr).not.toMatch(/c4nary/);
    return run;
  };
  return Object.assign(at, {
    clouds,
    team,
    hub,
    doctor,
    async report(...args: readonly string[]) {
      const { stdout, stderr, code } = await doctor("--json", ...args);
      expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
      return JSON.parse(stdout) as Report;
    },
    everything: () => [at.home, at.runtime].flatMap(snapshot),
  });
}

async function startRegistries(at: Machine, clouds: Clouds, options: DoctorOptions) {
  const users = { demo: PASSWORD };
  const registries = {
    team: await startRegistry({ users, ...options.team }),
    hub: await startRegistry({ users, auth: "token", realm: "https://auth.docker.io/token" }),
    ecr: await startRegistry({
      accepts: (user, password) => clouds.isValidEcrPassword(user, password, { region: REGION }),
      ...options.ecr,
    }),
    gar: await startRegistry({
      auth: "token",
      realm: `https://${GAR}/token`,
      accepts: (user, password) => user === "oauth2accesstoken" && clouds.isValidGoogleToken(password),
      ...options.gar,
    }),
  };
  for (const { store, close } of Object.values(registries)) {
    at.onClose(close);
    putImage(store, "team/app", "v1", makeImage());
  }
  return registries;
}
