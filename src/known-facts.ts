// The facts of the policy as the disk has them, each looked up once and only when the policy reads it. What had to be
// asked is put in by resolve.ts. It asks nobody itself.

import type { Config } from "./core/config.ts";
import type { Failure } from "./core/failures.ts";
import type { MintPlan } from "./core/identity.ts";
import type { PlatformResult } from "./core/platform-result.ts";
import type { Expiring, Facts, LoginFact } from "./core/policy.ts";
import type { RegistryRef } from "./core/registry.ts";
import type { Local } from "./local.ts";
import type { LocalLogin } from "./store/login-entry.ts";
import { findLogin } from "./store/login-reader.ts";

export class KnownFacts implements Facts {
  // Plain fields, set in one place: on the warm path private names and initialisers are dear.
  private readonly ref: RegistryRef;
  private readonly local: Local;
  private foundLogin: LoginFact | undefined | null;
  private foundSecret: PlatformResult | undefined;
  /** The local login as it is stored; known after `login` was read. */
  storedLogin: LocalLogin | undefined;
  /** What minting came to, in place of what the cache has. */
  minted: Expiring | Failure | undefined;
  delegated: boolean | undefined;

  constructor(ref: RegistryRef, local: Local) {
    this.ref = ref;
    this.local = local;
    this.foundLogin = null;
  }

  get login(): LoginFact | undefined {
    if (this.foundLogin === null) this.setLogin(findLogin(this.local.loginPlace, this.ref), false);
    return this.foundLogin ?? undefined;
  }

  /** `compared`: it was compared just now, whatever it says of itself. */
  setLogin(stored: LocalLogin | undefined, compared: boolean): void {
    this.storedLogin = stored;
    this.foundLogin =
      stored === undefined
        ? undefined
        : {
            credential: stored.credential,
            expiresAtMs: stored.expiresAtMs,
            compared: compared || stored.confirmed,
          };
  }

  get config(): Config {
    return this.local.config;
  }

  get broken(): Failure | undefined {
    return this.local.loaded.broken;
  }

  get seesPlatform(): boolean {
    return this.local.seesPlatform;
  }

  get secret(): PlatformResult | undefined {
    this.foundSecret ??= this.local.secretCache.settled(this.ref);
    return this.foundSecret;
  }

  set secret(result: PlatformResult) {
    this.foundSecret = result;
  }

  token(plan: MintPlan): Expiring | Failure | undefined {
    return this.minted ?? this.local.mintedNow(plan);
  }
}
