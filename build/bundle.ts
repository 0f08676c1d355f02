// The bundle, in two parts: the first file holds all of a warm answer; the second is split, so that the SDKs, undici and
// the lock library are chunks of their own. It runs on Node and on Bun.

import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";
import { PACKAGES, standIns } from "./stand-ins.ts";

export const root = fileURLToPath(new URL("..", import.meta.url));
export const dist = join(root, "dist");

export const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  version: string;
};

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short=12", "HEAD"], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "unknown";
  }
}

/** In the first file every dynamic import leads to the second one; a warm answer never follows it. */
const programApart: Plugin = {
  name: "program-apart",
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "./program.js", external: true } : undefined,
    );
  },
};

/** An import of `node:fs` makes a namespace of a hundred names, which takes as long as reading a file. */
const builtinsByName: Plugin = {
  name: "builtins-by-name",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:fs$/ }, ({ path }) => ({ path, namespace: "by-name", sideEffects: false }));
    onLoad({ filter: /^/, namespace: "by-name" }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) => name !== "default");
      const exports = names.map((name) => `export const ${name} = /* @__PURE__ */ part("${name}");`);
      return {
        contents: `const whole = process.getBuiltinModule("${path}");
          const part = (name) => whole[name];
          ${exports.join("\n")}`,
      };
    });
  },
};

/**
 * Builds `main.js`, a small file with all of a warm `get`, and `program.js` with its chunks, the rest, in `outdir`.
 * `runtime` is named in the output of `version`. The answer says what went in.
 */
export async function bundle(runtime = "bundle", outdir = dist): Promise<Metafile> {
  rmSync(join(outdir, "chunks"), { recursive: true, force: true });
  const common = { ...commonOptions(runtime), outdir };
  const { metafile } = await build({
    ...common,
    ...forPackages,
    entryPoints: ["src/program.ts"],
    chunkNames: "chunks/[name]-[hash]",
    splitting: true,
  });
  await build({ ...common, entryPoints: ["src/main.ts"], plugins: [programApart, builtinsByName] });
  return metafile;
}

/** The whole program in the one file `outfile`, for a runtime that takes no second one. */
export async function bundleInOne(outfile: string, runtime: string): Promise<void> {
  await build({ ...commonOptions(runtime), ...forPackages, entryPoints: ["src/main.ts"], outfile });
}

function commonOptions(runtime: string) {
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
      // Undici's word for "leave out the second HTTP parser", which a variable of the environment could choose.
      esbuildDetection: "true",
      __BUILD__: JSON.stringify({ version, details: `commit ${commit()}, ${runtime}` }),
    },
  } satisfies BuildOptions;
}

const forPackages = {
  alias: { ...PACKAGES },
  plugins: [standIns],
  // What libraries require by a name of Node's; everything else is in the bundle.
  banner: { js: "const require = (name) => process.getBuiltinModule(name);" },
  metafile: true as const,
} satisfies BuildOptions;
