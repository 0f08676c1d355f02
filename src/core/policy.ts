// Which source answers for a registry: a local login, then the configuration, then the platform's secret, then nothing.
// The order is written down here and nowhere else. Pure: it looks at what is known so far and either decides or names
// the one question whose answer it needs next.

import type { Config, RegistryRule } from "./config.ts";
import { Failure } from "./failures.ts";
import type { IdentityBase, MintPlan } from "./identity.ts";
import { mintPlan } from "./mint-plan.ts";
import type { PlatformResult } from "./platform-result.ts";
import type { RegistryRef } from "./registry.ts";
import { ruleFor } from "./registry-rules.ts";
import type { Credential } from "./secret.ts";

/** A credential with its end. */
export interface Expiring {
  readonly credential: Credential;
  /** Milliseconds since 1970; undefined for a password that does not end by itself. */
  readonly expiresAtMs: number | undefined;
}

export interface LoginFact extends Expiring {
  /** True when it was compared with what the platform gives, as far as that can be. */
  readonly compared: boolean;
}

/** What is known so far; each is looked up when it is read. `undefined`: not there, or for a question: not asked yet. */
export interface Facts {
  readonly login: LoginFact | undefined;
  /** The defaults where `broken` says why it cannot be used. */
  readonly config: Config;
  readonly broken: Failure | undefined;
  /** False on a machine that knows nothing of the platform: then we are a plain local store. */
  readonly seesPlatform: boolean;
  readonly secret: PlatformResult | undefined;
  readonly token: (plan: MintPlan) => Expiring | Failure | undefined;
  /** Do Docker's or Podman's own files send this registry to us? */
  readonly delegated: boolean | undefined;
}

export type Question =
  | { readonly kind: "compare-login" | "ask-platform" | "is-delegated" }
  | { readonly kind: "mint"; readonly plan: MintPlan };

/** What decided: what a person would want to know of an answer. */
export interface Why {
  readonly by:
    | "local-login"
    /** One of Docker Hub's token keys: only a local login can live there. */
    | "token-key"
    | "broken-config"
    /** An entry of `registries`: `rule`. */
    | "entry"
    | "no-platform"
    /** The platform's secret, or that there is none: `secret`. */
    | "platform";
  readonly rule?: RegistryRule | undefined;
  readonly secret?: PlatformResult | undefined;
  /** By which a token was minted, or could not be. */
  readonly plan?: MintPlan | undefined;
  /** For `none`: what could not be asked, where it is not known that the registry is ours. */
  readonly unknown?: Failure | undefined;
}

/**
 * `none`: nobody has a credential for it. `failed`: the registry is ours and its credential could not be had.
 * `anonymous`: the same, but the user said `onFailure: anonymous`.
 */
export type Resolution =
  | (Expiring & { readonly kind: "found"; readonly why: Why })
  | { readonly kind: "none"; readonly why: Why }
  | { readonly kind: "failed" | "anonymous"; readonly failure: Failure; readonly why: Why };

export type Step = Resolution | Question;

export function isQuestion(step: Step): step is Question {
  switch (step.kind) {
    case "compare-login":
    case "ask-platform":
    case "is-delegated":
    case "mint":
      return true;
    default:
      return false;
  }
}

/** The answer for `ref`, or what to ask next. Asked again with the answer among the facts, it goes on from there. */
export function nextStep(ref: RegistryRef, facts: Facts): Step {
  const { login } = facts;
  if (login !== undefined) {
    const settled = login.compared || ref.kind === "opaque" || !facts.seesPlatform;
    return settled ? found(login, { by: "local-login" }) : { kind: "compare-login" };
  }
  if (ref.kind === "opaque") return none({ by: "token-key" });
  if (facts.broken !== undefined) return ifDelegated(facts, facts.broken, { by: "broken-config" });
  const rule = ruleFor(facts.config.rules, ref);
  const source = rule?.source ?? "platform";
  if (source === "none") return none({ by: "entry", rule });
  if (source !== "platform") return minted(ref, "default-chain", facts, { by: "entry", rule });
  if (!facts.seesPlatform) return none({ by: "no-platform" });
  const { secret } = facts;
  const why: Why = { by: "platform", rule, secret };
  switch (secret?.kind) {
    case undefined:
      return { kind: "ask-platform" };
    case "credential":
      return { kind: "found", credential: secret.credential, expiresAtMs: undefined, why };
    case "none":
      return none(why);
    case "native":
      return minted(ref, "machine", facts, why);
    case "failed":
      // An entry of our configuration that names just this registry makes it ours, as a `credHelpers` entry does.
      if (secret.managed || rule?.wildcards === 0) return failed(secret.failure, why);
      return ifDelegated(facts, secret.failure, why);
  }
}

function minted(ref: RegistryRef, base: IdentityBase, facts: Facts, { by, rule, secret }: Why): Step {
  const plan = mintPlan(ref, rule, base, facts.config);
  const why: Why = { by, rule, secret, plan };
  if (plan === undefined) return failed(unsupported(), why);
  const token = facts.token(plan);
  if (token === undefined) return { kind: "mint", plan };
  return token instanceof Failure ? failed(token, why) : found(token, why);
}

/** What could not be asked is a failure of a registry that is given to us, and NF for any other. */
function ifDelegated({ delegated }: Facts, failure: Failure, why: Why): Step {
  if (delegated === undefined) return { kind: "is-delegated" };
  return delegated ? failed(failure, why) : none({ ...why, unknown: failure });
}

function found({ credential, expiresAtMs }: Expiring, why: Why): Resolution {
  return { kind: "found", credential, expiresAtMs, why };
}

function none(why: Why): Resolution {
  return { kind: "none", why };
}

function failed(failure: Failure, why: Why): Resolution {
  return { kind: why.rule?.onFailure === "anonymous" ? "anonymous" : "failed", failure, why };
}

function unsupported(): Failure {
  return new Failure(
    "native-unsupported",
    "its secret says runner-native, but it is no ECR or Google registry",
    { hint: "store user:password in the secret, or set aliasOf for this registry in the configuration" },
  );
}
