// Minted tokens in the cache: a warm token needs no identity, no SDK and no lock. What must be asked for is asked for
// under a lease, and a token that is still good outlives every failure to renew it, but never its own end.

import { isRecord, isText, isTime } from "../../core/entry.ts";
import { Failure, toFailure } from "../../core/failures.ts";
import {
  FAILURE_MEMORY_MS,
  failureFields,
  parseFailureEntry,
  toRememberedFailure,
} from "../../core/platform-entries.ts";
import { type Credential, Secret } from "../../core/secret.ts";
import { type Clock, type Deadline, within } from "../../edge/clock.ts";
import type { Cache } from "../../store/cache.ts";
import { credentialHash } from "../../store/credential-hash.ts";
import { withLease } from "../../store/lease.ts";
import type { MintedToken } from "../cloud/context.ts";

/** No token with less than this left is handed out. */
const LEAST_LIFE_MS = 60_000;
/** How long a renewal may take while the old token still serves, in milliseconds. */
const RENEWAL_LIMIT_MS = 4000;
/** A metadata server tells the rest of a life in whole seconds, so the same end is never told twice the same. */
const SAME_END_MS = 5000;

interface MintEntry {
  readonly atMs: number;
  readonly kind: "token" | "erased";
  readonly credential: Credential;
  readonly expiresAtMs: number;
  readonly refreshAtMs: number;
  /** Hash of the token before this one; empty when there was none. */
  readonly previous: string;
}

/** A minted token with its end, in milliseconds since 1970. */
export interface CachedToken {
  readonly credential: Credential;
  readonly expiresAtMs: number;
}

export interface TokenCacheOptions {
  readonly cache: Cache;
  readonly clock: Clock;
  readonly deadline: Deadline;
  /** A mark of what the user can change: a failure under other settings is none of ours. Asked only where one is looked for. */
  readonly settings: () => string;
}

/** The token of `key` if it is there and not due for renewal. */
export function readyToken(key: string, cache: Cache, clock: Clock): CachedToken | undefined {
  const nowMs = clock.nowMs();
  const entry = usable(read(key, cache), nowMs);
  return entry !== undefined && nowMs < entry.refreshAtMs ? entry : undefined;
}

/** The token of `key`, minted by `mint` when the cache has none that will do. Throws a Failure. */
export async function mintedToken(
  key: string,
  options: TokenCacheOptions,
  mint: (deadline: Deadline) => Promise<MintedToken>,
): Promise<CachedToken> {
  const { cache, clock, deadline } = options;
  const ready = readyToken(key, cache, clock);
  if (ready !== undefined) return ready;
  const poll = (): MintEntry | Failure | undefined => {
    cache.refresh();
    const entry = usable(read(key, cache), clock.nowMs());
    if (entry !== undefined && clock.nowMs() < entry.refreshAtMs) return entry;
    const failure = remembered(key, options);
    return failure === undefined ? undefined : (entry ?? failure);
  };
  const early = poll();
  const found =
    early ??
    (await withLease({ path: cache.leasePath(key), clock, deadline, poll }, () => renew(key, options, mint)));
  if (found instanceof Failure) throw found;
  return found;
}

/** True when `credential` is the token of `key` or the one before it. Nothing is minted for this. */
export function isMinted(key: string, credential: Credential, cache: Cache): boolean {
  const entry = read(key, cache);
  if (entry === undefined) return false;
  const hash = credentialHash(credential);
  return hash === entry.previous || (entry.kind === "token" && hash === credentialHash(entry.credential));
}

/** From now on no token that was asked for earlier counts, not even from a process still asking. */
export function eraseMinted(key: string, cache: Cache, clock: Clock): void {
  const entry = read(key, cache);
  const previous = entry?.kind === "token" ? credentialHash(entry.credential) : (entry?.previous ?? "");
  const credential = { username: "", secret: new Secret("") };
  write(
    key,
    { atMs: clock.nowMs(), kind: "erased", credential, expiresAtMs: 0, refreshAtMs: 0, previous },
    cache,
  );
  // On a full disk at least what is there goes.
  if (read(key, cache)?.kind !== "erased") cache.remove(key);
}

