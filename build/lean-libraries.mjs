// What of the libraries is left out of the bundle, or made lighter: parts that this program never reaches and that cost
// milliseconds of every cold start. The build fails when a library no longer asks for what stands here, and when one would
// import a module of Node's that is not meant to be loaded. test/process/mint-logins-*.test.ts go the ways that the
// stand-ins leave.

import { readFileSync } from "node:fs";
import { builtinModules, createRequire } from "node:module";
import { join } from "node:path";

const OWN_EDGE = /[/\\]src[/\\]edge[/\\]/;
const UNDICI = /[/\\]node_modules[/\\]undici[/\\]/;
const LOCKFILE = /[/\\]node_modules[/\\]proper-lockfile[/\\]/;
const AWS = /[/\\]node_modules[/\\]@(?:aws-sdk|smithy)[/\\]/;
const GOOGLE = /[/\\]node_modules[/\\]google-auth-library[/\\]/;
const SIGNAL_EXIT = /[/\\]node_modules[/\\]signal-exit[/\\]/;
const GAXIOS = /[/\\]node_modules[/\\]gaxios[/\\]/;

const require = createRequire(import.meta.url);
const { TYPE, ERROR } = require("undici/lib/llhttp/constants.js");
/** Undici's HTTP parser, and our file that has it compiled. */
const PARSER = require("undici/lib/llhttp/llhttp-wasm.js").toString("base64");
const PARSER_FILE = JSON.stringify(join(import.meta.dirname, "../src/edge/undici-parser.ts"));

/** For what is never reached: what is required, or the `names` that are imported, fails when it is used. */
const absent = (what, ...names) => {
  const absent = `const absent = () => { throw new Error("${what} is not built in"); };`;
  return names.length === 0
    ? `${absent} module.exports = new Proxy(absent, { get: () => absent });`
    : `${absent} export { ${names.map((name) => `absent as ${name}`).join(", ")} };`;
};

/** The modules of Node's that the bundle may load. Those for HTTP take longer than a whole warm answer. */
const BUILTINS = new Set([
  ...["async_hooks", "buffer", "child_process", "crypto", "events", "fs", "fs/promises", "net", "os", "path"],
  ...["querystring", "stream", "tls", "tty", "util", "worker_threads", "zlib"],
]);

/** Importer, path as it is written there, and what stands there instead. */
const STAND_INS = [
  // We speak HTTP/1.1 only.
  [UNDICI, "./client-h2.js", absent("HTTP/2")],
  // A proxy of that kind is refused before.
  [UNDICI, "./socks5-proxy-agent", absent("SOCKS")],
  // Bodies are strings or bytes, never forms.
  [UNDICI, "../web/fetch/body.js", absent("fetch")],
  [UNDICI, "../web/fetch/formdata", absent("fetch")],
  [UNDICI, "../web/webidl", absent("fetch")],
  // One constant, and one class that no body of ours is of.
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
  // Undici requires it at the first connection that needs it, and edge/trust.ts has imported it by then.
  [UNDICI, "node:tls", `module.exports = process.getBuiltinModule("node:tls");`],
  // store/lease.ts hands over the functions that the lock library calls.
  [LOCKFILE, "graceful-fs", absent("graceful-fs")],
  // One parser is enough: the one that runs on every processor. As a module with an export, for what is imported from a
  // CommonJS module is copied property by property, and here every byte is one.
  [OWN_EDGE, "undici/lib/llhttp/llhttp-wasm.js", `export default Buffer.from("${PARSER}", "base64");`],
  [UNDICI, "../llhttp/llhttp-wasm.js", `module.exports = require(${PARSER_FILE}).bytes;`],
  // Both are made of hundreds of small parts at every start: all names of headers, and all of a parser's numbers.
  [UNDICI, "./tree", "exports.tree = { lookup: () => null };"],
  [UNDICI, "../llhttp/constants.js", `module.exports = ${JSON.stringify({ TYPE, ERROR })};`],
  // Checks that the lock library passes a function, which it does.
  [SIGNAL_EXIT, "assert", "module.exports = { equal() {} };"],
  // Every AWS client is given a handler that sends through our HTTP edge.
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
  [AWS, "node:http", absent("node:http", "request")],
  // No call of ours has an event stream, or the checksum of one.
  [
    AWS,
    "@smithy/core/event-streams",
    absent("event streams", "EventStreamSerde", "eventStreamSerdeProvider"),
  ],
  [AWS, "node:zlib", "export const crc32 = undefined;"],
  // What is there without being imported.
  [AWS, "node:process", "export const { env, versions } = process;"],
  // For the shared files only, which most machines do not have.
  [
    AWS,
    "node:fs/promises",
    `export const readFile = async (...call) => (await import("node:fs/promises")).readFile(...call);`,
  ],
  // Names a browser.
  [AWS, "bowser", absent("bowser", "default")],
  // gaxios is given a fetch of ours and makes no agent.
  [GAXIOS, "node-fetch", absent("node-fetch", "default")],
  [GAXIOS, "https-proxy-agent", absent("https-proxy-agent", "HttpsProxyAgent")],
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
    onEnd(({ errors, metafile }) => {
      if (errors.length > 0) return;
      const missing = STAND_INS.filter((_, index) => !met.has(index)).map(([, name]) => name);
      if (missing.length > 0) throw new Error(`no longer asked for by a library: ${missing.join(", ")}`);
      const strange = Object.values(metafile.outputs)
        .flatMap(({ imports }) => imports)
        .filter(({ path, external }) => external && !BUILTINS.has(path.replace(/^node:/, "")));
      if (strange.length > 0) throw new Error(`not meant to be loaded: ${strange.map(({ path }) => path)}`);
    });
  },
};

/** Undici takes its HTTP parser from src/edge/undici-parser.ts if it is there by then. */
const parserAhead = {
  name: "parser-ahead",
  setup({ onLoad, onEnd }) {
    const compiling = "new WebAssembly.Module(require('../llhttp/llhttp_simd-wasm.js'))";
    let found = false;
    onLoad({ filter: /undici[/\\]lib[/\\]dispatcher[/\\]client-h1\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      found = source.split(compiling).length === 2;
      return {
        contents: source.replace(compiling, `require(${PARSER_FILE}).compiledParser()`),
        loader: "js",
      };
    });
    onEnd(() => {
      if (!found) throw new Error("undici compiles its parser in another way: look at it again");
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
