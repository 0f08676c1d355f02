// A set-up as an engineer has it, whole and healthy: platform secrets for a private registry, Docker Hub, ECR and Artifact
// Registry, each with a registry behind its real name, a Docker file that gives them to us, and the program on PATH. The
// tests then break one thing at a time.

import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { startCloudProxy } from "../stand-ins/clouds/cloud-proxy.ts";
import { type CloudOptions, type Clouds, startClouds } from "../stand-ins/clouds/clouds.ts";
import { ids } from "../stand-ins/platform/ids.ts";
import type { PlatformSeed, SecretSeed } from "../stand-ins/platform/seed.ts";
import { type Platform, startPlatform } from "../stand-ins/platform/stand-in.ts";
import { makeImage, putImage } from "../stand-ins/registry/oci-image.ts";
import { type Registry, type RegistryOptions, startRegistry } from "../stand-ins/registry/registry.ts";
import { type Bed, builds, makeBed, runHelper } from "../support/run-helper.ts";

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

export interface DoctorBedOptions {
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

export interface DoctorBed {
  readonly bed: Bed;
  readonly platform: Platform;
  readonly clouds: Clouds;
  readonly team: Registry;
  readonly hub: Registry;
  /** What every run starts from; a test may change it. */
  readonly env: Record<string, string>;
  /** The directory with the program, which is on PATH. */
  readonly bin: string;
  configure(config: object | string): string;
  /** The `credHelpers` of Docker's file and what else stands in it. */
  dockerFile(helpers: readonly string[], more?: object): string;
  run(
    args: readonly string[],
    stdin?: string,
  ): Promise<{ stdout: string; stderr: string; code: number | null; tookMs: number }>;
  report(...args: readonly string[]): Promise<Report>;
  /** Every file that belongs to the user, with its mode, time and content. */
  everything(): string;
}

const KEYS = [TEAM, HUB_URL, "docker.io", ECR, GAR];

/** Ends with the running test. */
export async function doctorBed(options: DoctorBedOptions = {}): Promise<DoctorBed> {
  const clouds = await startClouds(options.clouds ?? { ecr: {}, imds: {}, gce: {} });
  const tokens = [{ label: "environment", token: TOKEN, principal: "environment" as const }];
  const platform = await startPlatform({
    seed: { secrets: [...(options.secrets ?? SECRETS)], tokens, ...options.seed },
  });
  const registries = await startRegistries(clouds, options);
  const { team, hub, ecr, gar } = registries;
  const hosts = {
    [HUB_API]: portOf(hub),
    "auth.docker.io": portOf(hub),
    [ECR]: portOf(ecr),
    [GAR]: portOf(gar),
  };
  const teams = Object.fromEntries([TEAM, ...(options.names ?? [])].map((name) => [name, portOf(team)]));
  const proxy = await startCloudProxy(clouds, { regions: [REGION], hosts: { ...hosts, ...teams } });
  const bed = makeBed();
  onTestFinished(async () => {
    await Promise.all([
      proxy.close(),
      clouds.close(),
      platform.close(),
      ...Object.values(registries).map((it) => it.close()),
    ]);
    bed.remove();
  });
  const bin = join(bed.root, "bin");
  mkdirSync(bin);
  const program = builds.find(({ name }) => name === "executable")?.command[0] ?? "";
  symlinkSync(program, join(bin, "docker-credential-ona"));
  writeFileSync(join(bed.root, "ca.pem"), proxy.ca);
  const env: Record<string, string> = {
    ...bed.env,
    PATH: `${bin}:/usr/bin:/bin`,
    ONA_BASE_URL: platform.baseUrl,
    ONA_ENVIRONMENT_ID: ids.environment,
    DOCKER_CREDENTIAL_ONA_TOKEN: TOKEN,
    ...clouds.env,
    ...proxy.env,
    NODE_EXTRA_CA_CERTS: join(bed.root, "ca.pem"),
  };
  const at = { bed, platform, clouds, team, hub, env, bin };
  const whole = { ...at, ...acting(at) };
  whole.dockerFile(KEYS);
  return whole;
}

async function startRegistries(clouds: Clouds, options: DoctorBedOptions) {
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
  for (const { store } of Object.values(registries)) putImage(store, "team/app", "v1", makeImage());
  return registries;
}

const portOf = ({ origin }: Registry): number => Number(new URL(origin).port);

type Acting = Pick<DoctorBed, "configure" | "dockerFile" | "run" | "report" | "everything">;

function acting(at: Pick<DoctorBed, "bed" | "env" | "platform" | "clouds">): Acting {
  const { bed, env } = at;
  const write = (path: string, content: object | string): string => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content), { mode: 0o600 });
    chmodSync(path, 0o600);
    return path;
  };
  const run: DoctorBed["run"] = async (args, stdin = "") => {
    const build = {
      name: "executable" as const,
      command: [join(bed.root, "bin/docker-credential-ona")],
      present: true,
    };
    const { stdout, stderr, code, tookMs } = await runHelper(build, args, { env, cwd: bed.cwd, stdin });
    const said = { stdout: stdout.toString(), stderr: stderr.toString(), code, tookMs };
    if (args[0] === "doctor") expect(said.stdout + said.stderr).not.toMatch(/c4nary/);
    return said;
  };
  return {
    run,
    configure: (config) => write(join(bed.home, ".config/docker-credential-ona/config.json"), config),
    dockerFile: (helpers, more = {}) =>
      write(join(bed.home, ".docker/config.json"), {
        ...more,
        credHelpers: Object.fromEntries(helpers.map((key) => [key, "ona"])),
      }),
    async report(...args) {
      const { stdout, stderr, code } = await run(["doctor", "--json", ...args]);
      expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
      return JSON.parse(stdout) as Report;
    },
    everything: () => [bed.home, join(bed.root, "run")].map(everythingIn).join("\n"),
  };
}

function everythingIn(directory: string): string {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .toSorted()
    .map((name) => {
      const path = join(directory, name);
      const { mode, mtimeMs } = statSync(path);
      return `${name} ${mode.toString(8)} ${mtimeMs} ${statSync(path).isFile() ? readFileSync(path, "utf8") : ""}`;
    })
    .join("\n");
}
