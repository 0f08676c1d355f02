// Builds dist/docker-credential-ona: the bundle inside a Bun executable, one file that needs nothing beside it. For this
// machine's own system, or for the one that is named: `npm run build -- linux-arm64`. `--runtime PATH` builds in another Bun,
// for whoever links one anew.

import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundle, dist } from "./bundle.ts";
import { bunVersion, compileWithBun } from "./compile.ts";
import { ownTarget, targetNamed } from "./targets.ts";

const { values, positionals } = parseArgs({
  options: { runtime: { type: "string" } },
  allowPositionals: true,
});
const [name] = positionals;
const target = name === undefined ? ownTarget() : targetNamed(name);
const file = name === undefined ? "docker-credential-ona" : `docker-credential-ona-${name}`;

await bundle(`bun ${bunVersion}, ${target.name}`);
compileWithBun(join(dist, "main.js"), join(dist, file), {
  target,
  ...(values.runtime === undefined ? {} : { runtime: resolve(values.runtime) }),
});
process.stdout.write(`dist/${file}: ${(statSync(join(dist, file)).size / 1e6).toFixed(1)} MB\n`);
