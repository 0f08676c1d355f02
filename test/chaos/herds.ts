// Two hundred processes at once: on an empty cache, on a warm one, with dead locks, with holders that are killed, and
// without a platform.

import { setTimeout as sleep } from "node:timers/promises";
import { atOnce, inWords, leaveDeadLocks, patientGet } from "../support/herd.ts";
import type { Machine } from "../support/machine.ts";
import type { Running } from "../support/run.ts";
import { dice, type Finding, spread } from "./dice.ts";
import { damagedFiles, HOST, leave, machineFor } from "./place.ts";

const SEED = { secrets: [{ name: "TEAM", host: HOST, value: "demo:password" }], latencyMs: 300 };
const PATIENT = { deadlineMs: 25_000 };

interface Herd {
  readonly name: string;
  readonly before?: (at: Machine) => unknown;
  /** While they run; `herd` grows. */
  readonly during?: (herd: readonly Running[], roll: () => number) => Promise<void>;
  readonly answers: RegExp;
  readonly mostRequests: number;
}

const herds: readonly Herd[] = [
  { name: "cold", answers: /^demo:password$/, mostRequests: 2 },
  {
    name: "warm",
    before: async (at) => {
      await patientGet(at, HOST);
      at.platform.journal.clear();
    },
    answers: /^demo:password$/,
    mostRequests: 0,
  },
  {
    name: "dead locks",
    before: (at) => leaveDeadLocks(at, HOST, 3600),
    answers: /^demo:password$/,
    mostRequests: 10,
  },
  {
    name: "killed holders",
    during: async (herd, roll) => {
      for (let kill = 0; kill < 20; kill += 1) {
        await sleep(roll() * 80);
        herd[Math.floor(roll() * herd.length)]?.kill("SIGKILL");
      }
    },
    answers: /^(?:demo:password|SIGKILL.*)$/,
    mostRequests: 30,
  },
  {
    name: "no platform",
    before: (at) => at.platform.apply({ do: "goDown" }),
    answers: /^1 credentials not found in native keychain$/,
    mostRequests: 0,
  },
];

export async function runHerds(seed: number, processes: number): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const herd of herds) findings.push(await runHerd(herd, dice(seed), processes));
  return findings;
}

async function runHerd(herd: Herd, roll: () => number, processes: number): Promise<Finding> {
  const at = await machineFor(SEED, PATIENT);
  await herd.before?.(at);
  const started: Running[] = [];
  const start = (): Running => {
    const running = patientGet(at, HOST);
    started.push(running);
    return running;
  };
  const [runs] = await Promise.all([
    atOnce(Array.from({ length: processes }), start),
    herd.during?.(started, roll),
  ]);
  const wrong = runs.map(inWords).filter((answer) => !herd.answers.test(answer));
  const requests = at.platform.journal.count();
  const faults = [...new Set(wrong)].map((answer) => `said ${answer}`);
  if (requests > herd.mostRequests)
    faults.push(`${requests} requests, at most ${herd.mostRequests} are right`);
  for (const path of damagedFiles(at)) faults.push(`${path} is no whole entry`);
  await leave(at, faults);
  const facts = `${processes} processes, ${requests} requests, ${spread(runs.map(({ tookMs }) => tookMs))}`;
  return { name: `herd: ${herd.name}`, faults, facts };
}
