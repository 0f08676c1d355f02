// The npm package: the bundle, run by the user's own Node.js, without any dependency.

import { execFileSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { put } from "./archive.ts";
import { bundle, root, version } from "./bundle.ts";

const NAME = "docker-credential-ona";
/** Node.js before 22.3 has no such function. */
const OLDER_NODE = `import{createRequire}from"node:module";process.getBuiltinModule??=createRequire(import.meta.url);`;

/** Writes `<name>-<version>.tgz` into `directory`, with `workplace` (an empty directory) for what goes into it. */
export async function makeNpmPackage(
  directory: string,
  workplace: string,
  thirdParty: string,
): Promise<void> {
  await bundle("npm package", join(workplace, "lib"));
  const main = readFileSync(join(workplace, "lib/main.js"), "utf8");
  put(join(workplace, "lib/main.js"), `#!/usr/bin/env node\n${OLDER_NODE}\n${main}`, 0o755);
  const { description, license, engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly description: string;
    readonly license: string;
    readonly engines: Readonly<Record<string, string>>;
  };
  const manifest = {
    name: NAME,
    version,
    description,
    license,
    type: "module",
    engines,
    bin: { [NAME]: "lib/main.js" },
  };
  put(
    join(workplace, "package.json"),
    `${JSON.stringify({ ...manifest, os: ["linux", "darwin"] }, null, 2)}\n`,
  );
  put(join(workplace, "THIRD-PARTY-NOTICES"), thirdParty);
  for (const file of ["README.md", "LICENSE", "CHANGELOG.md"])
    cpSync(join(root, file), join(workplace, file));
  execFileSync("npm", ["pack", "--silent", "--pack-destination", directory], {
    cwd: workplace,
    stdio: ["ignore", "ignore", "inherit"],
  });
}
