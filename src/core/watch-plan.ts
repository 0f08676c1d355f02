// When `--watch` looks again. Numbers and nothing else: what time it is and what happened is told from outside.

/** How long a stream that was open may be silent before it is opened anew, in milliseconds. */
export const SILENT_STREAM_MS = 30 * 60_000;
/** After how long without headers a request for events counts as accepted: a refusal would have come by then. */
export const LATE_HEADERS_MS = 10_000;
/** The rhythm in which the clocks are compared; a machine that was asleep shows itself by it. */
export const TICK_MS = 10_000;
/** The clocks drift apart by less than this in a tick unless one was set or the machine slept. */
export const JUMP_MS = 2_000;

const SLOW_POLL_MS = 330_000;
const SLOW_POLL_SPREAD_MS = 60_000;
/** The least pause, for `freshSeconds: 0`. */
const LEAST_POLL_MS = 2_000;
const POLL_SPREAD_MS = 2_000;
/** Many machines hear the same event at the same moment. */
const EVENT_SPREAD_MS = 1_500;
const EVENT_SPACING_MS = 1_000;
const FIRST_RECONNECT_MS = 5_000;
const LAST_RECONNECT_MS = 60_000;
const LEAST_SPACING_MS = 3_000;
const MOST_SPACING_MS = 60_000;

/** From the start of a round to the next that nothing asks for. `random` is from 0 to 1 everywhere here. */
export function pauseMs(isLive: boolean, freshMs: number, random: number): number {
  if (isLive) return SLOW_POLL_MS + random * SLOW_POLL_SPREAD_MS;
  return Math.max(freshMs, LEAST_POLL_MS) + random * POLL_SPREAD_MS;
}

/** From the end of a stream to the next look: all that was true then stays fresh for `freshMs`. */
export function pauseAfterStreamMs(freshMs: number, random: number): number {
  return random * Math.max(freshMs, LEAST_POLL_MS);
}

/** From an event to the look that it asks for; `sinceMs`: since the last one began. */
export function pauseAfterEventMs(sinceMs: number, random: number): number {
  return Math.max(EVENT_SPACING_MS - sinceMs, random * EVENT_SPREAD_MS);
}

/** How far apart looks are that only a doubtful event asks for; it grows while they find nothing. */
export function nextSpacingMs(spacingMs: number, foundNothing: boolean): number {
  return foundNothing ? Math.min(spacingMs * 2, MOST_SPACING_MS) : LEAST_SPACING_MS;
}

export const FIRST_SPACING_MS = LEAST_SPACING_MS;

/**
 * From the end of a stream to the next try, `failures` in a row without one that lasted. Each is spread around its time by
 * half of it, so that after an outage a fleet comes back over more than a minute.
 */
export function reconnectMs(failures: number, random: number): number {
  if (failures === 0) return random * FIRST_RECONNECT_MS;
  return (0.5 + random) * Math.min(FIRST_RECONNECT_MS * 2 ** failures, LAST_RECONNECT_MS);
}

/** From now to `dueAtMs`, at least a second, so that what cannot be mended is not tried without end. */
export function untilDueMs(dueAtMs: number | undefined, nowMs: number): number {
  return dueAtMs === undefined ? Number.POSITIVE_INFINITY : Math.max(dueAtMs - nowMs, 1_000);
}

/**
 * When an entry that ends should be looked at: past half of what remains before its end, spread so that machines that
 * started together do not renew together, and at the end itself.
 */
export function renewalAtMs(expiresAtMs: number, nowMs: number, random: number): number {
  const leftMs = expiresAtMs - nowMs;
  return leftMs <= LAST_RENEWAL_MS ? expiresAtMs : nowMs + leftMs * (0.5 + random / 10);
}

/** So near to its end a token is tried again no more often than rounds come anyway. */
const LAST_RENEWAL_MS = 30_000;
