// What of the libraries is left out of the bundle, or made lighter: parts that this program never reaches and that cost
// milliseconds of every cold start. What a library no longer asks for fails the build.

import { readFileSync } from "node:fs";
import { builtinModules, createRequire } from "node:module";
import { join } from "node:path";

const UNDICI = /[/\\]node_modules[/\\]undici[/\\]/;
const OURS = join(import.meta.dirname, "../src/edge/undici-parser.ts");
const require = createRequire(import.meta.url);
const PARSER = require("undici/lib/llhttp/llhttp-wasm.js");
const { TYPE, ERROR } = require("undici/lib/llhttp/constants.js");
const LOCKFILE = /[/\\]node_modules[/\\]proper-lockfile[/\\]/;
const AWS = /[/\\]node_modules[/\\]@(?:aws-sdk|smithy)[/\\]/;
const GOOGLE = /[/\\]node_modules[/\\]google-auth-library[/\\]/;
const SIGNAL_EXIT = /[/\\]node_modules[/\\]signal-exit[/\\]/;
const GAXIOS = /[/\\]node_modules[/\\]gaxios[/\\]/;

/** For what `require` or `await import` would load; of a name that is imported, a stand-in has to export that name. */
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
  // `NODE_DEBUG=undici` would print requests to stderr, where Docker's users see it.
  [UNDICI, "node:util", "module.exports = { debuglog: () => () => undefined };"],
  // Nobody listens.
  [UNDICI, "node:diagnostics_channel", "module.exports = { channel: () => ({ hasSubscribers: false }) };"],
  [UNDICI, "node:url", "module.exports = { URL };"],
  // Only once there is a connection that needs it; trust.ts imports it by then.
  [UNDICI, "node:tls", `module.exports = process.getBuiltinModule("node:tls");`],
  // The lock library makes and removes directories synchronously, where the graceful one is Node's own.
  [LOCKFILE, "graceful-fs", `module.exports = require("node:fs");`],
  // One parser is enough: the one that runs on every processor. As an export of its own, for an import of a CommonJS module
  // copies every property, here every byte.
  [
    /[/\\]src[/\\]edge[/\\]/,
    "undici/lib/llhttp/llhttp-wasm.js",
    `export default Buffer.from("${PARSER.toString("base64")}", "base64");`,
  ],
  [UNDICI, "../llhttp/llhttp-wasm.js", `module.exports = require(${JSON.stringify(OURS)}).bytes;`],
  // Both are made of hundreds of small parts at every start: all names of headers, and all of a parser's numbers.
  [UNDICI, "./tree", "exports.tree = { lookup: () => null };"],
  [UNDICI, "../llhttp/constants.js", `module.exports = ${JSON.stringify({ TYPE, ERROR })};`],
  // For what its callers pass to it.
  [SIGNAL_EXIT, "assert", "module.exports = { equal() {} };"],
  // Every AWS client is given a handler that sends through our HTTP edge; the SDK's own loads Node's HTTP client and server.
  [
    AWS,
    "@smithy/node-http-handler",
    `export class NodeHttpHandler { static create(handler) { return handler; } }
    export { streamCollector } from "@smithy/core/serde";`,
  ],
  // Every AWS client is given its keys.
  [
    AWS,
    "@aws-sdk/credential-provider-node",
    `export const defaultProvider = () => () => { throw new Error("the default chain is not built in"); };`,
  ],
  // For a region and defaults that are looked up; ours are given.
  [AWS, "node:http", absent("node:http")],
  // Event streams: no call of ours has one.
  [AWS, "@smithy/core/event-streams", absent("event streams")],
  [AWS, "node:zlib", "export const crc32 = undefined;"],
  // Small parts of what would have to be loaded whole, and of what is never needed by most.
  [AWS, "node:process", "export const { env, versions } = process;"],
  [
    AWS,
    "node:fs/promises",
    `export const readFile = async (...call) => (await import("node:fs/promises")).readFile(...call);`,
  ],
  // Names a browser.
  [AWS, "bowser", absent("bowser")],
  // gaxios is given a fetch of ours and makes no agent.
  [GAXIOS, "node-fetch", absent("node-fetch")],
  [GAXIOS, "https-proxy-agent", absent("https-proxy-agent")],
  [GAXIOS, "https", "export const Agent = undefined;"],
  // For client certificates in a credential file, which are refused before.
  [GOOGLE, "https", absent("node:https")],
  // Prints requests to stderr when a variable says so.
  [
    GOOGLE,
    "google-logging-utils",
    `const silent = () => undefined;
    exports.log = () => ({ info: silent, debug: silent, warn: silent, error: silent });`,
  ],
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

/** Undici takes its HTTP parser from src/edge/undici-parser.ts if it is there by then. */
const parserAhead = {
  name: "parser-ahead",
  setup({ onLoad }) {
    onLoad({ filter: /undici[/\\]lib[/\\]dispatcher[/\\]client-h1\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const compiling = "new WebAssembly.Module(require('../llhttp/llhttp_simd-wasm.js'))";
      if (!source.includes(compiling)) throw new Error("undici's parser has changed: look at it again");
      const compiled = `require(${JSON.stringify(OURS)}).compiledParser()`;
      return { contents: source.replace(compiling, compiled), loader: "js" };
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
export const leanLibraries = [leaveOut, parserAhead, builtinsByImport];
