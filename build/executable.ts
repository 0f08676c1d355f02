// Builds dist/docker-credential-ona: the bundle inside a Bun executable, one file that needs nothing beside it. The
// two --no-compile-autoload flags matter for security: without them the executable reads .env and bunfig.toml from
// the directory it is started in.

import { execFileSync } from "node:child_process";
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundle } from "../esbuild.config.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const executable = `${root}dist/docker-credential-ona`;
const { version: bunVersion } = JSON.parse(readFileSync(`${root}node_modules/bun/package.json`, "utf8")) as {
  version: string;
};

await bundle(`bun ${bunVersion}, ${process.platform}-${process.arch}`);
const args = [
  "build",
  "--compile",
  "--bytecode",
  "--format=esm",
  "--splitting",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-tsconfig",
  "--no-compile-autoload-package-json",
  // Bun would not start in a directory that is gone, and nothing here may depend on the directory.
  "--compile-exec-argv=--cwd=/",
  "dist/main.js",
  "--outfile",
  `${executable}.new`,
];
// Bun leaves its temporary files in the directory it is started in.
execFileSync(`${root}node_modules/.bin/bun`, args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
closeDoors(`${executable}.new`);
rmSync(executable, { force: true });
renameSync(`${executable}.new`, executable);
process.stdout.write(`dist/docker-credential-ona: ${(statSync(executable).size / 1e6).toFixed(1)} MB\n`);

/**
 * Bun's own variables would change what a credential helper is: with BUN_BE_BUN=1 it is the bun command line, which
 * runs scripts of the directory it is started in; BUN_OPTIONS can load a file first; BUN_INSPECT opens a debugger's
 * port; BUN_JSC_… can print. Their names in the file get a NUL, which no variable's name can have.
 */
function closeDoors(path: string): void {
  const bytes = readFileSync(path);
  for (const name of ["BUN_BE_BUN", "BUN_OPTIONS", "BUN_INSPECT", "BUN_JSC_", "BUN_BYTECODE_ORDER_OUT"]) {
    let found = 0;
    for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + 1)) {
      bytes[at] = 0;
      found += 1;
    }
    if (found === 0) throw new Error(`${name} is not in the executable: look at Bun's start-up again`);
  }
  writeFileSync(path, bytes);
}
