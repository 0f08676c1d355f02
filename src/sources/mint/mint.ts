// Minting: from a plan to a short-lived token. This file only names the parts; the clouds are in ecr.ts and
// google.ts, which load their SDKs, so they are imported when a token is really minted and never before.

import type { MintPlan } from "../../core/identity.ts";
import type { Secret } from "../../core/secret.ts";
import type { Clock, Deadline } from "../../edge/clock.ts";
import type { Http } from "../../edge/http.ts";
import { withSilentLibraries } from "../../edge/silence-libraries.ts";
import type { Trace } from "../../edge/trace.ts";

/** A token as a registry wants it. Times are milliseconds since 1970 on our clock. */
export interface MintedToken {
  readonly username: string;
  readonly secret: Secret;
  readonly obtainedAtMs: number;
  readonly expiresAtMs: number;
  /** From then on a new one is asked for; until `expiresAtMs` less 60 s this one still serves. */
  readonly refreshAtMs: number;
}

export interface MintContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home directory after the sudo rule; undefined when there is none. */
  readonly home: string | undefined;
  readonly clock: Clock;
  readonly deadline: Deadline;
  readonly http: Http;
  readonly trace: Trace;
  /** An ID token of the environment for this audience, from the platform or `idToken.command`. */
  idToken(audience: string): Promise<Secret>;
}

/** Mints a token. Throws a Failure and nothing else. */
export function mint(plan: MintPlan, context: MintContext): Promise<MintedToken> {
  return withSilentLibraries(context.home, async () => {
    if (plan.cloud.kind === "gar") {
      const { mintGoogle } = await import("../google/gar.ts");
      return mintGoogle(plan, context);
    }
    const { mintEcr } = await import("../aws/ecr.ts");
    return mintEcr(plan, context);
  });
}
