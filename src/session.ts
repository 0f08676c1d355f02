// One run's view of the world: configuration, places, cache, local logins and the sources, each made when first asked
// for, so that a warm answer makes only what it needs.

import { existsSync } from "node:fs";
import { type Config, isBaseUrl, isIdentifier } from "./core/config.ts";
import { parseEndpoint } from "./core/endpoint.ts";
import { Failure } from "./core/errors.ts";
import type { MintPlan } from "./core/identity.ts";
import type { RegistryRef } from "./core/registry.ts";
import type { Credential, Secret } from "./core/secret.ts";
import { type Clock, type Deadline, deadlineAfter, within } from "./edge/clock.ts";
import type { Http } from "./edge/http.ts";
import type { Trace } from "./edge/trace.ts";
import { type LocalLogins, localLogins } from "./sources/local-login.ts";
import { mintFingerprint } from "./sources/mint-key.ts";
import { mintedToken, readyToken } from "./sources/mint-memory.ts";
import type { AllValues, AskOptions } from "./sources/platform-ask.ts";
import { PlatformMemory } from "./sources/platform-memory.ts";
import type { PlatformResult } from "./sources/platform-result.ts";
import { emptyFiles, noToken, tokenSources } from "./sources/token-sources.ts";
import { type Cache, createCache, noCache } from "./store/cache.ts";
import { type LoadedConfig, loadConfig } from "./store/config-file.ts";
import { textHash } from "./store/credential-hash.ts";
import { findPlaces, type Places } from "./store/places.ts";

export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly clock: Clock;
  readonly trace: Trace;
  /** The names under which we may stand in `credHelpers`. */
  readonly suffixes: readonly string[];
}

/** `list` must come quickly; the platform gets a little less than what the caller gets. */
const DEFAULT_BASE_URL = "https://app.gitpod.io/api";
const PLATFORM_DIR = "/usr/local/gitpod";

export class Session {
  readonly machine: Machine;
  readonly places: Places;
  readonly loaded: LoadedConfig;
  readonly deadline: Deadline;
  readonly startedAtMs: number;
  /** The registry that `get` was asked for, once it is known. */
  asked: RegistryRef | undefined;
  #cache: Cache | undefined;
  #memory: PlatformMemory | undefined;
  #ask: Promise<AskOptions> | undefined;
  #http: Promise<Http> | undefined;

  constructor(machine: Machine) {
    this.machine = machine;
    this.startedAtMs = machine.clock.nowMs();
    this.places = findPlaces(machine.env, machine.uid);
    this.loaded = loadConfig(machine.env, this.places.configFiles, machine.uid);
    this.deadline = deadlineAfter(machine.clock, this.loaded.config.deadlineMs);
  }

  get config(): Config {
    return this.loaded.config;
  }

  /** The environment's id as far as it is known without asking anybody. */
  get environmentId(): string | undefined {
    const { env } = this.machine;
    const named = env.ONA_ENVIRONMENT_ID || env.GITPOD_ENVIRONMENT_ID || this.config.environmentId;
    return named !== undefined && isIdentifier(named) ? named : undefined;
  }

  get cache(): Cache {
    const { uid, clock } = this.machine;
    this.#cache ??= this.places.cache.length === 0 ? noCache : createCache(this.places.cache, uid, clock);
    return this.#cache;
  }

  get logins(): LocalLogins {
    const { uid, clock } = this.machine;
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
    const sources = tokenSources(this.config, this.machine.env);
    return sources.some((source) => source.isPresent()) || existsSync(PLATFORM_DIR);
  }

  get baseUrl(): string {
    const { env } = this.machine;
    return env.ONA_BASE_URL || env.GITPOD_BASE_URL || this.config.baseUrl || DEFAULT_BASE_URL;
  }

  /** Who asks: the environment, else the token's source and content. Never a network call. */
  get owner(): string {
    if (this.environmentId !== undefined) return this.environmentId;
    const source = tokenSources(this.config, this.machine.env).find((candidate) => candidate.isPresent());
    return source === undefined ? "" : textHash(source.mark());
  }

