// Trying again, for the platform and both clouds alike: at most twice, jittered, inside the deadline. What may be tried
// again, the caller says, and never longer than a server asked for is waited less; the SDKs' own retries are off, since they
// know no deadline.

import type { Clock, Deadline } from "./clock.ts";
import type { HttpResponse } from "./http.ts";
import { TransportError } from "./transport-error.ts";

const MAX_RETRIES = 2;
const BACKOFF_MS = 150;
/** So little time is none. */
const OVER_MS = 20;

interface Time {
  readonly clock: Clock;
  readonly deadline: Deadline;
}

/** What a failed attempt says: try again, after so long at least. */
export interface Retry {
  readonly afterMs: number;
}

/** Undefined where the attempt was the last one. `nowMs` is the wall clock, for dates in headers. */
type Judge<T> = (outcome: T, nowMs: number) => Retry | undefined;

/**
 * The result of `attempt`, which is called again while `judge` says so of its error or `judgeAnswer` of its answer. The
 * last result counts, whichever it is.
 */
export async function withRetries<T>(
  { clock, deadline }: Time,
  attempt: () => Promise<T>,
  judge: Judge<unknown>,
  judgeAnswer: Judge<T> = () => undefined,
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    const result = await attempt().then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error }),
    );
    const nowMs = clock.nowMs();
    const again = "error" in result ? judge(result.error, nowMs) : judgeAnswer(result.answer, nowMs);
    // Up to a quarter more, so that twenty processes do not come back together.
    const waitMs = Math.max(again?.afterMs ?? 0, BACKOFF_MS * 2 ** tries) * (1 + Math.random() / 4);
    if (again === undefined || tries >= MAX_RETRIES || waitMs >= deadline.remainingMs()) {
      if ("error" in result) throw result.error;
      return result.answer;
    }
    await clock.sleep(waitMs);
  }
}

/**
 * The answer of a server on the machine's own link. Under load such a server breaks connections or says so; one that
 * is not there or silent stays so and is asked once.
 */
export function sendWithRetries(time: Time, send: () => Promise<HttpResponse>): Promise<HttpResponse> {
  return withRetries(
    time,
    send,
    (error) => (error instanceof TransportError && error.kind === "broken" ? { afterMs: 0 } : undefined),
    ({ status }) => (status === 429 || status >= 500 ? { afterMs: 0 } : undefined),
  );
}

/** True for a connection that did not come about, broke or stayed silent; a bad certificate stays bad. */
export function isPassing(error: unknown): boolean {
  return (
    error instanceof TransportError &&
    (error.kind === "connect" || error.kind === "broken" || error.kind === "timeout")
  );
}

export function isOver(deadline: Deadline): boolean {
  return deadline.remainingMs() < OVER_MS;
}

/**
 * `Retry-After` as RFC 9110, 10.2.3 has it, in milliseconds from `nowMs`: seconds (some servers send fractions) or a date,
 * of which one that has passed is 0. Undefined for anything else.
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^[0-9]{1,6}(?:\.[0-9]{1,6})?$/.test(text)) return Number(text) * 1000;
  // Runtimes make a date of nearly anything: all forms of HTTP begin with a day's name, and mean GMT.
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text)) return undefined;
  const atMs = Date.parse(text.endsWith(" GMT") ? text : `${text} GMT`);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
