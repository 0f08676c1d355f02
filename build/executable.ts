// Builds dist/docker-credential-ona: the bundle inside a Bun executable, one file that needs nothing beside it.

import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundle } from "../esbuild.config.mjs";
import { bunVersion, compileWithBun } from "./bun-compile.ts";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const executable = `${dist}/docker-credential-ona`;

await bundle(`bun ${bunVersion}, ${process.platform}-${process.arch}`);
compileWithBun(`${dist}/main.js`, executable);
process.stdout.write(`dist/docker-credential-ona: ${(statSync(executable).size / 1e6).toFixed(1)} MB\n`);
