// What one run knows without asking anybody: configuration, places, cache, local logins, each made when first asked for.
// It is all that a warm answer needs.

import { existsSync } from "node:fs";
import { type Config, isIdentifier } from "./core/config.ts";
import type { MintPlan } from "./core/identity.ts";
import type { Credential } from "./core/secret.ts";
import type { Clock } from "./edge/clock.ts";
import { mintFingerprint } from "./sources/mint/cache-key.ts";
import { readyToken } from "./sources/mint/token-cache.ts";
import { PlatformMemory } from "./sources/platform/secret-cache.ts";
import { tokenSources } from "./sources/platform/token-sources.ts";
import { type Cache, createCache, noCache } from "./store/cache.ts";
import { type LoadedConfig, loadConfig } from "./store/config-file.ts";
import { textHash } from "./store/credential-hash.ts";
import { findPlaces, type Places } from "./store/directories.ts";
import { type LocalLogins, localLogins } from "./store/logins.ts";

/** Where a run takes place. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly clock: Clock;
}

const DEFAULT_BASE_URL = "https://app.gitpod.io/api";
const PLATFORM_DIR = "/usr/local/gitpod";

export class View {
  readonly world: World;
  readonly places: Places;
  readonly loaded: LoadedConfig;
  readonly startedAtMs: number;
  #cache: Cache | undefined;
  #memory: PlatformMemory | undefined;

  constructor(world: World) {
    this.world = world;
    this.startedAtMs = world.clock.nowMs();
    this.places = findPlaces(world.env, world.uid);
    this.loaded = loadConfig(world.env, this.places.configFiles, world.uid);
  }

  get config(): Config {
    return this.loaded.config;
  }

  /** The environment's id as far as it is known without asking anybody. */
  get environmentId(): string | undefined {
    const { env } = this.world;
    const named = env.ONA_ENVIRONMENT_ID || env.GITPOD_ENVIRONMENT_ID || this.config.environmentId;
    return named !== undefined && isIdentifier(named) ? named : undefined;
  }

  get cache(): Cache {
    const { uid, clock } = this.world;
    this.#cache ??= this.places.cache.length === 0 ? noCache : createCache(this.places.cache, uid, clock);
    return this.#cache;
  }

  get logins(): LocalLogins {
    const { uid, clock } = this.world;
    return localLogins(this.places.stateDir, this.environmentId ?? "", uid, clock);
  }

  /** False on a machine that knows nothing of the platform: then we are a plain local store. */
  get seesPlatform(): boolean {
    if (
      this.environmentId !== undefined ||
      this.loaded.path !== undefined ||
      this.loaded.broken !== undefined
    )
      return true;
    const sources = tokenSources(this.config, this.world.env);
    return sources.some((source) => source.isPresent()) || existsSync(PLATFORM_DIR);
  }

  get baseUrl(): string {
    const { env } = this.world;
    return env.ONA_BASE_URL || env.GITPOD_BASE_URL || this.config.baseUrl || DEFAULT_BASE_URL;
  }

  /** Who asks: the environment, else the token's source and content. Never a network call. */
  get owner(): string {
    if (this.environmentId !== undefined) return this.environmentId;
    const source = tokenSources(this.config, this.world.env).find((candidate) => candidate.isPresent());
    return source === undefined ? "" : textHash(source.mark());
  }

  get memory(): PlatformMemory {
    this.#memory ??= new PlatformMemory({
      config: this.config,
      owner: this.owner,
      base: this.baseUrl,
      cache: this.cache,
      clock: this.world.clock,
      startedAtMs: this.startedAtMs,
    });
    return this.#memory;
  }

  /** The token of `plan` if the cache has one that need not be renewed. */
  mintedNow(plan: MintPlan): Credential | undefined {
    return readyToken(this.mintKey(plan), this.cache, this.world.clock);
  }

  mintKey(plan: MintPlan): string {
    const federated = plan.identity?.kind === "oidc-aws" || plan.identity?.kind === "oidc-google";
    const idTokenFrom = federated ? JSON.stringify(this.config.idTokenCommand ?? []) : "";
    const fingerprint = mintFingerprint(plan, this.world.env, this.places.home);
    return ["mint", this.baseUrl, this.owner, idTokenFrom, fingerprint].join("\n");
  }
}
