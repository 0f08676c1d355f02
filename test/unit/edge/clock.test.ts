// The real clock's sleep: it ends by itself or by a signal, never with an error, and leaves nothing behind.

import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { systemClock } from "../../../src/edge/clock.ts";

const NEVER_MS = 1e9;
const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

it("a sleep ends by itself", async () => {
  const signal = new AbortController().signal;
  await systemClock.sleep(1, signal);
  await systemClock.sleep(1);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

it("an aborted signal ends it at once, and no timer stays", async () => {
  const before = timers();
  const stop = new AbortController();
  const sleeping = systemClock.sleep(NEVER_MS, stop.signal);
  expect(timers()).toBe(before + 1);
  stop.abort();
  await sleeping;
  expect(timers()).toBe(before);
  expect(getEventListeners(stop.signal, "abort")).toEqual([]);
});

it("with a signal that is aborted already there is no sleep", async () => {
  const before = timers();
  await systemClock.sleep(NEVER_MS, AbortSignal.abort());
  expect(timers()).toBe(before);
});
