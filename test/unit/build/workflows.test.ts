// The workflows call scripts of this repository and nothing else, so that all but the upload can be run anywhere; and the
// scripts are there and can be read by their shell.

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repository } from "../../support/builds.ts";

const folder = join(repository, ".github/workflows");
const { scripts } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};
const steps = readdirSync(folder).flatMap((file) =>
  [...readFileSync(join(folder, file), "utf8").matchAll(/^\s*- run: (.*)$/gm)].map(
    ([, command = ""]) => [file, command] as const,
  ),
);

it("there are steps to look at, and none is a text of several lines", () => {
  expect(steps.length).toBeGreaterThan(6);
  expect(steps.filter(([, command]) => /^[|>]/.test(command))).toEqual([]);
});

describe("a step calls a script of this repository:", () => {
  it.each(steps)("%s: %s", (_, command) => {
    const called = command.replace(/^sudo --preserve-env=[A-Z_,]+ /, "");
    const script = /^npm run ([a-z:-]+)$/.exec(called)?.[1];
    if (script !== undefined) expect(Object.keys(scripts)).toContain(script);
    else if (called !== "npm ci") expect(statSync(join(repository, called)).mode & 0o111, called).not.toBe(0);
  });
});

it.each(readdirSync(join(repository, ".ci")))(".ci/%s can be read by bash", (file) => {
  execFileSync("bash", ["-n", join(repository, ".ci", file)]);
});

it("package-lock.json is in step with package.json, so that npm ci works", () => {
  const read = (file: string): Record<string, unknown> =>
    JSON.parse(readFileSync(join(repository, file), "utf8")) as Record<string, unknown>;
  const own = read("package.json");
  const locked = (read("package-lock.json").packages as Record<string, Record<string, unknown>>)[""];
  for (const key of ["name", "version", "engines", "bin", "dependencies", "devDependencies"]) {
    expect(locked?.[key], key).toEqual(own[key]);
  }
});

describe(".ci/publish, dry", () => {
  const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as {
    version: string;
  };

  const publish = (change: (release: string) => void): string => {
    const root = mkdtempSync(join(tmpdir(), "ona-publish-"));
    try {
      execFileSync(
        "sh",
        [
          "-c",
          'mkdir -p "$1/dist/release" "$1/.ci" && cp package.json "$1" && cp .ci/publish "$1/.ci"',
          "sh",
          root,
        ],
        {
          cwd: repository,
        },
      );
      const release = join(root, "dist/release");
      writeFileSync(join(release, "a.tar.gz"), "an archive");
      const feature = `docker-credential-ona-${version}-feature`;
      cpSync(join(repository, "examples/feature"), join(root, feature), { recursive: true });
      execFileSync("tar", ["-czf", join(release, `${feature}.tar.gz`), "-C", root, feature]);
      execFileSync("sh", ["-c", "sha256sum *.gz > SHA256SUMS"], { cwd: release });
      change(release);
      const env = { PATH: process.env.PATH, DRY_RUN: "1" };
      return execFileSync(join(root, ".ci/publish"), {
        encoding: "utf8",
        env,
        stdio: ["ignore", "pipe", "pipe"],
      });
    } finally {
      rmSync(root, { recursive: true });
    }
  };

  it("uploads every file, and the npm package of this version", () => {
    const said = publish(() => undefined);
    expect(said).toContain(`gh release create v${version} `);
    expect(said).toContain("dist/release/SHA256SUMS dist/release/a.tar.gz");
    expect(said).toMatch(/features publish --registry ghcr.io --namespace \S+ \/\S+-feature$/m);
    expect(said).toContain(
      `npm publish --provenance --access public dist/release/docker-credential-ona-${version}.tgz`,
    );
  });

  it("uploads nothing when a file is not what its checksum says", () => {
    expect(() => publish((release) => writeFileSync(join(release, "a.tar.gz"), "another"))).toThrow();
  });
});
