// Many runs of the program at once on one machine, as the herd tests and the chaos runs start them.

import { mkdirSync, utimesSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { parseRegistry } from "../../src/core/registry.ts";
import { systemClock } from "../../src/edge/clock.ts";
import { Local } from "../../src/local.ts";
import type { Machine } from "./machine.ts";
import type { Run, Running } from "./run.ts";

/** All of them at once. The stand-ins live in this process and must be able to answer meanwhile. */
export async function atOnce<T, R extends PromiseLike<unknown>>(
  rows: readonly T[],
  start: (row: T) => R,
): Promise<Awaited<R>[]> {
  const running: R[] = [];
  for (const row of rows) {
    running.push(start(row));
    await setImmediate();
  }
  return Promise.all(running);
}

/** A `get` of one of many, which is not judged by its patience: the machine is busy. */
export const patientGet = (at: Machine, host: string, launcher: readonly string[] = []): Running => {
  const env = { DOCKER_CREDENTIAL_ONA_DEADLINE_MS: "25000" };
  return at.run(["get"], { stdin: host, env, launcher, timeoutMs: 60_000 });
};

/** `user:password`, or how it ended and what it said. */
export function inWords({ stdout, stderr, code, signal }: Run): string {
  if (code !== 0) return `${signal ?? code} ${stdout}${stderr}`.trim();
  const { Username, Secret } = JSON.parse(stdout) as { Username: string; Secret: string };
  return `${Username}:${Secret}${stderr}`;
}

/** What a run on this machine knows, seen from inside. */
export const localOf = ({ env }: Machine): Local =>
  new Local({ env, uid: process.geteuid?.() ?? 0, clock: systemClock });

/** Every lock that a `get` of `host` may meet, left behind by somebody who died `ageS` ago. */
export function leaveDeadLocks(at: Machine, host: string, ageS: number): void {
  const local = localOf(at);
  const ref = parseRegistry(host);
  if (ref === undefined) throw new Error(`no registry: ${host}`);
  for (const key of [local.secretCache.answerKey(ref), local.secretCache.listKey()]) {
    const path = local.cache.leasePath(key);
    if (path === undefined) throw new Error("no cache");
    mkdirSync(path);
    const atS = Date.now() / 1000 - ageS;
    utimesSync(path, atS, atS);
  }
}
