// The executable killed at a random moment, again and again: whatever is left, every file is whole and the next run
// is right.

import { rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dice, type Finding } from "./dice.ts";
import { answerOf, HOST, makePlace, namesIn } from "./place.ts";

const MAX_DELAY_MS = 160;

export async function kills(seed: number, rounds: number): Promise<Finding> {
  const roll = dice(seed);
  const place = await makePlace(
    { secrets: [{ name: "TEAM", host: HOST, value: "demo:0" }], latencyMs: 20 },
    // Every run asks, so that there is something to kill.
    { freshSeconds: 0, deadlineMs: 20_000 },
  );
  const faults: string[] = [];
  let killed = 0;
  let orphans = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const value = `demo:${round}`;
    await place.platform.apply({ do: "setValue", secret: "TEAM", value });
    if (roll() < 0.3) rmSync(place.cacheDir, { recursive: true, force: true });
    let pid = 0;
    const running = place.get(HOST, (started) => {
      pid = started;
    });
    await sleep(roll() * MAX_DELAY_MS);
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It was quicker.
    }
    const { signal } = await running;
    if (signal === "SIGKILL") killed += 1;
    for (const path of place.damagedFiles()) faults.push(`round ${round}: ${path} is no whole entry`);
    orphans += namesIn(place.cacheDir).filter((name) => name.includes(".tmp-")).length;
    const next = answerOf(await place.get());
    if (next !== value) faults.push(`round ${round}: the next run said ${next}`);
    if (faults.length > 10) break;
  }
  for (const name of await orphansAfterSweep(place.cacheDir, place.get)) faults.push(`${name} was not swept`);
  await place.close(faults.length > 0);
  return {
    name: "kills",
    faults,
    facts: `${rounds} rounds, ${killed} killed in time, ${orphans} orphans seen`,
  };
}

async function orphansAfterSweep(dir: string, get: () => Promise<unknown>): Promise<string[]> {
  const old = Date.now() / 1000 - 7200;
  const orphans = namesIn(dir).filter((name) => name.includes(".tmp-"));
  for (const name of orphans) utimesSync(join(dir, name), old, old);
  for (const name of namesIn(dir).filter((file) => file.endsWith(".json") || file === "swept"))
    rmSync(join(dir, name));
  await get();
  return namesIn(dir).filter((name) => orphans.includes(name));
}
