// The directory of one `exec`: private, gone with the command, and what killed ones left is swept; what still runs, or
// cannot be seen from here, is left alone.

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Directories } from "../../../src/store/directories.ts";
import { makeExecDir } from "../../../src/store/exec-dir.ts";
import { modeOf, scratch, uid } from "./scratch.ts";

const NAME = "docker-credential-ona-exec";
/** Nobody's: no directory that we make belongs to it. */
const NOBODY = 4_242_421;
const runtime = (runtimeDir: string | undefined): Directories => ({
  home: undefined,
  configFiles: [],
  cache: [],
  stateDir: undefined,
  runtimeDir,
  xdgConfig: undefined,
});

it("is private and named after its process, and goes with everything in it", () => {
  const root = scratch();
  const made = makeExecDir({}, runtime(root), uid);
  expect(dirname(made.path)).toBe(join(root, NAME));
  expect(basename(made.path)).toMatch(new RegExp(`^${process.pid}-[0-9]+-[0-9]+-[0-9a-z]{8}$`));
  expect([modeOf(made.path), modeOf(dirname(made.path))]).toEqual(["700", "700"]);
  writeFileSync(join(root, "kept"), "x");
  mkdirSync(join(made.path, "below"));
  writeFileSync(join(made.path, "below", "config.json"), "{}");
  symlinkSync(join(root, "kept"), join(made.path, "link"));
  symlinkSync(root, join(made.path, "below", "up"));
  made.remove();
  expect(readdirSync(join(root, NAME))).toEqual([]);
  expect(existsSync(join(root, "kept"))).toBe(true);
  made.remove();
});

it("two of one process are two", () => {
  const root = scratch();
  const [one, two] = [makeExecDir({}, runtime(root), uid), makeExecDir({}, runtime(root), uid)];
  expect(readdirSync(join(root, NAME)).toSorted()).toEqual(
    [one.path, two.path].map((path) => basename(path)).toSorted(),
  );
});

describe.runIf(existsSync("/dev/shm"))("in the memory of the machine", () => {
  it.each<[string, () => string | undefined]>([
    ["where there is no runtime directory", () => undefined],
    ["where others may enter that of the runtime directory", open],
  ])("%s", (_, root) => {
    const made = makeExecDir({}, runtime(root()), uid);
    onTestFinished(() => made.remove());
    expect(dirname(made.path)).toBe(`/dev/shm/${NAME}-${uid}`);
  });

  function open(): string {
    const root = scratch();
    mkdirSync(join(root, NAME));
    chmodSync(join(root, NAME), 0o755);
    return root;
  }
});

describe("no place for one", () => {
  it.each<[string, (root: string) => string | undefined, (root: string) => string]>([
    ["TMPDIR is the last that is tried", (root) => root, (root) => root],
    ["a relative TMPDIR is none, and /tmp is tried", () => "tmp", () => "/tmp"],
    ["without TMPDIR /tmp is tried", () => undefined, () => "/tmp"],
  ])("%s", (_, value, tried) => {
    const root = scratch();
    const last = join(tried(root), `${NAME}-${NOBODY}`);
    onTestFinished(() => {
      for (const path of [last, `/dev/shm/${NAME}-${NOBODY}`]) rmSync(path, { recursive: true, force: true });
    });
    let thrown: unknown;
    try {
      makeExecDir({ TMPDIR: value(root) }, runtime(undefined), NOBODY);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      code: "output-failed",
      hint: expect.stringMatching(/XDG_RUNTIME_DIR or TMPDIR/),
    });
    expect(existsSync(last)).toBe(true);
  });
});

it("what was left is swept, and nothing else", () => {
  const root = scratch();
  const own = makeExecDir({}, runtime(root), uid);
  const [pid = "", start = "", namespace = ""] = basename(own.path).split("-");
  const dead = String(spawnSync("/bin/true").pid);
  const swept = [
    `${dead}-0-${namespace}-aaaaaaaa`,
    `${dead}-5-${namespace}-aaaaaaaa`,
    `${pid}-1-${namespace}-aaaaaaaa`,
  ];
  const kept = [
    `${pid}-${start}-${namespace}-aaaaaaaa`,
    `${dead}-5-${namespace}1-aaaaaaaa`,
    `x${dead}-5-${namespace}-aaaaaaaa`,
    `${dead}-5-${namespace}-aaaaaaaaa`,
    `${dead}-5-${namespace}-AAAAAAAA`,
    "notes",
  ];
  for (const name of [...swept, ...kept]) mkdirSync(join(root, NAME, name));
  writeFileSync(join(root, NAME, swept[0] ?? "", "config.json"), "{}");
  const next = makeExecDir({}, runtime(root), uid);
  expect(readdirSync(join(root, NAME)).toSorted()).toEqual(
    [...kept, basename(own.path), basename(next.path)].toSorted(),
  );
});
