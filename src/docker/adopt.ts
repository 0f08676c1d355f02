// What is ours of a file whose record is lost, told by the copy that configure left beside it: entries that name us, written
// as configure writes them, and not there before. Somebody may have written the like since: so only what configure would
// write today is taken for ours, unless everything is let go. Without the copy nothing is.

import { lstatSync } from "node:fs";
import { madeHelpers } from "../core/docker-config.ts";
import { readDockerFile } from "../core/docker-file.ts";
import { authKeys } from "../core/export/auth-file.ts";
import { parseRegistry, type RegistryRef } from "../core/registry.ts";
import type { OwnedFile } from "../store/ownership.ts";
import { backupOf } from "./backup.ts";
import { type ConfigFile, readConfigFile } from "./replace-file.ts";

export interface Adopter {
  /** Every name that means us. */
  readonly helperNames: readonly string[];
  readonly uid: number;
}

/** `wanted`: what is to be ours; undefined in a release. Returns undefined without proof. Never throws. */
export function adopted(
  file: ConfigFile,
  path: string,
  { helperNames, uid }: Adopter,
  wanted: readonly RegistryRef[] | undefined,
): OwnedFile | undefined {
  try {
    if (!isCopy(backupOf(path), file.stat?.uid ?? uid)) return undefined;
    const before = readDockerFile(readConfigFile(backupOf(path)).text);
    const wantedKeys = wanted?.flatMap(authKeys);
    const mayBeOurs = (key: string): boolean => wantedKeys?.includes(key) ?? isAsWritten(key);
    const ours = [...readDockerFile(file.text).helpers].filter(
      ([key, helper]) => helperNames.includes(helper) && !before.helpers.has(key) && mayBeOurs(key),
    );
    if (ours.length === 0) return undefined;
    const keys = Object.fromEntries(ours);
    return { path, target: file.target, backup: true, madeHelpers: madeHelpers(before), keys };
  } catch {
    return undefined;
  }
}

/** As makeBackup makes it; one without a byte is what a run that was killed left. */
function isCopy(path: string, owner: number): boolean {
  const stat = lstatSync(path);
  return stat.isFile() && stat.size > 0 && stat.uid === owner && (stat.mode & 0o777) === 0o600;
}

function isAsWritten(key: string): boolean {
  const ref = parseRegistry(key, "secret");
  return ref?.kind === "registry" && authKeys(ref).includes(key);
}
