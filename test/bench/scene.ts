// One machine of the bench: stand-ins for the platform and the clouds, directories of its own, an environment of its
// own, and a cache that is filled by the executable itself. Nothing of this machine's environment is passed on.

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Clouds, startClouds } from "../stand-ins/clouds/clouds.ts";
import { ids } from "../stand-ins/platform/ids.ts";
import type { PlatformSeed } from "../stand-ins/platform/seed.ts";
import { type Platform, startPlatform } from "../stand-ins/platform/stand-in.ts";
import { type Bed, type Build, builds, makeBed, runHelper } from "../support/run-helper.ts";
import { CACHE } from "./launcher.ts";

export const HOST = "registry.example.com";
export const UNKNOWN = "unknown.example.com";
export const ECR = "111122223333.dkr.ecr.eu-central-1.amazonaws.com";
export const GAR = "europe-docker.pkg.dev";
const NOT_FOUND = "credentials not found in native keychain\n";
/** Less than `freshSeconds`, with room for what is measured meanwhile. */
const FILL_LASTS_MS = 25_000;

export interface SceneOptions {
  readonly seed?: PlatformSeed;
  /** Our own configuration file. */
  readonly config?: object;
  readonly env?: Readonly<Record<string, string>>;
  readonly clouds?: Clouds;
}

let installedBuild: Build | undefined;

/** The executable as the README installs it. */
export function executable(): Build {
  const build = builds.find(({ name }) => name === "executable");
  if (build?.present !== true) throw new Error("dist/docker-credential-ona is not there: npm run build");
  installedBuild ??= { ...build, command: [installed(build.command[0] ?? "", "docker-credential-ona")] };
  return installedBuild;
}

/**
 * A copy in one go. How a file was written decides how much of it one page fault maps, and that alone makes a fifth of a
 * start, so whatever is compared is written in the same way.
 */
export function installed(path: string, name: string): string {
  const copy = join(CACHE, "installed", name);
  mkdirSync(join(CACHE, "installed"), { recursive: true });
  execFileSync("install", ["-m", "0755", path, copy]);
  return copy;
}

export class Scene {
  readonly platform: Platform;
  readonly bed: Bed;
  readonly env: Readonly<Record<string, string>>;
  readonly #filled = new Map<string, number>();

  constructor(platform: Platform, { config, env, clouds }: SceneOptions) {
    this.platform = platform;
    this.bed = makeBed();
    this.env = {
      ...this.bed.env,
      ONA_BASE_URL: platform.baseUrl,
      ONA_ENVIRONMENT_ID: ids.environment,
      DOCKER_CREDENTIAL_ONA_TOKEN: "env-token",
      ...clouds?.env,
      ...env,
    };
    if (config === undefined) return;
    const path = join(this.bed.home, ".config/docker-credential-ona/config.json");
    mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 });
    writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  }

  get cacheDir(): string {
    return join(this.bed.root, "run/docker-credential-ona");
  }

  /** A file that says `text`, for a stdin. */
  file(text: string): string {
    const path = join(this.bed.root, `stdin-${text.replace(/[^a-z0-9.]/g, "_")}`);
    writeFileSync(path, text);
    return path;
  }

  /** One `get` through pipes, checked: a credential, or for an unknown host that there is none. */
  async get(host: string): Promise<void> {
    const run = await runHelper(executable(), ["get"], { env: this.env, cwd: this.bed.cwd, stdin: host });
    const said = run.stdout.toString();
    const found = said.startsWith(`{"ServerURL":"${host}","Username":"`);
    if (!found && !(host.startsWith("unknown") && said === NOT_FOUND)) {
      throw new Error(`get ${host}: ${said}${run.stderr.toString()}`);
    }
  }

  /** Makes sure that an answer for `host` is warm for the next seconds. */
  async warm(host: string): Promise<void> {
    const last = this.#filled.get(host) ?? Number.NEGATIVE_INFINITY;
    if (performance.now() - last < FILL_LASTS_MS) return;
    const others = [...this.#filled.keys()].filter((name) => name !== host);
    this.emptyCache();
    this.#filled.clear();
    for (const name of [...others, host]) {
      await this.get(name);
      this.#filled.set(name, performance.now());
    }
  }

  emptyCache(): void {
    rmSync(this.cacheDir, { recursive: true, force: true });
  }

  /** The cache file of the minted token. */
  mintedFile(): string {
    const files = readdirSync(this.cacheDir)
      .map((name) => join(this.cacheDir, name))
      .filter((path) => path.endsWith(".json") && statSync(path).isFile())
      .filter((path) => {
        const { key } = JSON.parse(readFileSync(path, "utf8")) as { key?: string };
        return key?.startsWith("mint\n") ?? false;
      });
    const [file] = files;
    if (file === undefined || files.length !== 1)
      throw new Error(`${files.length} minted tokens in the cache`);
    return file;
  }

  async close(): Promise<void> {
    await this.platform.close();
    this.bed.remove();
  }
}

export async function startScene(options: SceneOptions = {}): Promise<Scene> {
  return new Scene(await startPlatform({ seed: options.seed ?? {} }), options);
}

/** The clouds as fast as they can be, with a metadata server that takes a millisecond. */
export async function startFastClouds(): Promise<Clouds> {
  const clouds = await startClouds({ ecr: {}, imds: {}, gce: {}, sts: {} });
  clouds.imds.faults.always({ kind: "latency", latencyMs: 1 });
  return clouds;
}
