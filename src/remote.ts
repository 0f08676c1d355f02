// One run that may ask: the platform, the clouds, the network. Each of them is loaded when it is first needed.

import { isBaseUrl } from "./core/config.ts";
import { parseEndpoint } from "./core/endpoint.ts";
import { Failure } from "./core/failures.ts";
import type { MintPlan } from "./core/identity.ts";
import type { RegistryRef } from "./core/registry.ts";
import type { Credential, Secret } from "./core/secret.ts";
import { type Deadline, deadlineAfter, within } from "./edge/clock.ts";
import type { Http } from "./edge/http.ts";
import type { Trace } from "./edge/trace.ts";
import { View, type World } from "./local.ts";
import { mintedToken } from "./sources/mint/token-cache.ts";
import type { AllValues, AskOptions } from "./sources/platform/ask.ts";
import type { PlatformResult } from "./sources/platform/result.ts";
import { emptyFiles, noToken, tokenSources } from "./sources/platform/token-sources.ts";

export interface Machine extends World {
  readonly trace: Trace;
  /** The names under which we may stand in `credHelpers`. */
  readonly suffixes: readonly string[];
}

export class Session extends View {
  readonly machine: Machine;
  readonly deadline: Deadline;
  /** The registry that `get` was asked for, once it is known. */
  asked: RegistryRef | undefined;
  #ask: Promise<AskOptions> | undefined;
  #http: Promise<Http> | undefined;

  constructor(machine: Machine) {
    super(machine);
    this.machine = machine;
    this.deadline = deadlineAfter(machine.clock, this.loaded.config.deadlineMs);
  }

  /** The platform's answer for `ref`, from the cache where that will do. Never throws. */
  async platform(ref: RegistryRef): Promise<PlatformResult> {
    const settled = this.memory.settled(ref);
    if (settled !== undefined) return settled;
    try {
      const { askPlatform } = await import("./sources/platform/ask.ts");
      return await askPlatform(ref, await this.askOptions());
    } catch (error) {
      const failure =
        error instanceof Failure ? error : new Failure("internal", "the platform could not be asked");
      return { kind: "failed", failure, managed: this.memory.wasManaged(ref) };
    }
  }

  /** Every value that the platform gives for `ref` now. `mayRemember`: a failure is news to others. Throws a Failure. */
  async platformValues(ref: RegistryRef, limitMs: number, mayRemember: boolean): Promise<AllValues> {
    const { askAllValues } = await import("./sources/platform/ask.ts");
    const deadline = within(this.machine.clock, this.deadline, limitMs);
    return askAllValues(ref, { ...(await this.askOptions()), deadline }, mayRemember);
  }

  async askOptions(): Promise<AskOptions> {
    this.#ask ??= this.#newAskOptions();
    return this.#ask;
  }

  async http(): Promise<Http> {
    this.#http ??= this.#newHttp();
    return this.#http;
  }

  /** A minted token of `ref` by `plan`. Throws a Failure. */
  async minted(plan: MintPlan, ref: RegistryRef): Promise<Credential> {
    const { cache, machine, deadline } = this;
    const { clock, env, trace } = machine;
    return mintedToken(this.mintKey(plan), { cache, clock, deadline }, async (limit) => {
      const { mint } = await import("./sources/mint/mint.ts");
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

  async #newHttp(): Promise<Http> {
    const { env, trace } = this.machine;
    // First, so that the parser is compiled on another thread while the rest is loaded on this one.
    await import("./edge/undici-parser.ts");
    const { createHttp } = await import("./edge/http.ts");
    return createHttp({ env, deadline: this.deadline, trace });
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
    const { PlatformClient } = await import("./sources/platform/client.ts");
    const { runCommand } = await import("./edge/command.ts");
    const http = (): Promise<Http> => this.http();
    const run = (command: readonly string[], limit: Deadline): Promise<string> =>
      runCommand(command, env, limit);
    const client = new PlatformClient({ base, sources, http, clock, runCommand: run });
    return { config, environmentId, client, memory, cache, clock, deadline };
  }

  async #idToken(audience: string, deadline: Deadline): Promise<Secret> {
    const { requestIdToken } = await import("./sources/platform/id-token.ts");
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
