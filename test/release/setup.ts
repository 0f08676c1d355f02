// Before the release's suites: the release is made, as `npm run release` makes it. ONA_TEST_RELEASE names one that is there
// already. What a suite needs and this machine lacks is said; where CI is set it is a failure.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestProject } from "vitest/node";
import { repository } from "../support/builds.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The directory with the release. */
    release: string;
    /** What the suites that need it skip for. */
    lacking: readonly Tool[];
  }
}

export type Tool = "root" | "debootstrap" | "lintian" | "qemu" | "skopeo" | "zsh" | "fish" | "man";

/** Where Debian's libc6-arm64-cross puts the loader that an executable for arm64 asks for. */
export const ARM64_ROOT = "/usr/aarch64-linux-gnu";

export default function setup(project: TestProject): () => void {
  const lacking = missingTools();
  if (lacking.length > 0) {
    const reason = `release: not here: ${lacking.join(", ")}`;
    if (process.env.CI === "true") throw new Error(reason);
    console.warn(`${reason}; the tests that need them skip`);
  }
  project.provide("lacking", lacking);
  const given = process.env.ONA_TEST_RELEASE;
  const release = resolve(given ?? makeRelease());
  project.provide("release", release);
  return () => {
    if (given === undefined) rmSync(release, { recursive: true });
  };
}

/** Like `npm run release`, into a directory of its own; `targets`: only those executables. */
export function makeRelease(...targets: readonly string[]): string {
  const output = mkdtempSync(join(tmpdir(), "ona-release-test-"));
  const chosen = targets.flatMap((name) => ["--target", name]);
  const node = join(repository, "node_modules/.bin/node");
  execFileSync(node, [join(repository, "build/release.ts"), "--output", output, ...chosen], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return output;
}

function missingTools(): readonly Tool[] {
  const runs = (...command: [string, ...string[]]): boolean =>
    spawnSync(command[0], command.slice(1), { stdio: "ignore" }).status === 0;
  const found: Readonly<Record<Tool, boolean>> = {
    root: process.getuid?.() === 0,
    debootstrap: runs("debootstrap", "--version"),
    lintian: runs("lintian", "--version"),
    qemu:
      runs("qemu-aarch64-static", "--version") &&
      runs("test", "-e", `${ARM64_ROOT}/lib/ld-linux-aarch64.so.1`),
    skopeo: runs("skopeo", "--version"),
    zsh: runs("zsh", "--version"),
    fish: runs("fish", "--version"),
    man: runs("man", "--version"),
  };
  return (Object.keys(found) as Tool[]).filter((tool) => !found[tool]);
}
