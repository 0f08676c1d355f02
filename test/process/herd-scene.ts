// What the herd tests share: a platform, directories of their own, and many runs of the executable at once.

import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { parseRegistry } from "../../src/core/registry.ts";
import { systemClock } from "../../src/edge/clock.ts";
import { Local } from "../../src/local.ts";
import { ids } from "../stand-ins/platform/ids.ts";
import type { PlatformSeed } from "../stand-ins/platform/seed.ts";
import { type Platform, startPlatform } from "../stand-ins/platform/stand-in.ts";
import { type Bed, type Build, builds, type HelperRun, makeBed, runHelper } from "../support/run-helper.ts";

export const HOST = "registry.example.test";

export class HerdScene {
  readonly build: Build;
  readonly platform: Platform;
  readonly bed: Bed;
  readonly env: Record<string, string>;

  constructor(build: Build, platform: Platform) {
    this.build = build;
    this.platform = platform;
    this.bed = makeBed();
    this.env = {
      ...this.bed.env,
      DOCKER_CREDENTIAL_ONA_TOKEN: "env-token",
      // A herd on a busy machine must not be judged by its patience.
      DOCKER_CREDENTIAL_ONA_DEADLINE_MS: "25000",
      ONA_ENVIRONMENT_ID: ids.environment,
      ONA_BASE_URL: platform.baseUrl,
    };
  }

  get cacheDir(): string {
    return join(this.bed.env.XDG_RUNTIME_DIR ?? "", "docker-credential-ona");
  }

  run(host = HOST, onSpawn?: (pid: number) => void): Promise<HelperRun> {
    return runHelper(this.build, ["get"], {
      env: this.env,
      cwd: this.bed.cwd,
      stdin: host,
      timeoutMs: 60_000,
      ...(onSpawn === undefined ? {} : { onSpawn }),
    });
  }

  /** All of them at once. The stand-in lives in this process and must be able to answer meanwhile. */
  async runs(hosts: readonly string[]): Promise<string[]> {
    const running: Promise<HelperRun>[] = [];
    for (const host of hosts) {
      running.push(this.run(host));
      await setImmediate();
    }
    return (await Promise.all(running)).map(inWords);
  }

  /** The same run, seen from inside. */
  local(): Local {
    const { env } = this;
    const uid = process.geteuid?.() ?? 0;
    return new Local({ env, uid, clock: systemClock });
  }

  /** A configuration for every run from now on. */
  configure(config: object): void {
    const path = join(this.bed.root, "config.json");
    writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
    this.env.DOCKER_CREDENTIAL_ONA_CONFIG = path;
  }

  /** Every lock that a `get` of `host` may meet, left behind by somebody who died `ageS` ago. */
  leaveDeadLocks(ageS: number, host = HOST): void {
    const local = this.local();
    const ref = parseRegistry(host);
    if (ref === undefined) throw new Error(`no registry: ${host}`);
    for (const key of [local.secretCache.answerKey(ref), local.secretCache.listKey()]) {
      const path = local.cache.leasePath(key);
      if (path === undefined) throw new Error("no cache");
      mkdirSync(path);
      const atS = Date.now() / 1000 - ageS;
      utimesSync(path, atS, atS);
    }
  }

  /** Waits until the platform has heard so many requests for `method`. */
  async heard(method: string, count: number): Promise<void> {
    while (this.platform.journal.count(method) < count) await systemClock.sleep(10);
  }
}

/** `user:password`, or what it said. */
export function inWords({ stdout, stderr, code, signal }: HelperRun): string {
  const said = stdout.toString();
  if (code !== 0) return `${signal ?? code} ${said.trim()}`;
  const { Username, Secret } = JSON.parse(said) as { Username: string; Secret: string };
  return `${Username}:${Secret}${stderr.toString()}`;
}

export async function herdScene(build: Build, seed: PlatformSeed): Promise<HerdScene> {
  const platform = await startPlatform({ seed });
  const scene = new HerdScene(build, platform);
  onTestFinished(async () => {
    await platform.close();
    scene.bed.remove();
  });
  return scene;
}

/** The build that many processes are shown with: it starts quickest. In CI it has to be there. */
export const herdBuilds: readonly Build[] = builds.filter(
  ({ name, present }) => name === "executable" && (present || process.env.CI === "true"),
);
