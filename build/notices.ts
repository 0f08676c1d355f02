// THIRD-PARTY-NOTICES: who made what is inside the executables, and under which terms, with their texts.

import { type BundledPackage, licenseIds, licenseText, type RuntimeLibrary } from "./contents.ts";

const RULE = "-".repeat(78);

export function notices(
  packages: readonly BundledPackage[],
  bunVersion: string,
  libraries: readonly RuntimeLibrary[],
): string {
  const kinds = [...new Set(libraries.flatMap(({ license }) => licenseIds(license)))].toSorted();
  return [
    "docker-credential-ona contains software of others. This file names it, with the terms it comes under.",
    "",
    `The executables contain Bun ${bunVersion} (https://bun.com) and what Bun links. The text in it is changed as`,
    "docs/building.md says; nothing else is. Its sources, and those of the JavaScriptCore in it, which is under the",
    "LGPL, are at https://github.com/oven-sh/bun (tag bun-v" +
      bunVersion +
      ") and https://github.com/oven-sh/WebKit.",
    "To link it anew with another JavaScriptCore: build Bun as its LICENSE.md says, and name the result with",
    "`node build/executable.ts --runtime PATH`.",
    "It is based in part on the work of the Independent JPEG Group.",
    "",
    ...libraries.flatMap(({ name, license, copyright, url }) => [
      `${name}: ${license}`,
      `  ${copyright}`,
      `  ${url}`,
    ]),
    "",
    "The program contains these packages, each with its own text below:",
    "",
    ...packages.map(({ name, version, license }) => `${name} ${version}: ${license}`),
    ...packages.flatMap(({ name, version, text }) => ["", RULE, `${name} ${version}`, RULE, "", text]),
    ...kinds.flatMap((id) => ["", RULE, `${id}, of what Bun links`, RULE, "", licenseText(id).trimEnd()]),
    "",
  ].join("\n");
}
