// One environment for the tests of the platform source: a stand-in platform, a cache of its own and a clock that is
// moved by hand. Every question is a run of its own, as every call of the helper is a process of its own.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { PlatformResult } from "../../../../src/core/platform-result.ts";
import { parseRegistry, type RegistryRef } from "../../../../src/core/registry.ts";
import { Secret } from "../../../../src/core/secret.ts";
import { type Clock, deadlineAfter } from "../../../../src/edge/clock.ts";
import { Local } from "../../../../src/local.ts";
import { Remote } from "../../../../src/remote.ts";
import { eraseSecret } from "../../../../src/sources/platform/known-secrets.ts";
import { ids } from "../../../stand-ins/platform/ids.ts";
import type { PlatformChange, PlatformSeed, SecretSeed } from "../../../stand-ins/platform/seed.ts";
import type { Platform } from "../../../stand-ins/platform/stand-in.ts";
import { platformForTest } from "../../../stand-ins/platform/worlds.ts";
import { ManualClock } from "../../edge/manual-clock.ts";
import { scratch, uid } from "../../store/scratch.ts";

export const HOST = "registry.example.test";
export const SECOND_MS = 1000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** The secret of most tests. */
export const TEAM: SecretSeed = { name: "TEAM", host: HOST, value: "demo:first" };

export interface WorldOptions {
  readonly seed?: PlatformSeed;
  /** The configuration file. */
  readonly config?: object;
  readonly env?: Readonly<Record<string, string>>;
}

export function refOf(host: string): RegistryRef {
  const ref = parseRegistry(host);
  if (ref === undefined) throw new Error(`no registry: ${host}`);
  return ref;
}

export class World {
  readonly clock = new ManualClock();
  readonly platform: Platform;
  readonly dir: string;
  readonly env: Record<string, string>;
  #seen = 0;

  constructor(platform: Platform, { config, env }: WorldOptions) {
    this.platform = platform;
    this.dir = scratch();
    const home = join(this.dir, "home");
    mkdirSync(home, { mode: 0o700 });
    this.env = {
      HOME: home,
      DOCKER_CREDENTIAL_ONA_CACHE_DIR: join(this.dir, "cache"),
      DOCKER_CREDENTIAL_ONA_TOKEN: "env-token",
      ONA_ENVIRONMENT_ID: ids.environment,
      ONA_BASE_URL: platform.baseUrl,
      ...env,
    };
    if (config !== undefined) this.configure(config);
  }

  configure(config: object): void {
    const path = join(this.dir, "config.json");
    writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
    this.env.DOCKER_CREDENTIAL_ONA_CONFIG = path;
  }

  /** What a run that begins now knows. */
  local(env: Readonly<Record<string, string>> = {}, clock: Clock = this.clock): Local {
    return new Local({ env: { ...this.env, ...env }, uid, clock });
  }

  /** What a run that begins now may ask. */
  remote(env: Readonly<Record<string, string>> = {}, clock: Clock = this.clock): Remote {
    return this.remoteOf(this.local(env, clock));
  }

  remoteOf(local: Local): Remote {
    const deadline = deadlineAfter(local.context.clock, local.config.deadlineMs);
    const remote = new Remote(local, { deadline, trace: () => undefined, helperNames: ["ona"] });
    onTestFinished(() => remote.close());
    return remote;
  }

  /** What the platform source says in a run of its own, in words: `demo:first`, `native`, `none`, `failed …`. */
  async get(host = HOST, remote = this.remote()): Promise<string> {
    const result = await remote.platform(refOf(host));
    remote.close();
    return inWords(result);
  }

  /** The answer and the requests that it took: `demo:first (GetEnvironment GetSecretValue)`. */
  async ask(host = HOST): Promise<string> {
    this.requests();
    const answer = await this.get(host);
    return `${answer} (${this.requests().join(" ")})`;
  }

  /** Methods that were called since the last look. */
  requests(): string[] {
    const all = this.platform.journal.methods();
    const since = all.slice(this.#seen);
    this.#seen = all.length;
    return since;
  }

  change(...changes: PlatformChange[]): Promise<void> {
    return this.platform.apply(...changes);
  }

  /** Every call ends like this until `recover`. */
  async fail(fault: Extract<PlatformChange, { do: "fault" }>["fault"]): Promise<void> {
    await this.change({ do: "clearFaults" }, { do: "fault", fault });
  }

  recover(): Promise<void> {
    return this.change({ do: "clearFaults" });
  }

  erase(host = HOST): void {
    eraseSecret(refOf(host), this.local().secretCache);
  }
}

export async function world(options: WorldOptions = {}): Promise<World> {
  return new World(await platformForTest(options.seed ?? { secrets: [TEAM] }), options);
}

/** An outage that is final: no retry, no waiting. */
export const OUTAGE = { kind: "error", code: "internal" } as const;

export function inWords(result: PlatformResult): string {
  if (result.kind === "credential")
    return `${result.credential.username}:${result.credential.secret.expose()}`;
  if (result.kind !== "failed") return result.kind;
  return `failed ${result.failure.code}${result.managed ? " managed" : ""}`;
}

export const credential = (username: string, password: string) => ({
  username,
  secret: new Secret(password),
});
