// The bundle, in two parts: the first file holds all of a warm answer; the second is split, so that the SDKs, undici and
// the lock library are chunks of their own. It runs on Node and on Bun.

import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL(".", import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

function commit() {
  try {
    const options = { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] };
    return execFileSync("git", ["rev-parse", "--short=12", "HEAD"], options).trim();
  } catch {
    return "unknown";
  }
}

/** `NODE_DEBUG=undici` would print requests to stderr, where Docker's users see it. */
const quietUndici = {
  name: "quiet-undici",
  setup({ onLoad }) {
    onLoad({ filter: /undici\/lib\/core\/diagnostics\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const contents = source.replaceAll(/util\.debuglog\('[a-z]+'\)/g, "{ enabled: false }");
      if (contents === source) throw new Error("undici's diagnostics have changed: look at them again");
      return { contents, loader: "js" };
    });
  },
};

/** In the first file every dynamic import leads to the second one; a warm answer never follows it. */
const programApart = {
  name: "program-apart",
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "./program.js", external: true } : undefined,
    );
  },
};

/**
 * Builds `dist/main.js`, a small file with all of a warm `get`, and `dist/program.js` with its chunks, the rest.
 * `runtime` is named in the output of `version`.
 */
export async function bundle(runtime = "bundle") {
  rmSync(`${root}dist/chunks`, { recursive: true, force: true });
  const common = { ...commonOptions(runtime), outdir: "dist" };
  await build({
    ...common,
    ...forPackages,
    entryPoints: ["src/program.ts"],
    chunkNames: "chunks/[name]-[hash]",
    splitting: true,
  });
  await build({ ...common, entryPoints: ["src/main.ts"], plugins: [programApart] });
}

/** The whole program in the one file `outfile`, for a runtime that takes no second one. */
export async function bundleInOne(outfile, runtime) {
  await build({ ...commonOptions(runtime), ...forPackages, entryPoints: ["src/main.ts"], outfile });
}

function commonOptions(runtime) {
  return {
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node22",
    minify: true,
    legalComments: "none",
    logLevel: "warning",
    conditions: ["module", "node", "import"],
    mainFields: ["module", "main"],
    define: {
      __BUILD__: JSON.stringify({ version, details: `commit ${commit()}, ${runtime}` }),
    },
  };
}

const forPackages = {
  // Packages in CommonJS look for `require`.
  banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
  plugins: [quietUndici],
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();
