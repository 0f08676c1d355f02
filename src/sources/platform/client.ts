// The platform's methods, called with the first token that the platform accepts. A token that is refused gives way
// to the next source; what is reported names source and principal, never the token.

import type { Scope } from "../../core/config.ts";
import type { Endpoint } from "../../core/endpoint.ts";
import { parseEnvironmentDetails, type SecretDetails } from "../../core/environment-details.ts";
import { Failure, Outage, Refusal } from "../../core/failures.ts";
import { jwtEndMs } from "../../core/jwt.ts";
import {
  type EnvironmentAnswer,
  type Identity,
  parseEnvironment,
  parseIdentityAnswer,
  parseIdTokenAnswer,
  parseSecretsPage,
  parseValueAnswer,
  type SecretsPage,
} from "../../core/platform-answers.ts";
import { Secret } from "../../core/secret.ts";
import { VERSION } from "../../core/version.ts";
import type { ChildResult } from "../../edge/child.ts";
import type { Clock, Deadline } from "../../edge/clock.ts";
import type { Http } from "../../edge/http.ts";
import { callPlatform } from "./call.ts";
import { noToken, OWN_TOKEN_NAME, type TokenSource } from "./token-sources.ts";

export interface PlatformClientOptions {
  readonly base: Endpoint;
  /** Those that are present, best first. */
  readonly sources: readonly TokenSource[];
  /** Made when something is really asked: whoever only waits for another process needs none. */
  readonly http: () => Promise<Http>;
  readonly clock: Clock;
  readonly runCommand: (command: readonly string[], deadline: Deadline) => Promise<ChildResult>;
}

/** A page holds at most this many secrets; the API's limit. */
const PAGE_SIZE = 100;
/** How long the search for the principal, for an error message only, may take, in milliseconds. */
const PRINCIPAL_LIMIT_MS = 1000;

export class PlatformClient {
  readonly #options: PlatformClientOptions;
  /** The sources that were not refused, first the one in use. */
  #left: readonly TokenSource[];
  #token: Secret | undefined;
  #refused: Failure | undefined;
  #environment: unknown;
  readonly #reread = new Set<TokenSource>();
  readonly #reasons: string[] = [];

  constructor(options: PlatformClientOptions) {
    this.#options = options;
    this.#left = options.sources;
  }

  /** Gets the token now, so that the time it takes is not taken from the platform's. Throws a Failure. */
  async prepare(deadline: Deadline): Promise<void> {
    await this.#currentToken(deadline);
  }

  identity(deadline: Deadline): Promise<Identity> {
    return this.#call("IdentityService/GetAuthenticatedIdentity", {}, parseIdentityAnswer, deadline);
  }

  environment(environmentId: string, deadline: Deadline): Promise<EnvironmentAnswer> {
    const parse = (value: unknown): EnvironmentAnswer | undefined => {
      this.#environment = value;
      return parseEnvironment(value);
    };
    return this.#call("EnvironmentService/GetEnvironment", { environmentId }, parse, deadline);
  }

