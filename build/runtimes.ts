// The runtimes that executables carry, from npm, checked against package-lock.json, in a directory that outlives a build.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./bundle.ts";
import type { Target } from "./targets.ts";

const cache = join(root, "node_modules/.cache/ona-runtimes");

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity?: string }>>;
}

/** The directory with the npm package `name` in the version that package-lock.json has. */
export function runtimePackage(name: string): string {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lock;
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {};
  if (version === undefined || integrity === undefined)
    throw new Error(`${name} is not in package-lock.json`);
  const directory = join(cache, `${name.replace("/", "+")}-${version}`);
  if (!existsSync(directory)) fetchPackage(`${name}@${version}`, integrity, directory);
  return join(directory, "package");
}

/** The path of Bun for `target`, as it was published. */
export const runtimeFor = (target: Target): string => join(runtimePackage(target.runtime), "bin/bun");

function fetchPackage(spec: string, integrity: string, directory: string): void {
  mkdirSync(cache, { recursive: true });
  const workplace = mkdtempSync(join(cache, "new-"));
  try {
    const archive = execFileSync("npm", ["pack", "--silent", spec], {
      cwd: workplace,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    }).trim();
    const bytes = readFileSync(join(workplace, archive));
    if (`sha512-${createHash("sha512").update(bytes).digest("base64")}` !== integrity) {
      throw new Error(`${spec} is not what package-lock.json expects`);
    }
    execFileSync("tar", ["-xzf", archive], { cwd: workplace });
    rmSync(join(workplace, archive));
    // Another build may have been faster.
    if (!existsSync(directory)) renameSync(workplace, directory);
  } finally {
    rmSync(workplace, { recursive: true, force: true });
  }
}
