// Waiting for something to become true. It must never wait a fixed time in the hope that it was enough.

import { setTimeout as sleep } from "node:timers/promises";

/** Asks until the answer is not undefined, at most `withinMs`; `undefined` after that. */
export async function poll<T>(
  withinMs: number,
  ask: () => Promise<T | undefined>,
  everyMs = 50,
): Promise<T | undefined> {
  const endMs = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined || Date.now() >= endMs) return answer;
    await sleep(everyMs);
  }
}
