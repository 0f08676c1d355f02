// Builds dist/docker-credential-ona-node: the same program inside Node.js, as a single executable application made by
// pkg. Slower to start and larger than the Bun executable; for those who want Node under it. Node comes from npm, so
// nothing is fetched.

import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import sea from "@yao-pkg/pkg/lib-es5/sea.js";
import { bundleInOne } from "./bundle.ts";
import { closeNodeVariables } from "./node-variables.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const nodePath = `${root}node_modules/node/bin/node`;
const script = `${root}dist/node-edition.mjs`;
const executable = `${root}dist/docker-credential-ona-node`;
const nodeVersion = execFileSync(nodePath, ["--version"], { encoding: "utf8" }).trim();

const workplace = mkdtempSync(`${tmpdir()}/node-edition-`);
const quietNode = `${workplace}/node`;
try {
  await bundleInOne(script, `node ${nodeVersion.slice(1)}, ${process.platform}-${process.arch}`);
  const bytes = readFileSync(nodePath);
  closeNodeVariables(bytes);
  writeFileSync(quietNode, bytes, { mode: 0o755 });
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
