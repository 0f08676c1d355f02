// The files of a release: every one in SHA256SUMS, the same bytes when it is made again, notices and bill of materials of
// all that is inside, man page and completions that their programs take.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { version } from "../../build/bundle.ts";
import { TARGETS } from "../../build/targets.ts";
import { VERBS } from "../../src/verbs.ts";
import { makeRelease } from "./setup.ts";

const release = inject("release");
const NAME = "docker-credential-ona";
const lacks = (tool: ReturnType<typeof inject<"lacking">>[number]): boolean =>
  inject("lacking").includes(tool);
const sums = (directory: string): Map<string, string> =>
  new Map(
    readFileSync(join(directory, "SHA256SUMS"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => [line.slice(66), line.slice(0, 64)] as const),
  );

it("SHA256SUMS holds every file, and sha256sum finds each as it says", () => {
  execFileSync("sha256sum", ["--check", "--strict", "--quiet", "SHA256SUMS"], { cwd: release });
  const files = readdirSync(release, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  expect(sums(release).size).toBe(files.length - 1);
});

it("there is an archive for every target, a Debian package for two, and the npm package", () => {
  const names = [...sums(release).keys()];
  expect(names).toEqual(
    expect.arrayContaining([
      ...TARGETS.map(({ name }) => `${NAME}-${version}-${name}.tar.gz`),
      ...["amd64", "arm64"].map((name) => `${NAME}_${version}_${name}.deb`),
      ...[`${NAME}-${version}.tgz`, `${NAME}-${version}.cdx.json`, "THIRD-PARTY-NOTICES", `${NAME}.1`],
      ...[`completions/${NAME}.bash`, `completions/_${NAME}`, `completions/${NAME}.fish`],
    ]),
  );
});

it("the Feature installs the executables of this release, by their hashes", () => {
  const archive = join(release, `${NAME}-${version}-feature.tar.gz`);
  const path = `${NAME}-${version}-feature/devcontainer-feature.json`;
  const feature = JSON.parse(execFileSync("tar", ["-xzOf", archive, path], { encoding: "utf8" })) as {
    version: string;
    options: { sha256: { default: string } };
  };
  expect(feature.version).toBe(version);
  const hashes = TARGETS.filter(({ os }) => os === "linux").map(
    ({ name }) => `${name}=${sums(release).get(`${NAME}-${version}-${name}.tar.gz`)}`,
  );
  expect(feature.options.sha256.default).toBe(hashes.join(" "));
});

it("made again, every file has the same bytes", () => {
  const again = makeRelease("linux-x64", "darwin-x64");
  try {
    const before = sums(release);
    const after = sums(again);
    expect(after.size).toBeGreaterThan(8);
    // The Feature has the hashes of the executables that were made with it.
    after.delete(`${NAME}-${version}-feature.tar.gz`);
    for (const [file, sum] of after) expect(before.get(file), file).toBe(sum);
  } finally {
    rmSync(again, { recursive: true });
  }
});

it("the notices and the bill of materials name the same packages, and Bun", () => {
  const notices = readFileSync(join(release, "THIRD-PARTY-NOTICES"), "utf8");
  const bill = JSON.parse(readFileSync(join(release, `${NAME}-${version}.cdx.json`), "utf8")) as {
    components: { name: string; group?: string; version: string; type: string; licenses: unknown[] }[];
  };
  const named = bill.components.map(
    ({ name, group, version }) => `${group ? `${group}/` : ""}${name} ${version}`,
  );
  expect(named).toEqual(
    expect.arrayContaining([expect.stringMatching(/^bun 1/), expect.stringMatching(/^undici /)]),
  );
  for (const name of named.filter((one) => !one.startsWith("bun "))) {
    expect(notices, name).toContain(`${"-".repeat(78)}\n${name}\n`);
  }
  for (const component of bill.components) expect(component.licenses.length, component.name).toBe(1);
});

describe("papers", () => {
  const path = (name: string): string => join(release, name);

  it.skipIf(lacks("man"))("the man page is without a warning, and has every verb", () => {
    const run = execFileSync("sh", ["-c", 'man --warnings -l "$1" 2>&1 >/dev/null', "sh", path(`${NAME}.1`)]);
    expect(run.toString()).toBe("");
    const text = readFileSync(path(`${NAME}.1`), "utf8");
    for (const { name, options } of VERBS) {
      expect(text).toContain(`.SS\n\\fB${name}\\fR`);
      for (const option of options)
        expect(text).toContain(`\\fB\\-\\-${option.name.replaceAll("-", "\\-")}\\fR`);
    }
  });

  it("bash takes its completion, and completes a verb, an option and a choice by it", () => {
    const complete = (...words: string[]): string[] => {
      const script = `source "$1"; shift; COMP_WORDS=(${NAME} "$@"); COMP_CWORD=$#; _docker_credential_ona; echo "\${COMPREPLY[@]}"`;
      const file = path(`completions/${NAME}.bash`);
      return execFileSync("bash", ["-c", script, "bash", file, ...words], { encoding: "utf8" })
        .trim()
        .split(" ");
    };
    expect(complete("conf")).toEqual(["configure"]);
    expect(complete("configure", "--docker")).toEqual(["--docker-config"]);
    expect(complete("export", "--format", "doc")).toEqual(["docker-config"]);
  });

  it.skipIf(lacks("zsh"))("zsh takes its completion", () => {
    execFileSync("zsh", ["-n", path(`completions/_${NAME}`)]);
  });

  it.skipIf(lacks("fish"))("fish takes its completion", () => {
    execFileSync("fish", ["-n", path(`completions/${NAME}.fish`)]);
  });
});
