// Turns a file of JavaScript into an executable that carries Bun. The two --no-compile-autoload flags matter for
// security: without them the executable reads .env and bunfig.toml from the directory it is started in.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { closeBunVariables } from "./bun-variables.ts";
import { root } from "./bundle.ts";
import { runtimeFor } from "./runtimes.ts";
import { isSigned, signed } from "./sign-macos.ts";
import { ownTarget, type Target } from "./targets.ts";

/** The Bun that builds, and the one that is built in on this machine's own system. */
const bun = join(root, "node_modules/bun/bin/bun.exe");

export const bunVersion = (
  JSON.parse(readFileSync(join(root, "node_modules/bun/package.json"), "utf8")) as { version: string }
).version;

const FLAGS = [
  "build",
  "--compile",
  "--bytecode",
  "--format=esm",
  "--splitting",
  // Bun writes the bundle anew, in lines.
  "--minify-whitespace",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-tsconfig",
  "--no-compile-autoload-package-json",
];

export interface CompileOptions {
  /** Default: this machine's own system. */
  readonly target?: Target;
  /** The runtime is fetched from npm for this machine's own system too, not taken as it is installed here. */
  readonly isPublished?: boolean;
  /** The path of another Bun to build in. */
  readonly runtime?: string;
}

/**
 * Bun would not start in a directory that is gone. By this name it stays where it was started, gone or not, which `exec`
 * and paths in arguments depend on. Other systems have no such name.
 */
const STAY_HERE = "--compile-exec-argv=--cwd=/proc/self/cwd";

/**
 * `entry` and `executable` are absolute paths. The runtime is changed before the program is put in, so that Bun signs a
 * file for macOS as it is in the end.
 */
export function compileWithBun(entry: string, executable: string, options: CompileOptions = {}): void {
  const { target = ownTarget(), isPublished = false, runtime: given } = options;
  const isInstalled = !isPublished && target.name === ownTarget().name;
  const bytes = readFileSync(given ?? (isInstalled ? bun : runtimeFor(target)));
  closeBunVariables(bytes);
  const workplace = mkdtempSync(join(dirname(executable), ".new-"));
  try {
    const runtime = join(workplace, "runtime");
    const made = join(workplace, "executable");
    writeFileSync(runtime, bytes, { mode: 0o755 });
    const stay = target.os === "linux" ? [STAY_HERE] : [];
    const args = [...FLAGS, ...stay, `--target=${bunTarget(target)}`, `--compile-executable-path=${runtime}`];
    // Bun leaves its temporary files in the directory it is started in.
    execFileSync(bun, [...args, entry, "--outfile", made], {
      cwd: workplace,
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (target.os === "darwin") sign(made);
    rmSync(executable, { force: true });
    renameSync(made, executable);
  } finally {
    rmSync(workplace, { recursive: true });
  }
}

const bunTarget = ({ os, cpu, libc }: Target): string =>
  ["bun", os, cpu, ...(libc === "musl" ? [libc] : [])].join("-");

function sign(path: string): void {
  const bytes = readFileSync(path);
  if (!isSigned(bytes)) writeFileSync(path, signed(bytes, "docker-credential-ona"));
}
