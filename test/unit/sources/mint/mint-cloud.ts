// A cloud of the tests that gives tokens `token-1`, `token-2`, … or fails, and a machine that asks it on a clock that is
// moved by hand.

import { join } from "node:path";
import { Failure } from "../../../../src/core/failures.ts";
import { Secret } from "../../../../src/core/secret.ts";
import { type Deadline, deadlineAfter } from "../../../../src/edge/clock.ts";
import type { MintedToken } from "../../../../src/sources/cloud/context.ts";
import { mintedToken } from "../../../../src/sources/mint/token-cache.ts";
import { type Cache, createCache } from "../../../../src/store/cache.ts";
import { ManualClock } from "../../edge/manual-clock.ts";
import { scratch, uid } from "../../store/scratch.ts";

export const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;
export const KEY = "mint\nhttps://ona.example/api\ne1\n{}";
export const denied = new Failure("aws-denied", "no", { hint: "ask" });

export class Mint {
  readonly clock = new ManualClock();
  readonly dir = join(scratch(), "cache");
  minted = 0;
  lifeMs = 12 * HOUR_MS;
  /** From then on a new one is asked for; by default half of the life. */
  refreshAfterMs: number | undefined;
  /** The cloud gives the same token with the same end until this is unset. */
  fixed: MintedToken | undefined;
  failing: Error | undefined;
  during: (() => void | Promise<void>) | undefined;
  lastLimitMs = 0;
  /** The mark of what the user has set. */
  settings = "as they were";

  cache(): Cache {
    return createCache([{ dir: this.dir, parents: true }], uid, this.clock);
  }

  async ask(cache: Cache = this.cache(), deadlineMs = 10_000): Promise<string> {
    const deadline = deadlineAfter(this.clock, deadlineMs);
    try {
      const options = { cache, clock: this.clock, deadline, settings: () => this.settings };
      const { credential } = await mintedToken(KEY, options, (limit) => this.#mint(limit));
      return credential.secret.expose();
    } catch (error) {
      if (error instanceof Failure) return `failed ${error.code}`;
      throw error;
    }
  }

  async #mint(limit: Deadline): Promise<MintedToken> {
    this.minted += 1;
    this.lastLimitMs = limit.remainingMs();
    const obtainedAtMs = this.clock.nowMs();
    const name = `token-${this.minted}`;
    await this.during?.();
    if (this.failing !== undefined) throw this.failing;
    if (this.fixed !== undefined) return { ...this.fixed, obtainedAtMs };
    return {
      username: "AWS",
      secret: new Secret(name),
      obtainedAtMs,
      expiresAtMs: obtainedAtMs + this.lifeMs,
      refreshAtMs: obtainedAtMs + (this.refreshAfterMs ?? this.lifeMs / 2),
    };
  }
}
