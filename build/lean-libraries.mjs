// What of the libraries is left out of the bundle, or made lighter: parts that this program never reaches and that cost
// milliseconds of every cold start. What a library no longer asks for fails the build.

import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";

const UNDICI = /[/\\]node_modules[/\\]undici[/\\]/;
const LOCKFILE = /[/\\]node_modules[/\\]proper-lockfile[/\\]/;

const absent = (what) =>
  `const absent = () => { throw new Error("${what} is not built in"); };
  module.exports = new Proxy(absent, { get: () => absent });`;

/** Importer, path as it is written there, and what stands there instead. */
const STAND_INS = [
  // We speak HTTP/1.1 only; node:http2 takes as long to load as a whole warm answer.
  [UNDICI, "./client-h2.js", absent("HTTP/2")],
  // Bodies are strings or bytes, never forms.
  [UNDICI, "../web/fetch/body.js", absent("fetch")],
  [UNDICI, "../web/fetch/formdata", absent("fetch")],
  [UNDICI, "../web/webidl", absent("fetch")],
  // One constant and one class that no body of ours is of; it would load Node's HTTP client and server.
  [UNDICI, "node:http", "module.exports = { maxHeaderSize: 16384, IncomingMessage: class {} };"],
  // For query objects; ours are strings.
  [UNDICI, "node:querystring", absent("node:querystring")],
  [
    UNDICI,
    "node:assert",
    `module.exports = (holds, message) => {
      if (!holds) throw message instanceof Error ? message : new Error(message ?? "assertion failed in undici");
    };`,
  ],
  // One parser is enough: the one that runs on every processor.
  [UNDICI, "../llhttp/llhttp_simd-wasm.js", `module.exports = require("undici/lib/llhttp/llhttp-wasm.js");`],
  // The lock library makes and removes directories synchronously, where the graceful one is Node's own.
  [LOCKFILE, "graceful-fs", `module.exports = require("node:fs");`],
];

/** Leaves out what STAND_INS says. */
const leaveOut = {
  name: "leave-out",
  setup({ onResolve, onLoad, onEnd }) {
    const met = new Set();
    onResolve({ filter: /^/ }, ({ path, importer }) => {
      const index = STAND_INS.findIndex(([from, name]) => name === path && from.test(importer));
      if (index < 0) return undefined;
      met.add(index);
      return { path: String(index), namespace: "stand-in" };
    });
    onLoad({ filter: /^/, namespace: "stand-in" }, ({ path }) => ({
      contents: STAND_INS[Number(path)][2],
      resolveDir: import.meta.dirname,
    }));
    onEnd(() => {
      const missing = STAND_INS.filter((_, index) => !met.has(index)).map(([, name]) => name);
      if (missing.length > 0) throw new Error(`no longer asked for by a library: ${missing.join(", ")}`);
    });
  },
};

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

/**
 * A `require` of a module of Node's becomes an import, so that Bun sees it while it compiles and puts that module's
 * bytecode into the executable; what is required otherwise is parsed from its source at run time.
 */
const builtinsByImport = {
  name: "builtins-by-import",
  setup({ onResolve, onLoad }) {
    const names = new Set(builtinModules.map((name) => name.replace(/^node:/, "")));
    onResolve({ filter: /^/ }, ({ path, kind, namespace }) => {
      const name = path.replace(/^node:/, "");
      if (kind !== "require-call" || !names.has(name)) return undefined;
      return { path: name, namespace: namespace === "builtin" ? "builtin-import" : "builtin" };
    });
    onLoad({ filter: /^/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = require("node:${path}").default;`,
    }));
    onLoad({ filter: /^/, namespace: "builtin-import" }, ({ path }) => ({
      contents: `export { default } from "node:${path}";`,
    }));
  },
};

/** In this order: the first plugin that knows a path has it. */
export const leanLibraries = [leaveOut, quietUndici, builtinsByImport];
