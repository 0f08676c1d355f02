// What is inside an executable besides our own code: the npm packages that the bundle took something from, and the runtime
// with its libraries. The ground for THIRD-PARTY-NOTICES and the SBOM.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Metafile } from "esbuild";
import { root } from "./bundle.ts";

export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly license: string;
  readonly homepage: string | undefined;
  /** Of the package as it was published, as package-lock.json has it. */
  readonly sha512: string | undefined;
  /** The text of its licence and of its notices. */
  readonly text: string;
}

export interface RuntimeLibrary {
  readonly name: string;
  readonly license: string;
  readonly copyright: string;
  readonly url: string;
}

const licenses = join(root, "build/licenses");

/** Bun first, then what it links. */
export const runtimeLibraries = (): readonly RuntimeLibrary[] =>
  JSON.parse(readFileSync(join(licenses, "bun.json"), "utf8")) as readonly RuntimeLibrary[];

/** The text of a licence by its SPDX identifier. */
export function licenseText(id: string): string {
  const path = join(licenses, `${id.replace(/-(?:or-later|only)$/, "")}.txt`);
  if (!existsSync(path)) throw new Error(`no text for the licence ${id}: add build/licenses/${id}.txt`);
  return readFileSync(path, "utf8");
}

/** The identifiers in an expression such as `A AND (B WITH c)`. */
export const licenseIds = (expression: string): readonly string[] =>
  expression.split(/[()\s]+|\bAND\b|\bOR\b|\bWITH\b/).filter((word) => word !== "");

/** Sorted by name. Throws for a package without a licence. */
export function bundledPackages(metafile: Metafile): readonly BundledPackage[] {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
  };
  const directories = new Set(Object.keys(metafile.inputs).flatMap((path) => packageDirectory(path) ?? []));
  return [...directories]
    .map((directory) => describe(directory, lock.packages[inLock(directory)]?.integrity))
    .toSorted((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1));
}

/** From the root, such as `node_modules/@smithy/core`; undefined for a file of our own. */
function packageDirectory(path: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
}

/** As package-lock.json names it, wherever `node_modules` lies. */
const inLock = (directory: string): string => directory.slice(directory.indexOf("node_modules/"));

function describe(directory: string, integrity: string | undefined): BundledPackage {
  const { name, version, license, homepage } = JSON.parse(
    readFileSync(join(root, directory, "package.json"), "utf8"),
  ) as { name: string; version: string; license?: unknown; homepage?: string };
  if (typeof license !== "string") throw new Error(`${name} names no licence`);
  const files = readdirSync(join(root, directory)).filter((file) =>
    /^(?:licen[cs]e|notice|copying)/i.test(file),
  );
  const own = files.toSorted().map((file) => readFileSync(join(root, directory, file), "utf8").trim());
  // Some packages of a larger repository come without the file that is in their siblings.
  const text = own.length > 0 ? own.join("\n\n") : licenseIds(license).map(licenseText).join("\n\n").trim();
  const sha512 = integrity?.startsWith("sha512-") ? integrity.slice(7) : undefined;
  return { name, version, license, homepage, sha512, text };
}
