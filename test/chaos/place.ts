// What is tried with chaos, and how its cache is looked through afterwards.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PlatformSeed } from "../stand-ins/platform/seed.ts";
import { builds } from "../support/builds.ts";
import { type Machine, startMachine } from "../support/machine.ts";

export const HOST = "registry.example.test";

/** A machine with the executable, else the bundle. */
export function machineFor(seed: PlatformSeed, config: object): Promise<Machine> {
  const found = ["executable", "bundle"].map((name) =>
    builds.find((one) => one.name === name && one.present),
  );
  const build = found.find((one) => one !== undefined);
  if (build === undefined) throw new Error("nothing was built: npm run build");
  return startMachine({ build, seed, config });
}

/** Its files stay for somebody to look at where something was found. */
export async function leave(machine: Machine, faults: readonly string[]): Promise<void> {
  const keep = faults.length > 0;
  await machine.close({ keep });
  if (keep) console.log(`  kept: ${machine.root}`);
}

export function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

/** What is wrong with the files of the cache: those that are no whole entry. */
export const damagedFiles = ({ cacheDir }: Machine): string[] =>
  namesIn(cacheDir)
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(cacheDir, name))
    .filter((path) => !isWhole(path));

function isWhole(path: string): boolean {
  try {
    const { v, key, atMs } = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    return v === 1 && typeof key === "string" && typeof atMs === "number";
  } catch {
    return false;
  }
}
