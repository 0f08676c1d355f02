// Which program Docker would start for a helper's name, and the line that mends it; which files configure writes to.

import { chmodSync, copyFileSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Chosen, placesBefore, placesToWrite } from "../../../src/docker/places.ts";
import { helperOnPath, onPath } from "../../../src/docker/programs.ts";
import { findDirectories } from "../../../src/store/directories.ts";
import { scratch, uid } from "../store/scratch.ts";

function machine() {
  const root = scratch();
  for (const dir of ["a", "b", "own"]) mkdirSync(join(root, dir));
  const executable = join(root, "own", "docker-credential-ona");
  writeFileSync(executable, "x", { mode: 0o755 });
  const env = { PATH: `${join(root, "a")}:relative::${join(root, "b")}` };
  return {
    root,
    executable,
    env,
    at: (dir: string, name = "docker-credential-ona") => join(root, dir, name),
  };
}
type Machine = ReturnType<typeof machine>;

describe("the helper on PATH", () => {
  it.each<[string, "found" | "missing" | "other", (m: Machine) => void]>([
    ["nothing", "missing", () => undefined],
    ["a link to it", "found", ({ executable, at }) => symlinkSync(executable, at("b"))],
    ["a hard link", "found", ({ executable, at }) => linkSync(executable, at("a"))],
    ["a copy is another file", "other", ({ executable, at }) => copyFileSync(executable, at("a"))],
    [
      "another file in front of a link to it",
      "other",
      ({ executable, at }) => {
        writeFileSync(at("a"), "y", { mode: 0o755 });
        symlinkSync(executable, at("b"));
      },
    ],
    [
      "a file in front that nobody may run",
      "found",
      ({ executable, at }) => {
        writeFileSync(at("a"), "y", { mode: 0o644 });
        symlinkSync(executable, at("b"));
      },
    ],
    [
      "a directory in front",
      "found",
      ({ executable, at }) => {
        mkdirSync(at("a"));
        symlinkSync(executable, at("b"));
      },
    ],
    ["a link to nothing", "missing", ({ at }) => symlinkSync("nowhere", at("a"))],
    [
      "under another name",
      "missing",
      ({ executable, at }) => symlinkSync(executable, at("a", "docker-credential-on")),
    ],
  ])("%s: %s", (_, kind, make) => {
    const m = machine();
    make(m);
    expect(helperOnPath("ona", m.executable, m.env, uid)).toMatchObject({
      kind,
      program: "docker-credential-ona",
    });
  });

  it.each<[string, string, number, RegExp]>([
    [
      "root needs no sudo",
      "/usr/local/bin:/usr/bin",
      0,
      /^ln -s \S+ \/usr\/local\/bin\/docker-credential-ona$/,
    ],
    [
      "others do",
      "/usr/bin:/usr/local/bin",
      1000,
      /^sudo ln -s \S+ \/usr\/local\/bin\/docker-credential-ona$/,
    ],
    [
      "without the usual directory the first one",
      "rel:/opt/x:/opt/y",
      0,
      / \/opt\/x\/docker-credential-ona$/,
    ],
    ["without any the usual one", "", 0, / \/usr\/local\/bin\/docker-credential-ona$/],
    [
      "what a shell would read otherwise is quoted",
      "/opt/it's",
      0,
      / '\/opt\/it'\\''s\/docker-credential-ona'$/,
    ],
  ])("the line: %s", (_, path, user, line) => {
    const { executable } = machine();
    const found = helperOnPath("other-name", executable, { PATH: path }, user);
    expect(found.mend?.replaceAll("other-name", "ona")).toMatch(line);
  });

  it("run by another program, as from its source, it has no file to compare and no line to give", () => {
    const m = machine();
    expect(helperOnPath("ona", "/usr/bin/node", m.env, uid)).toMatchObject({
      kind: "missing",
      mend: undefined,
    });
    writeFileSync(m.at("a"), "y", { mode: 0o755 });
    expect(helperOnPath("ona", "/usr/bin/node", m.env, uid)).toMatchObject({
      kind: "found",
      path: m.at("a"),
    });
    chmodSync(m.at("a"), 0o600);
    expect(onPath("docker-credential-ona", m.env)).toBeUndefined();
  });
});

describe("the files", () => {
  const home = "/home/nobody-has-this";
  const paths = (chosen: Partial<Chosen>, env: Record<string, string> = {}): string[] => {
    const directories = { ...findDirectories({ HOME: scratch(), ...env }, uid), home };
    return placesToWrite({ dockerConfig: undefined, authfile: undefined, ...chosen }, env, directories).map(
      ({ path, reader }) => `${reader} ${path}`,
    );
  };

  it.each<[string, Partial<Chosen>, Record<string, string>, readonly string[]]>([
    ["by default Docker's", {}, {}, [`docker ${home}/.docker/config.json`]],
    ["DOCKER_CONFIG", {}, { DOCKER_CONFIG: "/d/" }, ["docker /d/config.json"]],
    ["an empty DOCKER_CONFIG is none", {}, { DOCKER_CONFIG: "" }, [`docker ${home}/.docker/config.json`]],
    [
      "REGISTRY_AUTH_FILE beside it",
      {},
      { REGISTRY_AUTH_FILE: "/r/a.json" },
      [`docker ${home}/.docker/config.json`, "containers /r/a.json"],
    ],
    [
      "one file of two names is one",
      {},
      { DOCKER_CONFIG: "/d", REGISTRY_AUTH_FILE: "/d/config.json" },
      ["docker /d/config.json"],
    ],
    [
      "a directory that was named, alone",
      { dockerConfig: "/x/../y" },
      { REGISTRY_AUTH_FILE: "/r" },
      ["docker /y/config.json"],
    ],
    [
      "an auth file that was named, alone",
      { authfile: "/a.json" },
      { DOCKER_CONFIG: "/d" },
      ["containers /a.json"],
    ],
    ["both", { dockerConfig: "/x", authfile: "/a" }, {}, ["docker /x/config.json", "containers /a"]],
    ["relative ones are the caller's", { authfile: "a.json" }, {}, [`containers ${process.cwd()}/a.json`]],
  ])("%s", (_, chosen, env, expected) => {
    expect(paths(chosen, env)).toEqual(expected);
  });

  it("without a home there is no default, and that is said", () => {
    const directories = { ...findDirectories({}, 4_000_000), home: undefined };
    const none = { dockerConfig: undefined, authfile: undefined };
    expect(() => placesToWrite(none, {}, directories)).toThrow(/no home directory/);
    expect(placesToWrite(none, { DOCKER_CONFIG: "/d" }, directories)).toHaveLength(1);
  });

  it("what Podman reads first", () => {
    const run = scratch();
    const directories = findDirectories({ HOME: run, XDG_RUNTIME_DIR: run }, uid);
    expect(placesBefore({}, directories, uid)).toEqual([
      `${run}/containers/auth.json`,
      `${run}/.config/containers/auth.json`,
    ]);
    expect(placesBefore({}, { ...directories, runtimeDir: undefined }, 1000)[0]).toBe(
      "/run/containers/1000/auth.json",
    );
    expect(placesBefore({ REGISTRY_AUTH_FILE: "/a" }, directories, uid)).toEqual(["/a"]);
  });
});
