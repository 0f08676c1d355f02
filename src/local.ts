// What one run knows without asking anybody: directories, configuration, cache, local logins, each made when it is first
// asked for. Disk only: it opens no socket and starts no program, and it is all that a warm answer needs.

import { existsSync } from "node:fs";
import { type Config, isIdentifier } from "./core/config.ts";
import { kindOf, type MintPlan } from "./core/identity.ts";
import { setting } from "./core/setting.ts";
import type { Clock } from "./edge/clock.ts";
import { mintFingerprint } from "./sources/mint/cache-key.ts";
import { type CachedToken, readyToken } from "./sources/mint/token-cache.ts";
import { SecretCache } from "./sources/platform/secret-cache.ts";
import { type TokenSource, tokenSources } from "./sources/platform/token-sources.ts";
import { type Cache, createCache, noCache } from "./store/cache.ts";
import { type LoadedConfig, loadConfig } from "./store/config-file.ts";
import { textHash } from "./store/credential-hash.ts";
import { type Directories, findDirectories } from "./store/directories.ts";
import type { LoginPlace } from "./store/login-reader.ts";

/** What the process gives to a run. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The effective user. */
  readonly uid: number;
  readonly clock: Clock;
}

/** How a run that repeats differs from one that answers once. */
export interface LocalOptions {
  /** Only what was asked for since the start of the run is fresh. */
  readonly asksAnew?: boolean;
  /** How long a value counts as read while its secret's revision stays the same. */
  readonly valueLifeMs?: number;
  /** Laid over the cache on disk. */
  readonly overCache?: (cache: Cache) => Cache;
  /** What a moment ago was read of the same environment and user. */
  readonly found?: Found | undefined;
}

/** What one `Local` may take over from another. */
export type Found = Pick<Local, "directories" | "loaded" | "cache">;

const DEFAULT_BASE_URL = "https://app.gitpod.io/api";
const PLATFORM_DIR = "/usr/local/gitpod";

interface NamedSetting {
  readonly name: string;
  readonly value: string | undefined;
}

function firstSetting(env: Context["env"], names: readonly string[]) {
  for (const name of names) {
    const value = setting(env[name]);
    if (value !== undefined) return { name, value };
  }
  return undefined;
}

/**
 * Lives for one run, or for one round of a run that repeats: configuration and directories are read once, and what was
 * asked for since it was made counts as fresh. Nothing here throws; a broken configuration is in `loaded.broken`.
 */
export class Local {
  readonly context: Context;
  readonly directories: Directories;
  readonly loaded: LoadedConfig;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  // Plain fields: on the warm path private names are dear.
  private readonly options: LocalOptions;
  private madeCache: Cache | undefined;
  private madeSecretCache: SecretCache | undefined;
  private madeTokenSources: readonly TokenSource[] | undefined;
  private foundEnvironment: NamedSetting | undefined;

  constructor(context: Context, options: LocalOptions = {}) {
    this.context = context;
    this.options = options;
    this.startedAtMs = context.clock.nowMs();
    const { found } = options;
    this.directories = found?.directories ?? findDirectories(context.env, context.uid);
    this.loaded = found?.loaded ?? loadConfig(context.env, this.directories.configFiles, context.uid);
  }

  get config(): Config {
    return this.loaded.config;
  }

  /** The environment's id as far as it is known without asking anybody; undefined too when what is set is no id. */
  get environmentId(): string | undefined {
    const { value } = this.environmentSetting;
    return value !== undefined && isIdentifier(value) ? value : undefined;
  }

  /** The variable that names an environment by what is no id: then nobody knows whose secrets are meant. */
  get badEnvironmentName(): string | undefined {
    const { name, value } = this.environmentSetting;
    return value !== undefined && !isIdentifier(value) ? name : undefined;
  }

  private get environmentSetting(): NamedSetting {
    this.foundEnvironment ??= firstSetting(this.context.env, [
      "ONA_ENVIRONMENT_ID",
      "GITPOD_ENVIRONMENT_ID",
    ]) ?? {
      name: "environmentId of the configuration",
      value: this.config.environmentId,
    };
    return this.foundEnvironment;
  }

  get cache(): Cache {
    const { uid, clock } = this.context;
    const { cache } = this.directories;
    if (this.madeCache === undefined) {
      const onDisk =
        this.options.found?.cache ?? (cache.length === 0 ? noCache : createCache(cache, uid, clock));
      this.madeCache = this.options.overCache?.(onDisk) ?? onDisk;
    }
    return this.madeCache;
  }

  get loginPlace(): LoginPlace {
    const { uid, clock } = this.context;
    return { stateDir: this.directories.stateDir, environmentId: this.environmentId ?? "", uid, clock };
  }

  /** False on a machine that knows nothing of the platform: then we are a plain local store. */
  get seesPlatform(): boolean {
    if (
      this.environmentSetting.value !== undefined ||
      this.loaded.path !== undefined ||
      this.loaded.broken !== undefined
    )
      return true;
    return this.tokenSources.some((source) => source.isPresent()) || existsSync(PLATFORM_DIR);
  }

  /** Where the platform token may come from, best first. */
  get tokenSources(): readonly TokenSource[] {
    this.madeTokenSources ??= tokenSources(this.config, this.context.env);
    return this.madeTokenSources;
  }

  /** The platform's address as it is set, usable or not. */
  get baseUrl(): string {
    return this.baseSetting.value;
  }

  /** What set `baseUrl`, for messages. */
  get baseUrlName(): string {
    return this.baseSetting.name;
  }

  private get baseSetting(): NamedSetting & { readonly value: string } {
    return (
      firstSetting(this.context.env, ["ONA_BASE_URL", "GITPOD_BASE_URL"]) ?? {
        name: "api.baseUrl of the configuration",
        value: this.config.baseUrl ?? DEFAULT_BASE_URL,
      }
    );
  }

  /** Who asks: the environment, else the token's source and content. Never a network call. */
  get owner(): string {
    const { value } = this.environmentSetting;
    if (value !== undefined) return value;
    const source = this.tokenSources.find((candidate) => candidate.isPresent());
    return source === undefined ? "" : textHash(source.fingerprint());
  }

  /** What the cache knows of the platform's answers. */
  get secretCache(): SecretCache {
    this.madeSecretCache ??= new SecretCache({
      config: this.config,
      owner: this.owner,
      base: this.baseUrl,
      cache: this.cache,
      clock: this.context.clock,
      startedAtMs: this.startedAtMs,
      settings: this,
      asksAnew: this.options.asksAnew ?? false,
      valueLifeMs: this.options.valueLifeMs,
    });
    return this.madeSecretCache;
  }

  /** The token of `plan` if the cache has one that need not be renewed. */
  mintedNow(plan: MintPlan): CachedToken | undefined {
    return readyToken(this.mintKey(plan), this.cache, this.context.clock);
  }

  /** The cache key of the token of `plan`. */
  mintKey(plan: MintPlan): string {
    const byIdToken = plan.identity !== undefined && kindOf(plan.identity).byIdToken;
    const idTokenFrom = byIdToken ? JSON.stringify(this.config.idTokenCommand ?? []) : "";
    const fingerprint = mintFingerprint(plan, this.context.env, this.directories.home);
    return ["mint", this.baseUrl, this.owner, idTokenFrom, fingerprint].join("\n");
  }
}
