// The bundle: ES modules with splitting, so that the SDKs, undici and the lock library become chunks of their own that
// a warm answer never loads. It runs on Node and on Bun.

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

/** Builds `dist/main.js` and its chunks. `runtime` is named in the output of `version`. */
export async function bundle(runtime = "bundle") {
  rmSync(`${root}dist/chunks`, { recursive: true, force: true });
  return build({
    absWorkingDir: root,
    entryPoints: ["src/main.ts"],
    outdir: "dist",
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22",
    minify: true,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
    conditions: ["module", "node", "import"],
    mainFields: ["module", "main"],
    define: {
      __BUILD__: JSON.stringify({ version, details: `commit ${commit()}, ${runtime}` }),
    },
    banner: {
      js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);',
    },
    plugins: [quietUndici],
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();
