// A place for one chaos run: a stand-in platform and directories that are kept when something was found.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ids } from "../stand-ins/platform/ids.ts";
import type { PlatformSeed } from "../stand-ins/platform/seed.ts";
import { type Platform, startPlatform } from "../stand-ins/platform/stand-in.ts";
import { type Bed, type Build, builds, type HelperRun, makeBed, runHelper } from "../support/run-helper.ts";

export const HOST = "registry.example.test";

export interface Place {
  readonly platform: Platform;
  readonly bed: Bed;
  readonly cacheDir: string;
  readonly env: Readonly<Record<string, string>>;
  get(host?: string, onSpawn?: (pid: number) => void): Promise<HelperRun>;
  /** What is wrong with the files of the cache: those that are no whole entry. */
  damagedFiles(): string[];
  close(keep: boolean): Promise<void>;
}

/** The executable, else the bundle. */
export function buildUnderTest(): Build {
  const found = ["executable", "bundle"].map((name) =>
    builds.find((build) => build.name === name && build.present),
  );
  const build = found.find((one) => one !== undefined);
  if (build === undefined) throw new Error("nothing was built: npm run build");
  return build;
}

export async function makePlace(seed: PlatformSeed, config: object): Promise<Place> {
  const build = buildUnderTest();
  const platform = await startPlatform({ seed });
  const bed = makeBed();
  const configPath = join(bed.root, "config.json");
  writeFileSync(configPath, JSON.stringify(config), { mode: 0o600 });
  const env = {
    ...bed.env,
    DOCKER_CREDENTIAL_ONA_CONFIG: configPath,
    DOCKER_CREDENTIAL_ONA_TOKEN: "env-token",
    ONA_ENVIRONMENT_ID: ids.environment,
    ONA_BASE_URL: platform.baseUrl,
  };
  const cacheDir = join(bed.env.XDG_RUNTIME_DIR ?? "", "docker-credential-ona");
  return {
    platform,
    bed,
    cacheDir,
    env,
    get: (host = HOST, onSpawn) =>
      runHelper(build, ["get"], {
        env,
        cwd: bed.cwd,
        stdin: host,
        timeoutMs: 60_000,
        ...(onSpawn ? { onSpawn } : {}),
      }),
    damagedFiles: () => entriesIn(cacheDir).filter((path) => !isWhole(path)),
    async close(keep) {
      await platform.close();
      if (keep) console.log(`  kept: ${bed.root}`);
      else bed.remove();
    },
  };
}

export function answerOf(run: HelperRun): string {
  const said = run.stdout.toString();
  if (run.code !== 0) return `${run.signal ?? run.code} ${said.trim()} ${run.stderr.toString().trim()}`;
  const { Username, Secret } = JSON.parse(said) as { Username: string; Secret: string };
  return `${Username}:${Secret}`;
}

export function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

const entriesIn = (dir: string): string[] =>
  namesIn(dir)
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(dir, name));

function isWhole(path: string): boolean {
  try {
    const { v, key, atMs } = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    return v === 1 && typeof key === "string" && typeof atMs === "number";
  } catch {
    return false;
  }
}
