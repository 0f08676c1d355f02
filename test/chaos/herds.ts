// Two hundred processes at once: on an empty cache, on a warm one, with dead locks, with holders that are killed, and
// without a platform.

import { mkdirSync, utimesSync } from "node:fs";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { parseRegistry } from "../../src/core/registry.ts";
import { systemClock } from "../../src/edge/clock.ts";
import { Local } from "../../src/local.ts";
import type { HelperRun } from "../support/run-helper.ts";
import { dice, type Finding, spread } from "./dice.ts";
import { answerOf, HOST, makePlace, type Place } from "./place.ts";

const SEED = { secrets: [{ name: "TEAM", host: HOST, value: "demo:password" }], latencyMs: 300 };
const PATIENT = { deadlineMs: 25_000 };

interface Herd {
  readonly name: string;
  readonly before?: (place: Place) => Promise<void>;
  /** While they run; `pids` grows. */
  readonly during?: (pids: readonly number[], roll: () => number) => Promise<void>;
  readonly answers: RegExp;
  readonly mostRequests: number;
}

const herds: readonly Herd[] = [
  { name: "cold", answers: /^demo:password$/, mostRequests: 2 },
  {
    name: "warm",
    before: async (place) => {
      await place.get();
      place.platform.journal.clear();
    },
    answers: /^demo:password$/,
    mostRequests: 0,
  },
  { name: "dead locks", before: leaveDeadLocks, answers: /^demo:password$/, mostRequests: 10 },
  {
    name: "killed holders",
    during: async (pids, roll) => {
      for (let kill = 0; kill < 20; kill += 1) {
        await sleep(roll() * 80);
        const pid = pids[Math.floor(roll() * pids.length)];
        if (pid !== undefined) killQuietly(pid);
      }
    },
    answers: /^(?:demo:password|SIGKILL .*)$/,
    mostRequests: 30,
  },
  {
    name: "no platform",
    before: (place) => place.platform.apply({ do: "goDown" }),
    answers: /^1 credentials not found in native keychain $/,
    mostRequests: 0,
  },
];

export async function runHerds(seed: number, processes: number): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const herd of herds) findings.push(await runHerd(herd, dice(seed), processes));
  return findings;
}

async function runHerd(herd: Herd, roll: () => number, processes: number): Promise<Finding> {
  const place = await makePlace(SEED, PATIENT);
  await herd.before?.(place);
  const pids: number[] = [];
  const running: Promise<HelperRun>[] = [];
  for (let n = 0; n < processes; n += 1) {
    running.push(place.get(HOST, (pid) => pids.push(pid)));
    await setImmediate();
  }
  const [runs] = await Promise.all([Promise.all(running), herd.during?.(pids, roll)]);
  const wrong = runs.map(answerOf).filter((answer) => !herd.answers.test(answer));
  const requests = place.platform.journal.count();
  const faults = [...new Set(wrong)].map((answer) => `said ${answer}`);
  if (requests > herd.mostRequests)
    faults.push(`${requests} requests, at most ${herd.mostRequests} are right`);
  for (const path of place.damagedFiles()) faults.push(`${path} is no whole entry`);
  await place.close(faults.length > 0);
  const facts = `${processes} processes, ${requests} requests, ${spread(runs.map(({ tookMs }) => tookMs))}`;
  return { name: `herd: ${herd.name}`, faults, facts };
}

async function leaveDeadLocks(place: Place): Promise<void> {
  const { env } = place;
  const uid = process.geteuid?.() ?? 0;
  const local = new Local({ env, uid, clock: systemClock });
  const ref = parseRegistry(HOST);
  if (ref === undefined) return;
  for (const key of [local.secretCache.answerKey(ref), local.secretCache.listKey()]) {
    const path = local.cache.leasePath(key) ?? "";
    mkdirSync(path);
    utimesSync(path, Date.now() / 1000 - 3600, Date.now() / 1000 - 3600);
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}
