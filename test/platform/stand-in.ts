// The stand-in for the platform's API: a real local server that answers by the wire format and keeps a journal.
// It must never be kinder than the platform: who may not read a value does not get it here either.

import type { ForeignHost } from "./foreign-host.ts";
import type { Journal } from "./journal.ts";
import type { PlatformChange, PlatformSeed } from "./seed.ts";

export interface PlatformOptions {
  seed?: PlatformSeed;
  /** Default 0: any free port. */
  port?: number;
  /** PEM texts. With them the stand-in speaks https only. */
  tls?: { key: string; cert: string };
  /** Also opens the admin endpoint on a port of its own. */
  admin?: boolean;
}

export interface Platform {
  /** Ends in `/api`; what goes into `ONA_BASE_URL`. */
  readonly baseUrl: string;
  readonly origin: string;
  readonly adminUrl: string | undefined;
  readonly journal: Journal;
  /** The host that a `redirect` to `foreign` leads to. Its journal says what arrived there. */
  readonly foreign: ForeignHost;
  /** Does the changes in order; throws on a secret or token that is not there. */
  apply(...changes: PlatformChange[]): Promise<void>;
  /** The id of the one secret with this name (or id). */
  secretId(nameOrId: string): string;
  close(): Promise<void>;
}

export async function startPlatform(_options: PlatformOptions = {}): Promise<Platform> {
  throw new Error("not there yet");
}