  get memory(): PlatformMemory {
    this.#memory ??= new PlatformMemory({
      config: this.config,
      owner: this.owner,
      base: this.baseUrl,
      cache: this.cache,
      clock: this.machine.clock,
      startedAtMs: this.startedAtMs,
    });
    return this.#memory;
  }

  /** The platform's answer for `ref`, from the cache where that will do. Never throws. */
  async platform(ref: RegistryRef): Promise<PlatformResult> {
    const settled = this.memory.settled(ref);
    if (settled !== undefined) return settled;
    try {
      const { askPlatform } = await import("./sources/platform-ask.ts");
      return await askPlatform(ref, await this.askOptions());
    } catch (error) {
      const failure =
        error instanceof Failure ? error : new Failure("internal", "the platform could not be asked");
      return { kind: "failed", failure, managed: this.memory.wasManaged(ref) };
    }
  }

  /** Every value that the platform gives for `ref` now. `mayRemember`: a failure is news to others. Throws a Failure. */
  async platformValues(ref: RegistryRef, limitMs: number, mayRemember: boolean): Promise<AllValues> {
    const { askAllValues } = await import("./sources/platform-ask.ts");
    const deadline = within(this.machine.clock, this.deadline, limitMs);
    return askAllValues(ref, { ...(await this.askOptions()), deadline }, mayRemember);
  }

  async askOptions(): Promise<AskOptions> {
    this.#ask ??= this.#newAskOptions();
    return this.#ask;
  }

  async http(): Promise<Http> {
    const { env, trace } = this.machine;
    this.#http ??= import("./edge/http.ts").then(({ createHttp }) =>
      createHttp({ env, deadline: this.deadline, trace }),
    );
    return this.#http;
  }

  /** A minted token of `ref` by `plan`. Throws a Failure. */
  async minted(plan: MintPlan, ref: RegistryRef): Promise<Credential> {
    const { cache, machine, deadline } = this;
    const { clock, env, trace } = machine;
    return mintedToken(this.mintKey(plan), { cache, clock, deadline }, async (limit) => {
      const { mint } = await import("./sources/mint.ts");
      const http = await this.http();
      const idToken = (audience: string): Promise<Secret> => this.#idToken(audience, limit);
      const token = await mint(plan, {
        env,
        home: this.places.home,
        clock,
        deadline: limit,
        http,
        trace,
        idToken,
      });
      // A later `docker login` with this token is none, whatever the environment looks like by then.
      this.memory.addToHistory(ref, token);
      return token;
    });
  }

  /** The token of `plan` if the cache has one that need not be renewed. */
  mintedNow(plan: MintPlan): Credential | undefined {
    return readyToken(this.mintKey(plan), this.cache, this.machine.clock);
  }

  mintKey(plan: MintPlan): string {
    const federated = plan.identity?.kind === "oidc-aws" || plan.identity?.kind === "oidc-google";
    const idTokenFrom = federated ? JSON.stringify(this.config.idTokenCommand ?? []) : "";
    const fingerprint = mintFingerprint(plan, this.machine.env, this.places.home);
    return ["mint", this.baseUrl, this.owner, idTokenFrom, fingerprint].join("\n");
  }

  /** Lets go of every connection, so that the process may end. */
  async close(): Promise<void> {
    const http = await this.#http?.catch(() => undefined);
    http?.close();
  }

  async #newAskOptions(): Promise<AskOptions> {
    const base = isBaseUrl(this.baseUrl) ? parseEndpoint(this.baseUrl) : undefined;
    if (base === undefined) {
      throw new Failure(
        "config-invalid",
        "the platform's address is not an https URL (or http to loopback)",
        {
          hint: "correct ONA_BASE_URL",
        },
      );
    }
    const { env, clock } = this.machine;
    const { config, memory, cache, deadline, environmentId } = this;
    const sources = tokenSources(config, env).filter((source) => source.isPresent());
    if (sources.length === 0) throw noToken(emptyFiles(config));
    const { PlatformClient } = await import("./sources/platform-client.ts");
    const { runCommand } = await import("./edge/command.ts");
    const http = (): Promise<Http> => this.http();
    const run = (command: readonly string[], limit: Deadline): Promise<string> =>
      runCommand(command, env, limit);
    const client = new PlatformClient({ base, sources, http, clock, runCommand: run });
    return { config, environmentId, client, memory, cache, clock, deadline };
  }

  async #idToken(audience: string, deadline: Deadline): Promise<Secret> {
    const { requestIdToken } = await import("./sources/id-token.ts");
    const { idTokenCommand } = this.config;
    return requestIdToken(
      audience,
      idTokenCommand,
      this.machine.env,
      deadline,
      async () => (await this.askOptions()).client,
    );
  }
}
