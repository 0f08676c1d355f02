// What a run may ask: the platform, the clouds, the network, each loaded when it is first needed. It decides nothing, and
// whoever lives on after the run closes it.

import { isBaseUrl } from "./core/config.ts";
import { parseEndpoint } from "./core/endpoint.ts";
import { Failure } from "./core/failures.ts";
import type { MintPlan } from "./core/identity.ts";
import type { PlatformResult } from "./core/platform-result.ts";
import type { RegistryRef } from "./core/registry.ts";
import type { Secret } from "./core/secret.ts";
import { type Deadline, within } from "./edge/clock.ts";
import type { Http } from "./edge/http.ts";
import type { Trace } from "./edge/trace.ts";
import type { Local } from "./local.ts";
import { type CachedToken, mintedToken } from "./sources/mint/token-cache.ts";
import type { AllValues, PlatformRequest } from "./sources/platform/ask.ts";
import { wasManaged } from "./sources/platform/known-secrets.ts";
import { addToHistory } from "./sources/platform/secret-history.ts";
import { settingsFingerprint } from "./sources/platform/settings-fingerprint.ts";
import { emptyFiles, noToken } from "./sources/platform/token-sources.ts";

export interface RemoteOptions {
  /** The end of everything that is asked through this object, waiting for other processes included. */
  readonly deadline: Deadline;
  readonly trace: Trace;
  /** The names under which we may stand in `credHelpers`, without `docker-credential-`. */
  readonly helperNames: readonly string[];
}

/**
 * Lives for one run, or for one round of a run that repeats: a token that the platform refused is not tried again by the
 * same object. Make a new `Local` and a new `Remote` for the next round, and `close()` this one.
 */
export class Remote {
  readonly options: RemoteOptions;
  readonly #local: Local;
  #request: Promise<PlatformRequest> | undefined;
  #http: Promise<Http> | undefined;
  #isClosed = false;

  constructor(local: Local, options: RemoteOptions) {
    this.#local = local;
    this.options = options;
  }

  /** The platform's answer for `ref`, from the cache where that will do. Never throws. */
  async platform(ref: RegistryRef): Promise<PlatformResult> {
    const { secretCache } = this.#local;
    const settled = secretCache.settled(ref);
    if (settled !== undefined) return settled;
    try {
      const { fetchSecret } = await import("./sources/platform/ask.ts");
      return await fetchSecret(ref, await this.askOptions());
    } catch (error) {
      const failure =
        error instanceof Failure ? error : new Failure("internal", "the platform could not be asked");
      return { kind: "failed", failure, managed: wasManaged(ref, secretCache) };
    }
  }

  /**
   * Every value that the platform gives for `ref` now, within `limitMs`. `mayRemember`: a failure is news to other
   * processes. Throws a Failure.
   */
  async platformValues(ref: RegistryRef, limitMs: number, mayRemember: boolean): Promise<AllValues> {
    const { fetchAllValues } = await import("./sources/platform/ask.ts");
    const deadline = within(this.#local.context.clock, this.options.deadline, limitMs);
    return fetchAllValues(ref, { ...(await this.askOptions()), deadline }, mayRemember);
  }

  /** What every question to the platform needs. Throws a Failure: no token, or an address of no use. */
  async askOptions(): Promise<PlatformRequest> {
    this.#request ??= this.#newRequest();
    return this.#request;
  }

  /** The one set of connections of this object. Throws a Failure once it is closed. */
  async http(): Promise<Http> {
    if (this.#isClosed) throw givenUp();
    this.#http ??= this.#newHttp();
    return this.#http;
  }

  /** A token of `ref` by `plan`, from the cache where that will do, else minted. Throws a Failure. */
  async minted(plan: MintPlan, ref: RegistryRef): Promise<CachedToken> {
    const { cache, context, directories, secretCache } = this.#local;
    const { clock, env } = context;
    const { deadline, trace } = this.options;
    const settings = (): string => settingsFingerprint(this.#local);
    const options = { cache, clock, deadline, settings };
    return mintedToken(this.#local.mintKey(plan), options, async (limit) => {
      const { mint } = await import("./sources/mint/mint.ts");
      const http = await this.http();
      const idToken = (audience: string): Promise<Secret> => this.#idToken(audience, limit);
      const { home } = directories;
      const token = await mint(plan, { env, home, clock, deadline: limit, http, trace, idToken });
      // Its hash is kept, so that `store` does not take this token for a local login.
      addToHistory(ref, token, secretCache);
      return token;
    });
  }

  /** Closes every connection, also one that is just being made. Afterwards the object may not be used any more. */
  close(): void {
    this.#isClosed = true;
    this.#http?.then((http) => http.close()).catch(() => undefined);
  }

  async #newHttp(): Promise<Http> {
    const { deadline, trace } = this.options;
    const { createHttp } = await import("./edge/http.ts");
    const http = createHttp({ env: this.#local.context.env, deadline, trace });
    return {
      ...http,
      send: async (request) => {
        if (this.#isClosed) throw givenUp();
        try {
          return await http.send(request);
        } catch (error) {
          // That we hung up says nothing of the server, and must be neither tried again nor remembered.
          throw this.#isClosed ? givenUp() : error;
        }
      },
    };
  }

  async #newRequest(): Promise<PlatformRequest> {
    const { config, secretCache, cache, environmentId, baseUrl, context, tokenSources } = this.#local;
    const base = isBaseUrl(baseUrl) ? parseEndpoint(baseUrl) : undefined;
    const { badEnvironmentName, baseUrlName } = this.#local;
    if (base === undefined) throw unusable(baseUrlName, "is not an https URL (or http to loopback)");
    if (badEnvironmentName !== undefined) throw unusable(badEnvironmentName, "is not an environment's id");
    const { env, clock } = context;
    const { deadline } = this.options;
    const sources = tokenSources.filter((source) => source.isPresent());
    if (sources.length === 0) throw noToken(emptyFiles(config));
    const { PlatformClient } = await import("./sources/platform/client.ts");
    const { runCommand } = await import("./edge/command.ts");
    const http = (): Promise<Http> => this.http();
    const run = (command: readonly string[], limit: Deadline) => runCommand(command, env, limit);
    const client = new PlatformClient({ base, sources, http, clock, runCommand: run });
    return { config, environmentId, client, secretCache, cache, clock, deadline };
  }

  async #idToken(audience: string, deadline: Deadline): Promise<Secret> {
    const { requestIdToken } = await import("./sources/platform/id-token.ts");
    return requestIdToken(
      audience,
      this.#local.config.idTokenCommand,
      this.#local.context.env,
      deadline,
      async () => (await this.askOptions()).client,
    );
  }
}

function unusable(name: string, why: string): Failure {
  return new Failure("config-invalid", `${name} ${why}`, { hint: `correct ${name}` });
}

const givenUp = (): Failure => new Failure("deadline", "it was given up with its round");
