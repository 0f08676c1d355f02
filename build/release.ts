// npm run release: everything that is published, in dist/release/. Two runs on one commit give the same bytes: dates are
// the commit's, runtimes those of package-lock.json. `--target NAME` (repeated) makes only some of the executables.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { VERBS } from "../src/verbs.ts";
import { put, tarGz } from "./archive.ts";
import { bundle, root, version } from "./bundle.ts";
import { bunVersion, compileWithBun } from "./compile.ts";
import { bundledPackages, runtimeLibraries } from "./contents.ts";
import { makeDebianPackage } from "./debian.ts";
import { type Documents, documents } from "./documents.ts";
import { notices } from "./notices.ts";
import { makeNpmPackage } from "./npm-package.ts";
import { sbom } from "./sbom.ts";
import { TARGETS, type Target, targetNamed } from "./targets.ts";

const NAME = "docker-credential-ona";
/** Debian's names of what a package is made for. */
const DEBIAN: Readonly<Record<string, string>> = { "linux-x64": "amd64", "linux-arm64": "arm64" };

const { values } = parseArgs({
  options: {
    target: { type: "string", multiple: true },
    output: { type: "string", default: join(root, "dist/release") },
  },
});

const release = resolve(values.output);
const git = (...args: string[]): string => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
const epochS = Number(process.env.SOURCE_DATE_EPOCH ?? git("log", "-1", "--format=%ct"));
const date = new Date(epochS * 1000);
const workplace = mkdtempSync(join(tmpdir(), "ona-release-"));
try {
  rmSync(release, { recursive: true, force: true });
  mkdirSync(release, { recursive: true });
  await makeRelease(values.target === undefined ? TARGETS : values.target.map(targetNamed));
} finally {
  rmSync(workplace, { recursive: true });
}

async function makeRelease(targets: readonly Target[]): Promise<void> {
  const packages = bundledPackages(await bundle("release", join(workplace, "bundle")));
  const thirdParty = notices(packages, bunVersion, runtimeLibraries());
  const papers = documents(VERBS, version, date.toISOString().slice(0, 10));
  for (const target of targets) await makeTarget(target, papers, thirdParty);
  await makeNpmPackage(release, join(workplace, "npm"), thirdParty);
  const commit = git("rev-parse", "HEAD");
  const bill = sbom({ version, commit, timestamp: date }, packages, bunVersion, runtimeLibraries());
  put(join(release, `${NAME}-${version}.cdx.json`), bill);
  put(join(release, "THIRD-PARTY-NOTICES"), thirdParty);
  putDocuments(release, papers);
  putFolder("examples", "examples");
  putFolder("feature", "examples/feature", pinFeature);
  putChecksums();
}

async function makeTarget(target: Target, papers: Documents, thirdParty: string): Promise<void> {
  const bundled = join(workplace, `bundle-${target.name}`);
  const name = `${NAME}-${version}-${target.name}`;
  const contents = join(workplace, name);
  const executable = join(contents, NAME);
  await bundle(`bun ${bunVersion}, ${target.name}`, bundled);
  mkdirSync(contents);
  compileWithBun(join(bundled, "main.js"), executable, { target, isPublished: true });
  const license = readFileSync(join(root, "LICENSE"), "utf8");
  put(join(contents, "LICENSE"), license);
  put(join(contents, "THIRD-PARTY-NOTICES"), thirdParty);
  putDocuments(contents, papers);
  tarGz(join(release, `${name}.tar.gz`), workplace, name, epochS);
  const architecture = DEBIAN[target.name];
  if (architecture !== undefined) {
    const file = join(release, `${NAME}_${version}_${architecture}.deb`);
    const bytes = readFileSync(executable);
    const parts = {
      architecture,
      version,
      epochS,
      executable: bytes,
      documents: papers,
      license,
      notices: thirdParty,
    };
    makeDebianPackage(file, join(workplace, `debian-${architecture}`), parts);
  }
  process.stdout.write(`${target.name}\n`);
}

/** An archive of a folder of this repository. `change`: what is done to it before. */
function putFolder(title: string, folder: string, change = (_: string): void => undefined): void {
  const name = `${NAME}-${version}-${title}`;
  cpSync(join(root, folder), join(workplace, name), { recursive: true });
  change(join(workplace, name));
  tarGz(join(release, `${name}.tar.gz`), workplace, name, epochS);
}

/** The Feature of a release installs this release's executables and no others. */
function pinFeature(directory: string): void {
  const path = join(directory, "devcontainer-feature.json");
  const feature = JSON.parse(readFileSync(path, "utf8")) as { options: { sha256: { default: string } } };
  const hashes = TARGETS.filter(({ os }) => os === "linux").flatMap(({ name }) => {
    const archive = join(release, `${NAME}-${version}-${name}.tar.gz`);
    return existsSync(archive) ? [`${name}=${sha256(archive)}`] : [];
  });
  feature.options.sha256.default = hashes.join(" ");
  put(path, `${JSON.stringify({ ...feature, version }, null, 2)}\n`);
}

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

function putDocuments(directory: string, papers: Documents): void {
  put(join(directory, `${NAME}.1`), papers.man);
  put(join(directory, `completions/${NAME}.bash`), papers.bash);
  put(join(directory, `completions/_${NAME}`), papers.zsh);
  put(join(directory, `completions/${NAME}.fish`), papers.fish);
}

function putChecksums(): void {
  const files = readdirSync(release, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(release.length + 1));
  const lines = files.toSorted().map((file) => `${sha256(join(release, file))}  ${file}\n`);
  put(join(release, "SHA256SUMS"), lines.join(""));
}
