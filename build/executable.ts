// Builds dist/docker-credential-ona: the bundle inside a Bun executable, one file that needs nothing beside it. The
// two --no-compile-autoload flags matter for security: without them the executable reads .env and bunfig.toml from
// the directory it is started in.

import { execFileSync } from "node:child_process";
import { readFileSync, renameSync, rmSync, statSync } from "node:fs";
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
  "dist/main.js",
  "--outfile",
  `${executable}.new`,
];
// Bun leaves its temporary files in the directory it is started in.
execFileSync(`${root}node_modules/.bin/bun`, args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
rmSync(executable, { force: true });
renameSync(`${executable}.new`, executable);
process.stdout.write(`dist/docker-credential-ona: ${(statSync(executable).size / 1e6).toFixed(1)} MB\n`);
