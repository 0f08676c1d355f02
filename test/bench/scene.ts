// One machine of the bench: stand-ins for the platform and the clouds, directories of its own, an environment of its
// own, and a cache that is filled by the executable itself. Nothing of this machine's environment is passed on.

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Clouds, startClouds } from "../stand-ins/clouds/clouds.ts";
import type { PlatformSeed } from "../stand-ins/platform/seed.ts";
import { type Build, builds } from "../support/builds.ts";
import { Machine, NOT_FOUND } from "../support/machine.ts";
import { CACHE } from "./launcher.ts";

export const HOST = "registry.example.com";
export const UNKNOWN = "unknown.example.com";
export const ECR = "111122223333.dkr.ecr.eu-central-1.amazonaws.com";
export const GAR = "europe-docker.pkg.dev";
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

export class Scene extends Machine {
  readonly #filled = new Map<string, number>();

  /** A file that says `text`, for a stdin. */
  file(text: string): string {
    return this.write(`stdin-${text.replace(/[^a-z0-9.]/g, "_")}`, text);
  }

  /** One `get` through pipes, checked: a credential, or for an unknown host that there is none. */
  async #fill(host: string): Promise<void> {
    const { stdout: said, stderr } = await this.get(host);
    const found = said.startsWith(`{"ServerURL":"${host}","Username":"`);
    if (!found && !(host.startsWith("unknown") && said === NOT_FOUND)) {
      throw new Error(`get ${host}: ${said}${stderr}`);
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
      await this.#fill(name);
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
}

export async function startScene({ seed = {}, config, env, clouds }: SceneOptions = {}): Promise<Scene> {
  const scene = new Scene({ build: executable() });
  await scene.withPlatform(seed);
  // Every variable costs instructions, and the figures have been counted without it.
  delete scene.env.TMPDIR;
  Object.assign(scene.env, clouds?.env, env);
  if (config !== undefined) scene.configure(config);
  return scene;
}

/** The clouds as fast as they can be, with a metadata server that takes a millisecond. */
export async function startFastClouds(): Promise<Clouds> {
  const clouds = await startClouds({ ecr: {}, imds: {}, gce: {}, sts: {} });
  clouds.imds.faults.always({ kind: "latency", latencyMs: 1 });
  return clouds;
}