async function renew(
  key: string,
  { cache, clock, deadline, settings }: TokenCacheOptions,
  mint: (deadline: Deadline) => Promise<MintedToken>,
): Promise<MintEntry | Failure> {
  const before = read(key, cache);
  const still = usable(before, clock.nowMs());
  try {
    const renewalMs = Math.min(RENEWAL_LIMIT_MS, deadline.remainingMs() / 2);
    const token = await mint(still === undefined ? deadline : within(clock, deadline, renewalMs));
    const entry = toEntry(token, before, clock.nowMs());
    if (usable(entry, clock.nowMs()) === undefined) throw expired(token, clock.nowMs());
    write(key, entry, cache);
    return entry;
  } catch (error) {
    const failure = toFailure(error);
    // A short deadline of ours says nothing to others, unless the old token lets everybody wait.
    if (failure.code !== "deadline" || still !== undefined) {
      cache.write(failureKey(key, settings), failureFields(clock.nowMs(), failure));
    }
    return usable(still, clock.nowMs()) ?? failure;
  }
}

/** A renewal that brought no later end is not repeated before half of what remains has passed. */
function toEntry(token: MintedToken, before: MintEntry | undefined, nowMs: number): MintEntry {
  const credential = { username: token.username, secret: token.secret };
  const gained = before?.kind !== "token" || token.expiresAtMs > before.expiresAtMs + SAME_END_MS;
  const halfOfRestMs = nowMs + (token.expiresAtMs - nowMs) / 2;
  const same = before?.kind === "token" && credentialHash(before.credential) === credentialHash(credential);
  return {
    atMs: token.obtainedAtMs,
    kind: "token",
    credential,
    expiresAtMs: token.expiresAtMs,
    refreshAtMs: gained ? token.refreshAtMs : Math.max(token.refreshAtMs, halfOfRestMs),
    previous: same || before?.kind !== "token" ? (before?.previous ?? "") : credentialHash(before.credential),
  };
}

function usable(entry: MintEntry | undefined, nowMs: number): MintEntry | undefined {
  return entry?.kind === "token" && entry.expiresAtMs - nowMs > LEAST_LIFE_MS ? entry : undefined;
}

function expired(token: MintedToken, nowMs: number): Failure {
  const leftS = Math.round((token.expiresAtMs - nowMs) / 1000);
  return new Failure("token-expired", `the cloud gave a token that ends in ${leftS} s`, {
    hint: "check this machine's clock",
  });
}

function remembered(key: string, { cache, clock, settings }: TokenCacheOptions): Failure | undefined {
  const entry = cache.read(failureKey(key, settings), parseFailureEntry);
  if (entry === undefined || clock.nowMs() - entry.atMs >= FAILURE_MEMORY_MS) return undefined;
  const token = read(key, cache);
  return token !== undefined && token.atMs > entry.atMs
    ? undefined
    : toRememberedFailure(entry, clock.nowMs());
}

const failureKey = (key: string, settings: () => string): string => `failure\n${key}\n${settings()}`;

function read(key: string, cache: Cache): MintEntry | undefined {
  return cache.read(key, parse);
}

function write(key: string, entry: MintEntry, cache: Cache): void {
  const { credential, ...rest } = entry;
  cache.write(
    key,
    Object.assign(rest, { username: credential.username, secret: credential.secret.expose() }),
  );
}

function parse(value: unknown): MintEntry | undefined {
  if (!isRecord(value) || !isTime(value.atMs) || !isTime(value.expiresAtMs) || !isTime(value.refreshAtMs)) {
    return undefined;
  }
  const { atMs, kind, expiresAtMs, refreshAtMs, username, secret, previous } = value;
  if ((kind !== "token" && kind !== "erased") || !isText(username) || !isText(secret) || !isText(previous)) {
    return undefined;
  }
  return {
    atMs,
    kind,
    expiresAtMs,
    refreshAtMs,
    previous,
    credential: { username, secret: new Secret(secret) },
  };
}
