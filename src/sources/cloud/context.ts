// What a mint is given, and what comes of it: the ground that the rooms of the clouds stand on. Types only.

import type { Provider } from "../../core/clouds/clouds.ts";
import type { Secret } from "../../core/secret.ts";
import type { Clock, Deadline } from "../../edge/clock.ts";
import type { Http } from "../../edge/http.ts";
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
  readonly others: OtherClouds;
}

/** What one cloud may want of another; mint/ gives it, since the rooms of the clouds do not know each other. */
export interface OtherClouds {
  /** The cloud other than `own` that this machine is on; undefined when none says so. For the message of a failure only. */
  machineOf(own: Provider, context: MintContext): Promise<string | undefined>;
  /** The AWS identity that the `credential_source` of a Google credential file wants. */
  awsSupplier(source: Readonly<Record<string, unknown>>, context: MintContext): AwsSupplier;
}

/** As Google's library asks for an AWS identity. Its functions throw a Failure. */
export interface AwsSupplier {
  getAwsRegion(): Promise<string>;
  getAwsSecurityCredentials(): Promise<{ accessKeyId: string; secretAccessKey: string; token?: string }>;
}
