// Turns a file of JavaScript into an executable that carries Bun. The two --no-compile-autoload flags matter for
// security: without them the executable reads .env and bunfig.toml from the directory it is started in.

import { execFileSync } from "node:child_process";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { closeGap } from "./elf.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

export const bunVersion = (
  JSON.parse(readFileSync(`${root}node_modules/bun/package.json`, "utf8")) as { version: string }
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
  // Bun would not start in a directory that is gone, and nothing here may depend on the directory.
  "--compile-exec-argv=--cwd=/",
];

/** `entry` and `executable` are absolute paths. */
export function compileWithBun(entry: string, executable: string): void {
  const args = [...FLAGS, entry, "--outfile", `${executable}.new`];
  // Bun leaves its temporary files in the directory it is started in.
  execFileSync(`${root}node_modules/.bin/bun`, args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  patch(`${executable}.new`);
  rmSync(executable, { force: true });
  renameSync(`${executable}.new`, executable);
}

function patch(path: string): void {
  const bytes = readFileSync(path);
  closeDoors(bytes);
  leaveOutCompiler(bytes);
  const smaller = process.platform === "linux" ? closeGap(bytes) : bytes;
  if (smaller === undefined) process.stderr.write("warning: this build of Bun keeps 2 MB of zeros\n");
  writeFileSync(path, smaller ?? bytes);
}

/**
 * Bun's own variables would change what a credential helper is: with BUN_BE_BUN=1 it is the bun command line, which
 * runs scripts of the directory it is started in; BUN_OPTIONS can load a file first; BUN_INSPECT opens a debugger's
 * port; BUN_JSC_… can print. Their names in the file get a NUL, which no variable's name can have.
 */
function closeDoors(bytes: Buffer): void {
  for (const name of ["BUN_BE_BUN", "BUN_OPTIONS", "BUN_INSPECT", "BUN_JSC_", "BUN_BYTECODE_ORDER_OUT"]) {
    let found = 0;
    for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + 1)) {
      bytes[at] = 0;
      found += 1;
    }
    if (found === 0) throw new Error(`${name} is not in the executable: look at Bun's start-up again`);
  }
  if (process.arch === "x64") {
    closeJscDoor(bytes);
    closeAllocatorDoor(bytes);
  }
}

/**
 * The allocator reads `MIMALLOC_…`, and with MIMALLOC_VERBOSE prints to stderr, where Docker's users see it. It makes those
 * names from a word in its code; the word gets a `=`, which no variable's name can have.
 */
function closeAllocatorDoor(bytes: Buffer): void {
  const loads = [...bytes.toString("latin1").matchAll(/[\x48\x49][\xb8-\xbf]mimalloc/g)];
  if (loads.length !== 1) {
    process.stderr.write("warning: MIMALLOC_ variables still reach this build of Bun\n");
    return;
  }
  bytes.write("=", (loads[0]?.index ?? 0) + 2, "latin1");
}

/** The engine compares `BUN_JSC_` letter by letter in its code; the first comparison gets a NUL instead of `B`. */
function closeJscDoor(bytes: Buffer): void {
  const letter = (offset: number, code: number): string =>
    `\\x80[\\x78-\\x7f]\\x0${offset}\\x${code.toString(16)}\\x75.`;
  const comparisons = [1, 2, 3].map((offset) => letter(offset, "BUN_".charCodeAt(offset))).join("\\x41?");
  const pattern = new RegExp(
    `\\x80[\\x38-\\x3f]\\x42\\x75.\\x41?${comparisons}\\x41?\\x80[\\x78-\\x7f]\\x04\\x4a`,
    "gs",
  );
  const found = [...bytes.toString("latin1").matchAll(pattern)];
  if (found.length !== 1) {
    process.stderr.write("warning: BUN_JSC_ variables still reach this build of Bun\n");
    return;
  }
  bytes[(found[0]?.index ?? 0) + 2] = 0;
}

/**
 * The engine's JIT compiler costs a fifth of a warm answer and a quarter of a mint, and does not pay within the life of
 * such a process; without it there is no memory that can be both written and executed either. JavaScriptCore leaves
 * it out when the variable JavaScriptCoreUseJIT does not begin with a number above 0. In the file another variable is
 * named instead, which is always there and never begins so.
 */
function leaveOutCompiler(bytes: Buffer): void {
  const asked = "\0JavaScriptCoreUseJIT\0";
  const at = bytes.indexOf(asked, 0, "latin1");
  if (at < 0 || bytes.indexOf(asked, at + 1, "latin1") >= 0) {
    throw new Error("JavaScriptCoreUseJIT is not once in the executable: look at Bun's start-up again");
  }
  bytes.write("\0PATH".padEnd(asked.length, "\0"), at, "latin1");
}
