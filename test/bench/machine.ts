// What a result has to say about itself: versions, the machine's size, the executable's size.

import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bunVersion } from "../../build/compile.ts";
import { repository } from "../support/builds.ts";
import { launcher } from "./launcher.ts";
import { ecrLogin, versionOf } from "./peers.ts";

export function machine() {
  const git = (...args: string[]): string => versionOf("git", ["-C", repository, ...args]) ?? "unknown";
  return {
    commit: git("rev-parse", "--short=12", "HEAD"),
    /** Sources that are not in the commit, or were changed after the executable was built. */
    dirty: git("status", "--porcelain", "--", "src", "build") !== "",
    bun: bunVersion,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    kernel: release(),
    processor: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    launcher: launcher().name,
    ecrLogin: ecrLogin()?.version,
  };
}

export interface Sizes {
  readonly executableBytes: number;
  /** The Bun that was built in. */
  readonly runtimeBytes: number;
  readonly gzipBytes: number;
  readonly zstdBytes: number | undefined;
}

export function sizes(executable: string): Sizes {
  const bytes = readFileSync(executable);
  const zstd = spawnSync("zstd", ["-3", "-q", "-c", executable], { maxBuffer: 2 ** 30 });
  return {
    executableBytes: bytes.length,
    runtimeBytes: statSync(join(repository, "node_modules/bun/bin/bun.exe")).size,
    gzipBytes: gzipSync(bytes).length,
    zstdBytes: zstd.status === 0 ? zstd.stdout.length : undefined,
  };
}
