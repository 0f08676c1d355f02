// The builds of the program that tests run, and which of them are there.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../..", import.meta.url));
/** A Node that runs TypeScript, whatever the host's own is. */
const node = join(repository, "node_modules/node/bin/node");
/** Without its compiled files at hand, a start of the source costs three times as much. Node itself sees to it that they fit. */
const compileCache = `--import=data:text/javascript,${encodeURIComponent(
  `import { enableCompileCache } from "node:module"; enableCompileCache(${JSON.stringify(join(repository, "node_modules/.cache/compiled-source"))});`,
)}`;

export type BuildName = "source" | "bundle" | "executable" | "node-edition";

export interface Build {
  readonly name: BuildName;
  readonly command: readonly string[];
  readonly present: boolean;
}

/** What most tests run: the file that is released. */
export const executable = build("executable", [join(repository, "dist/docker-credential-ona")]);

export const builds: readonly Build[] = [
  build("source", [node, compileCache, join(repository, "src/main.ts")]),
  build("bundle", [node, join(repository, "dist/main.js")]),
  executable,
  build("node-edition", [join(repository, "dist/docker-credential-ona-node")]),
];

/** The Node edition is tested when it is asked for (`npm run test:node-edition`). */
const CHOSEN = process.env.ONA_TEST_BUILDS?.split(",");
const BUILT: readonly string[] = ["bundle", "executable"];

function build(name: BuildName, command: readonly string[]): Build {
  return { name, command, present: existsSync(command.at(-1) ?? "") };
}

/**
 * The builds to test: `ONA_TEST_BUILDS`, else the bundle and the executable. The source is slow to load and tested by the unit
 * layer; `npm run test:source` runs the transcripts on it. One that was not built is left out with a line that says so; in CI
 * it stays in, so that its tests fail.
 */
export function buildsUnderTest(): readonly Build[] {
  const chosen = CHOSEN ?? BUILT;
  const asked = builds.filter(({ name }) => chosen.includes(name));
  const absent = asked.filter((one) => !one.present);
  if (process.env.CI === "true") return asked;
  if (absent.length > 0) console.log(`not built, not tested: ${absent.map((one) => one.name).join(", ")}`);
  return asked.filter((one) => one.present);
}

/** What takes many processes or a script of minutes is shown with the executable only: it starts quickest. */
export const executables = (): readonly Build[] =>
  buildsUnderTest().filter((one) => one.name === "executable");

/** One file that carries its runtime, whichever that is. */
export const isExecutable = ({ name }: Build): boolean => name === "executable" || name === "node-edition";