  /** The last answer of that method, read for more than `get` needs; nothing where there was none. */
  get environmentDetails(): readonly SecretDetails[] {
    return parseEnvironmentDetails(this.#environment) ?? [];
  }

  /** The source of the token in use; undefined when none is left. */
  get sourceName(): string | undefined {
    return this.#left[0]?.name;
  }

  /** Why the first token was refused, if one was. */
  get refusal(): Failure | undefined {
    return this.#refused;
  }

  secrets(scope: Scope, scopeId: string, pageToken: string, deadline: Deadline): Promise<SecretsPage> {
    const body = {
      filter: { scope: { [`${scope}Id`]: scopeId } },
      pagination: { pageSize: PAGE_SIZE, ...(pageToken === "" ? {} : { token: pageToken }) },
    };
    return this.#call("SecretService/ListSecrets", body, (value) => parseSecretsPage(value, scope), deadline);
  }

  async idToken(audience: string, deadline: Deadline): Promise<Secret> {
    const body = { audience: [audience] };
    return new Secret(await this.#call("IdentityService/GetIDToken", body, parseIdTokenAnswer, deadline));
  }

  /** A secret's value. A principal that may not read it gives way to the token of the next source. */
  async secretValue(secretId: string, deadline: Deadline): Promise<Secret> {
    const before = this.#left;
    let denied: Failure | undefined;
    for (;;) {
      try {
        const value = await this.#call(
          "SecretService/GetSecretValue",
          { secretId },
          parseValueAnswer,
          deadline,
        );
        return new Secret(value);
      } catch (error) {
        if (error instanceof Refusal && error.connectCode === "permission_denied") {
          const [source] = this.#left;
          denied ??= await this.#denied(deadline);
          // Asking who it stands for may have dropped it already.
          if (this.#left[0] === source) this.#drop();
          if (this.#left.length > 0) continue;
        }
        if (denied === undefined) throw error;
        // No token may read this secret; for the next one the first token is tried again.
        this.#left = before;
        this.#token = undefined;
        throw denied;
      }
    }
  }

  async #call<T>(
    method: string,
    body: unknown,
    parse: (value: unknown) => T | undefined,
    deadline: Deadline,
  ): Promise<T> {
    const { base, http, clock } = this.#options;
    return this.withToken(deadline, async (token) => {
      const name = `gitpod.v1.${method}`;
      const call = { base, method: name, body, token, userAgent: USER_AGENT, deadline, parse };
      return callPlatform(call, await http(), clock);
    });
  }

  /** Runs `use` with the first token that it does not refuse by a Refusal of `unauthenticated`. Throws a Failure. */
  async withToken<T>(deadline: Deadline, use: (token: Secret, base: Endpoint) => Promise<T>): Promise<T> {
    for (;;) {
      const token = await this.#currentToken(deadline);
      try {
        return await use(token, this.#options.base);
      } catch (error) {
        if (!(error instanceof Refusal) || error.connectCode !== "unauthenticated") throw error;
        if (!(await this.#rereadChanged(token, deadline))) this.#rejectToken(token, error);
      }
    }
  }

  async #currentToken(deadline: Deadline): Promise<Secret> {
    for (;;) {
      if (this.#token !== undefined) return this.#token;
      const [source] = this.#left;
      if (source === undefined) throw this.#refused ?? noToken(this.#reasons);
      this.#token = await this.#read(source, deadline);
      if (this.#token === undefined) this.#drop();
    }
  }

  async #read(source: TokenSource, deadline: Deadline): Promise<Secret | undefined> {
    const read = await source.read((command) => this.#options.runCommand(command, deadline));
    if (read instanceof Secret) return read;
    if (read?.cutShort) {
      // It says nothing of the command, and nothing to a run that has more time.
      throw new Outage("platform-timeout", `${source.name} did not end in time`, {
        hint: "try again",
        grantedMs: 0,
      });
    }
    this.#reasons.push(`${source.name} ${read?.reason ?? "gave none"}`);
    return undefined;
  }

  /** After a 401 the source is read again once: tokens rotate. The same token is not tried twice. */
  async #rereadChanged(refused: Secret, deadline: Deadline): Promise<boolean> {
    const [source] = this.#left;
    if (source === undefined || this.#reread.has(source)) return false;
    this.#reread.add(source);
    const again = await this.#read(source, deadline);
    if (again === undefined || again.expose() === refused.expose()) return false;
    this.#token = again;
    return true;
  }

  #rejectToken(token: Secret, refusal: Refusal): void {
    const name = this.#left[0]?.name ?? "";
    const endMs = jwtEndMs(token.expose());
    const expired = refusal.saysExpired || (endMs !== undefined && endMs < this.#options.clock.nowMs());
    const what = expired
      ? `the token from ${name} has expired`
      : `the platform refused the token from ${name}`;
    // Never a hint at personal tokens: they cannot read values.
    const hint =
      name === OWN_TOKEN_NAME
        ? "the platform renews this file; restart the environment if it persists"
        : `put the environment's current token into ${name}, or take it away so that the environment's own is used`;
    this.#refused ??= new Failure("token-refused", what, { hint });
    this.#drop();
  }

  #drop(): void {
    this.#left = this.#left.slice(1);
    this.#token = undefined;
  }

  async #denied(deadline: Deadline): Promise<Failure> {
    const name = this.#left[0]?.name ?? "";
    const limit: Deadline = { remainingMs: () => Math.min(PRINCIPAL_LIMIT_MS, deadline.remainingMs()) };
    const left = this.#left;
    const token = this.#token;
    const principal = await this.identity(limit).then(describePrincipal, () => "of unknown principal");
    // Whatever that question met, it must not change whose turn it is.
    this.#left = left;
    this.#token = token;
    return new Failure(
      "permission-denied",
      `the platform does not give the secret's value to the token from ${name} (${principal})`,
      { hint: "use the environment's own token: personal and service-account tokens cannot read values" },
    );
  }
}

export const USER_AGENT = `docker-credential-ona/${VERSION}`;

function describePrincipal(identity: Identity): string {
  const kind = identity.principal
    .replace(/^PRINCIPAL_/, "")
    .toLowerCase()
    .replaceAll("_", " ");
  return `${kind} ${identity.subjectId}`.replace(/[^\x20-\x7e]/g, "?").slice(0, 120);
}
