// What the checks of one run share: what the disk knows, and a way to ask that neither reads what is remembered nor writes
// anything. It asks nothing by itself.

import { type Deadline, deadlineAfter } from "../../edge/clock.ts";
import type { Trace } from "../../edge/trace.ts";
import { type Context, Local } from "../../local.ts";
import { Remote } from "../../remote.ts";
import { SecretCache } from "../../sources/platform/secret-cache.ts";
import type { Cache } from "../../store/cache.ts";
import { openForReading } from "../../store/cache-reader.ts";
import type { Directories } from "../../store/directories.ts";
import type { Invocation } from "../invocation.ts";

/** All checks together; what starts and ends the program comes on top, and 15 s is the promise. */
const LIMIT_MS = 12_500;

export interface Scene {
  readonly invocation: Invocation;
  readonly context: Context;
  /** Configuration, directories and logins as they are; its cache is none. */
  readonly local: Local;
  readonly remote: Remote;
  /** Those that `get` uses, the cache's included. */
  readonly directories: Directories;
  readonly deadline: Deadline;
  /** The cache that `get` uses, without a way to write; its directory if it has one. */
  readonly cache: Cache;
  readonly cacheDir: string | undefined;
  readonly remembered: SecretCache;
  /** Steps of the clouds' identity chains, as the trace tells them. */
  readonly steps: readonly string[];
}

export function makeScene(invocation: Invocation): Scene {
  const { context, helperNames } = invocation;
  const deadline = deadlineAfter(context.clock, LIMIT_MS);
  const steps: string[] = [];
  const trace: Trace = (step) => {
    steps.push(step);
    invocation.trace(step);
  };
  const asIs = new Local(context);
  const local = new Local({ ...context, env: { ...context.env, DOCKER_CREDENTIAL_ONA_NO_CACHE: "1" } });
  const { cache, dir } = openForReading(asIs.directories.cache, context.uid, context.clock);
  const remembered = new SecretCache({
    config: asIs.config,
    owner: asIs.owner,
    base: asIs.baseUrl,
    cache,
    clock: context.clock,
    startedAtMs: Number.POSITIVE_INFINITY,
    settings: asIs,
  });
  return {
    invocation,
    context,
    local,
    directories: asIs.directories,
    remote: new Remote(local, { deadline, trace, helperNames }),
    deadline,
    cache,
    cacheDir: dir,
    remembered,
    steps,
  };
}
