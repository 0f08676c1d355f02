// The executable killed at a random moment, again and again: whatever is left, every file is whole and the next run
// is right.

import { rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inWords, patientGet } from "../support/herd.ts";
import type { Machine } from "../support/machine.ts";
import { dice, type Finding } from "./dice.ts";
import { damagedFiles, HOST, leave, machineFor, namesIn } from "./place.ts";

const MAX_DELAY_MS = 160;

export async function kills(seed: number, rounds: number): Promise<Finding> {
  const roll = dice(seed);
  const at = await machineFor(
    { secrets: [{ name: "TEAM", host: HOST, value: "demo:0" }], latencyMs: 20 },
    // Every run asks, so that there is something to kill.
    { freshSeconds: 0, deadlineMs: 20_000 },
  );
  const faults: string[] = [];
  let killed = 0;
  let orphans = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const value = `demo:${round}`;
    await at.platform.apply({ do: "setValue", secret: "TEAM", value });
    if (roll() < 0.3) rmSync(at.cacheDir, { recursive: true, force: true });
    const running = patientGet(at, HOST);
    await sleep(roll() * MAX_DELAY_MS);
    running.kill("SIGKILL");
    const { signal } = await running;
    if (signal === "SIGKILL") killed += 1;
    for (const path of damagedFiles(at)) faults.push(`round ${round}: ${path} is no whole entry`);
    orphans += namesIn(at.cacheDir).filter((name) => name.includes(".tmp-")).length;
    const next = inWords(await patientGet(at, HOST));
    if (next !== value) faults.push(`round ${round}: the next run said ${next}`);
    if (faults.length > 10) break;
  }
  for (const name of await orphansAfterSweep(at)) faults.push(`${name} was not swept`);
  await leave(at, faults);
  return {
    name: "kills",
    faults,
    facts: `${rounds} rounds, ${killed} killed in time, ${orphans} orphans seen`,
  };
}

async function orphansAfterSweep(at: Machine): Promise<string[]> {
  const { cacheDir: dir } = at;
  const old = Date.now() / 1000 - 7200;
  const orphans = namesIn(dir).filter((name) => name.includes(".tmp-"));
  for (const name of orphans) utimesSync(join(dir, name), old, old);
  for (const name of namesIn(dir).filter((file) => file.endsWith(".json") || file === "swept"))
    rmSync(join(dir, name));
  await patientGet(at, HOST);
  return namesIn(dir).filter((name) => orphans.includes(name));
}
