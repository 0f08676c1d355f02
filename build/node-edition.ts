// Builds dist/docker-credential-ona-node: the same program inside Node.js, as a single executable application made by
// pkg. Slower to start and larger than the Bun executable; for those who want Node under it. Node comes from npm, so
// nothing is fetched.

import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import sea from "@yao-pkg/pkg/lib-es5/sea.js";
import { bundleInOne } from "./bundle.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const nodePath = `${root}node_modules/node/bin/node`;
const script = `${root}dist/node-edition.mjs`;
const executable = `${root}dist/docker-credential-ona-node`;
const nodeVersion = execFileSync(nodePath, ["--version"], { encoding: "utf8" }).trim();

const workplace = mkdtempSync(`${tmpdir()}/node-edition-`);
const quietNode = `${workplace}/node`;
try {
  await bundleInOne(script, `node ${nodeVersion.slice(1)}, ${process.platform}-${process.arch}`);
  writeFileSync(quietNode, withClosedDoors(readFileSync(nodePath)), { mode: 0o755 });
  await makeExecutable(`${executable}.new`);
  chmodSync(`${executable}.new`, 0o755);
} finally {
  rmSync(script, { force: true });
  rmSync(workplace, { recursive: true });
}
rmSync(executable, { force: true });
renameSync(`${executable}.new`, executable);
process.stdout.write(`dist/docker-credential-ona-node: ${(statSync(executable).size / 1e6).toFixed(1)} MB\n`);

async function makeExecutable(output: string): Promise<void> {
  const seaConfig = {
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    useCodeCache: true,
    mainFormat: "module",
    // No debugger's port for a signal; and NODE_OPTIONS, which could load a file first, counts for nothing.
    execArgv: ["--disable-sigusr1", "--no-warnings"],
    execArgvExtension: "none",
  };
  const platform = process.platform === "darwin" ? "macos" : "linux";
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  const nodeRange = `node${nodeVersion.slice(1).split(".")[0]}`;
  await sea.default(script, {
    nodePath: quietNode,
    seaConfig,
    signature: platform === "macos",
    targets: [{ nodeRange, platform, arch, output }],
  });
}

/**
 * Node's own variables that would print, write files or stop the program before a line of ours has run. Their names in
 * Node's native code get a NUL, which no variable's name can have; the one that Node reads in JavaScript gets another.
 */
function withClosedDoors(bytes: Buffer): Buffer {
  for (const name of [
    "NODE_COMPILE_CACHE",
    "NODE_DEBUG_NATIVE",
    "NODE_EXTRA_CA_CERTS",
    "NODE_REPL_EXTERNAL_MODULE",
    "NODE_V8_COVERAGE",
  ]) {
    replaceAll(bytes, `\0${name}\0`, `\0\0${name.slice(1)}\0`);
  }
  replaceAll(bytes, "env.NODE_DEBUG)", "env.ONA_UNUSED)");
  // Once in the start-up snapshot and once in the cached code, with what stands before and behind a name there.
  replaceAll(bytes, "\0\0\0NODE_DEBUG\0\0", "\0\0\0ONA_UNUSED\0\0");
  return bytes;
}

function replaceAll(bytes: Buffer, from: string, to: string): void {
  let found = 0;
  for (let at = bytes.indexOf(from, 0, "latin1"); at >= 0; at = bytes.indexOf(from, at + 1, "latin1")) {
    bytes.write(to, at, "latin1");
    found += 1;
  }
  if (found === 0) throw new Error(`${from.replaceAll("\0", "")} is not in Node: look at its start-up again`);
}
