// The retries of both clouds: at most two, jittered, inside the deadline. What may be tried again, the caller says;
// the SDKs' own retries are off, since they know no deadline.

import type { Clock, Deadline } from "../../edge/clock.ts";
import type { HttpResponse } from "../../edge/http.ts";
import { TransportError } from "../../edge/transport-error.ts";

const MAX_RETRIES = 2;
const BACKOFF_MS = 150;
/** So little time is none. */
const OVER_MS = 20;

interface Time {
  readonly clock: Clock;
  readonly deadline: Deadline;
}

/** What a failed attempt says: try again, after so long at least. */
export interface Again {
  readonly afterMs: number;
}

/** The first result of `attempt`, which is called again while `judge` says so. */
export async function withRetries<T>(
  { clock, deadline }: Time,
  attempt: () => Promise<T>,
  judge: (error: unknown) => Again | undefined,
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      const again = judge(error);
      const waitMs = Math.max(again?.afterMs ?? 0, BACKOFF_MS * 2 ** tries) * (1 + Math.random() / 4);
      if (again === undefined || tries >= MAX_RETRIES || waitMs >= deadline.remainingMs()) throw error;
      await clock.sleep(waitMs);
    }
  }
}

/**
 * The answer of a server on the machine's own link. Under load such a server breaks connections or says so; one that
 * is not there or silent stays so and is asked once. The last answer counts, whatever it says.
 */
export async function sendPatiently(time: Time, send: () => Promise<HttpResponse>): Promise<HttpResponse> {
  const attempt = async (): Promise<HttpResponse> => {
    const answer = await send();
    if (answer.status === 429 || answer.status >= 500) throw new Busy(answer);
    return answer;
  };
  try {
    return await withRetries(time, attempt, (error) => {
      const isBroken = error instanceof TransportError && error.trouble === "broken";
      return error instanceof Busy || isBroken ? { afterMs: 0 } : undefined;
    });
  } catch (error) {
    if (error instanceof Busy) return error.answer;
    throw error;
  }
}

class Busy extends Error {
  readonly answer: HttpResponse;

  constructor(answer: HttpResponse) {
    super("busy");
    this.answer = answer;
  }
}

/** True for a connection that did not come about, broke or stayed silent; a bad certificate stays bad. */
export function isPassing(error: unknown): boolean {
  return (
    error instanceof TransportError &&
    (error.trouble === "connect" || error.trouble === "broken" || error.trouble === "timeout")
  );
}

export function isOver(deadline: Deadline): boolean {
  return deadline.remainingMs() < OVER_MS;
}

/** `Retry-After` in seconds, as milliseconds; a date or anything else counts as nothing. */
export function retryAfterMs(header: string | undefined): number {
  return header !== undefined && /^[0-9]{1,5}$/.test(header) ? Number(header) * 1000 : 0;
}
