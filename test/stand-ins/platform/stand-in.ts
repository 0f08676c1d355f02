// The stand-in for the platform's API: a real local server that answers by the wire format and keeps a journal.
// It must never be kinder than the platform: who may not read a value does not get it here either.

import { adminHandler } from "./admin.ts";
import { applyChange } from "./changes.ts";
import { FaultScript } from "./fault-script.ts";
import { ForeignHost } from "./foreign-host.ts";
import { type Front, frontHandler } from "./front.ts";
import { Journal } from "./journal.ts";
import { checkSeed } from "./known-keys.ts";
import { type Listener, listen, type Tls } from "./listener.ts";
import { TokenLabels } from "./redaction.ts";
import type { PlatformChange, PlatformSeed } from "./seed.ts";
import { PlatformState } from "./state.ts";
import { EventHub } from "./watch-events.ts";

export interface PlatformOptions {
  seed?: PlatformSeed;
  /** Default 0: any free port. */
  port?: number;
  /** PEM texts. With them the stand-in speaks https only. */
  tls?: Tls;
  /** Also opens the admin endpoint on a port of its own. */
  admin?: boolean;
}

export interface Platform {
  /** Ends in `/api`; what goes into `ONA_BASE_URL`. */
  readonly baseUrl: string;
  readonly origin: string;
  readonly adminUrl: string | undefined;
  readonly journal: Journal;
  /** The host that a `redirect` to `foreign` leads to. It counts what arrived there. */
  readonly foreign: ForeignHost;
  /** How many event streams are open. */
  watchers(): number;
  /** Does the changes in order; throws on a secret or token that is not there. */
  apply(...changes: PlatformChange[]): Promise<void>;
  /** The id of the one secret with this name (or id). */
  secretId(nameOrId: string): string;
  /** Its value at the moment, for a registry that is to accept just that. */
  secretValue(nameOrId: string): string;
  close(): Promise<void>;
}

export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  const seed = options.seed ?? {};
  checkSeed(seed);
  const front = newFront(seed);
  const foreign = new ForeignHost();
  await foreign.start(options.tls);
  const listener = await listen(frontHandler(front), options.port, options.tls);
  front.origin = listener.origin;
  front.foreignOrigin = foreign.origin;
  const platform = newPlatform(front, listener, foreign);
  if (options.admin !== true) {
    return platform;
  }
  const admin = await listen(adminHandler(platform));
  const close = async (): Promise<void> => {
    await Promise.all([platform.close(), admin.goDown()]);
  };
  return { ...platform, adminUrl: admin.origin, close };
}

function newFront(seed: PlatformSeed): Front {
  const faults = new FaultScript();
  for (const fault of seed.faults ?? []) {
    faults.add(fault);
  }
  return {
    state: new PlatformState(seed),
    faults,
    journal: new Journal(),
    labels: new TokenLabels(),
    events: new EventHub(seed.eventHeaders ?? "at-once"),
    unknownMethods: seed.unknownMethods ?? "bare404",
    latencyMs: seed.latencyMs ?? 0,
    origin: "",
    foreignOrigin: "",
  };
}

function newPlatform(front: Front, listener: Listener, foreign: ForeignHost): Platform {
  const { state, faults, journal, events } = front;
  const targets = {
    state,
    faults,
    journal,
    events,
    setLatency: (latencyMs: number) => {
      front.latencyMs = latencyMs;
    },
    goDown: () => listener.goDown(),
    comeUp: () => listener.comeUp(),
  };
  return {
    baseUrl: `${listener.origin}/api`,
    origin: listener.origin,
    adminUrl: undefined,
    journal,
    foreign,
    watchers: () => events.watchers,
    apply: async (...changes) => {
      for (const change of changes) {
        await applyChange(targets, change);
      }
    },
    secretId: (nameOrId) => state.secret(nameOrId).id,
    secretValue: (nameOrId) => state.secret(nameOrId).value,
    close: async () => {
      await Promise.all([listener.goDown(), foreign.stop()]);
    },
  };
}
