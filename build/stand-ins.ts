// What of the libraries is left out of the bundle, or made lighter: parts that this program never reaches and that cost
// milliseconds of every cold start. What stands instead is in stand-ins/, a file each with its reason. The build fails when
// a library no longer asks for one of them, and when the bundle would load a module of Node's that is not meant to be
// loaded. test/process/mint-logins-*.test.ts go the ways that the stand-ins leave.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Metafile, Plugin } from "esbuild";

const folder = join(import.meta.dirname, "stand-ins");
const standIn = (file: string): string => join(folder, file);

/** Packages that are exchanged as a whole. */
export const PACKAGES: Readonly<Record<string, string>> = {
  "@aws-sdk/credential-provider-node": standIn("aws-default-chain.mjs"),
  "@smithy/node-http-handler": standIn("smithy-node-http-handler.mjs"),
  "https-proxy-agent": standIn("https-proxy-agent.mjs"),
  "node-fetch": standIn("node-fetch.mjs"),
};

const UNDICI = /[/\\]node_modules[/\\]undici[/\\]/;
const AWS = /[/\\]node_modules[/\\]@(?:aws-sdk|smithy)[/\\]/;
const GOOGLE = /[/\\]node_modules[/\\](?:google-auth-library|gaxios)[/\\]/;

/** What a library imports, as it is written there, and the file that stands instead. */
const PARTS: readonly (readonly [importer: RegExp, name: string, file: string])[] = [
  [UNDICI, "./client-h2.js", "undici-http2.cjs"],
  [UNDICI, "node:assert", "undici-node-assert.cjs"],
  [UNDICI, "node:diagnostics_channel", "undici-node-diagnostics-channel.cjs"],
  [UNDICI, "node:http", "undici-node-http.cjs"],
  [UNDICI, "node:querystring", "undici-node-querystring.cjs"],
  [UNDICI, "node:tls", "undici-node-tls.cjs"],
  [UNDICI, "node:util", "undici-node-util.cjs"],
  [AWS, "node:fs/promises", "aws-node-fs-promises.mjs"],
  [AWS, "node:http", "aws-node-http.mjs"],
  [AWS, "node:process", "aws-node-process.mjs"],
  [AWS, "node:zlib", "aws-node-zlib.mjs"],
  [GOOGLE, "https", "google-https.cjs"],
];

/** The modules of Node's that the bundle may load. Those for HTTP take longer than a whole warm answer. */
const BUILTINS = new Set([
  ...["async_hooks", "buffer", "child_process", "crypto", "events", "fs", "fs/promises", "net", "os", "path"],
  ...["process", "querystring", "stream", "tls", "tty", "util", "worker_threads", "zlib"],
  // Of undici's fetch, which is required for bodies that are forms and so never.
  ...["perf_hooks", "sqlite", "stream/web", "util/types"],
]);

export const standIns: Plugin = {
  name: "stand-ins",
  setup({ onResolve, onEnd }) {
    onResolve({ filter: /^/ }, ({ path, importer }) => {
      const part = PARTS.find(([from, name]) => name === path && from.test(importer));
      return part === undefined ? undefined : { path: standIn(part[2]), sideEffects: false };
    });
    onEnd(({ errors, metafile }) => {
      if (errors.length === 0 && metafile !== undefined) check(metafile);
    });
  },
};

function check({ inputs, outputs }: Metafile): void {
  const used = new Set(Object.keys(inputs).map((path) => path.slice(path.lastIndexOf("/") + 1)));
  const unused = readdirSync(folder).filter((file) => !used.has(file));
  if (unused.length > 0) throw new Error(`no longer asked for by a library: ${unused.join(", ")}`);
  const strange = Object.values(outputs)
    .flatMap(({ imports }) => imports)
    .filter(({ path, external }) => external === true && !BUILTINS.has(path.replace(/^node:/, "")));
  if (strange.length > 0)
    throw new Error(`not meant to be loaded: ${strange.map(({ path }) => path).join(", ")}`);
}
