// Where things are: home, configuration, cache, logins. Relative values and, with sudo, the variables of somebody else
// do not count.

import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findDirectories } from "../../../src/store/directories.ts";
import { FOREIGN_UID, isRoot, scratch, uid } from "./scratch.ts";

const cacheOf = (env: Record<string, string>, user = uid): string[] =>
  findDirectories(env, user).cache.map(({ dir }) => dir);
const SHM = `/dev/shm/docker-credential-ona-${uid}`;

it("from home, when no variable says anything else", () => {
  const home = scratch();
  const directories = findDirectories({ HOME: home }, uid);
  expect(directories).toMatchObject({
    home,
    configFiles: [
      join(home, ".config/docker-credential-ona/config.json"),
      "/etc/docker-credential-ona/config.json",
    ],
    stateDir: join(home, ".local/state/docker-credential-ona"),
    runtimeDir: undefined,
    xdgConfig: join(home, ".config"),
  });
  expect(cacheOf({ HOME: home })).toEqual([SHM, join(home, ".cache/docker-credential-ona")]);
});

it("from the XDG variables", () => {
  const home = scratch();
  const env = {
    HOME: home,
    XDG_CONFIG_HOME: "/x/config",
    XDG_STATE_HOME: "/x/state",
    XDG_CACHE_HOME: "/x/cache",
    XDG_RUNTIME_DIR: home,
  };
  const directories = findDirectories(env, uid);
  expect(directories.configFiles[0]).toBe("/x/config/docker-credential-ona/config.json");
  expect(directories.stateDir).toBe("/x/state/docker-credential-ona");
  expect(directories.cache).toEqual([
    { dir: join(home, "docker-credential-ona"), parents: false },
    { dir: SHM, parents: false },
    { dir: "/x/cache/docker-credential-ona", parents: true },
  ]);
});

it("white space around an XDG variable is dropped", () => {
  const HOME = scratch();
  const names = ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"];
  const env = (value: string) => Object.fromEntries(names.map((name) => [name, value]));
  const runtime = scratch();
  const plain = findDirectories({ HOME, ...env(runtime) }, uid);
  expect(plain.runtimeDir).toBe(runtime);
  expect(findDirectories({ HOME, ...env(` ${runtime}\n`) }, uid)).toEqual(plain);
});

describe("a variable that does not count", () => {
  it.each(["", " ", "\n", "x", "../../store/x", "../../x", "~/x"])("XDG variables with %j", (value) => {
    const home = scratch();
    const all = ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"];
    const env = Object.fromEntries(all.map((name) => [name, value]));
    expect(findDirectories({ HOME: home, ...env }, uid)).toEqual(findDirectories({ HOME: home }, uid));
  });

  it("an empty name of our own", () => {
    const home = scratch();
    const env = {
      DOCKER_CREDENTIAL_ONA_CACHE_DIR: "",
      DOCKER_CREDENTIAL_ONA_STATE_DIR: "",
      DOCKER_CREDENTIAL_ONA_NO_CACHE: "",
    };
    expect(findDirectories({ HOME: home, ...env }, uid)).toEqual(findDirectories({ HOME: home }, uid));
  });
});

describe("our own variables", () => {
  it("a named cache is the only one; NO_CACHE=1 means none at all", () => {
    const home = scratch();
    const named = { HOME: home, DOCKER_CREDENTIAL_ONA_CACHE_DIR: "/x/c" };
    expect(findDirectories(named, uid).cache).toEqual([{ dir: "/x/c", parents: true }]);
    expect(cacheOf({ ...named, DOCKER_CREDENTIAL_ONA_NO_CACHE: "1" })).toEqual([]);
    expect(cacheOf({ ...named, DOCKER_CREDENTIAL_ONA_NO_CACHE: " 1\n" })).toEqual([]);
    expect(cacheOf({ ...named, DOCKER_CREDENTIAL_ONA_NO_CACHE: "0" })).toEqual(["/x/c"]);
  });

  it("a named state directory, which the working directory never helps to find", () => {
    const home = scratch();
    expect(findDirectories({ HOME: home, DOCKER_CREDENTIAL_ONA_STATE_DIR: "/x/s" }, uid).stateDir).toBe(
      "/x/s",
    );
    for (const relative of ["s", "../../store/s", "../../s"]) {
      const { stateDir } = findDirectories({ HOME: home, DOCKER_CREDENTIAL_ONA_STATE_DIR: relative }, uid);
      expect(stateDir).toBeUndefined();
    }
  });
});

describe("home", () => {
  it("unset or empty: from the user database", () => {
    const fromDatabase = findDirectories({}, 0).home;
    expect(fromDatabase).toBe("/root");
    expect(findDirectories({ HOME: "" }, 0).home).toBe(fromDatabase);
  });

  it("of nobody in the database: none, and then only what needs none", () => {
    const directories = findDirectories({}, 987_654);
    expect(directories.home).toBeUndefined();
    expect(directories.stateDir).toBeUndefined();
    expect(directories.configFiles).toEqual(["/etc/docker-credential-ona/config.json"]);
    expect(directories.cache.map(({ dir }) => dir)).toEqual(["/dev/shm/docker-credential-ona-987654"]);
  });

  it("relative: none", () => {
    expect(findDirectories({ HOME: "home" }, 987_654).stateDir).toBeUndefined();
  });

  it("that does not exist: still ours", () => {
    expect(findDirectories({ HOME: "/x/y" }, uid).stateDir).toBe("/x/y/.local/state/docker-credential-ona");
  });

  it("of somebody else (sudo): it and the XDG variables are ignored", () => {
    const home = scratch();
    const env = {
      HOME: home,
      XDG_STATE_HOME: "/x/s",
      XDG_RUNTIME_DIR: "/x/r",
      XDG_CONFIG_HOME: "/x/c",
      XDG_CACHE_HOME: "/x/k",
    };
    expect(findDirectories(env, uid + 1)).toEqual(findDirectories({}, uid + 1));
    if (!isRoot) return;
    const theirs = join(home, "theirs");
    mkdirSync(theirs);
    chownSync(theirs, FOREIGN_UID, FOREIGN_UID);
    expect(findDirectories({ ...env, HOME: theirs }, 0)).toEqual(findDirectories({}, 0));
    expect(findDirectories({ ...env, HOME: theirs }, FOREIGN_UID).stateDir).toBe(
      "/x/s/docker-credential-ona",
    );
    expect(findDirectories({ ...env, HOME: theirs, DOCKER_CREDENTIAL_ONA_STATE_DIR: "/y" }, 0).stateDir).toBe(
      "/y",
    );
  });
});

describe("an XDG variable counts", () => {
  const stateOf = (base: string, user = uid): string | undefined =>
    findDirectories({ HOME: scratch(), XDG_STATE_HOME: base }, user).stateDir;
  const follows = (base: string): boolean => stateOf(base) === join(base, "docker-credential-ona");

  const cases: Record<string, [boolean, (root: string) => string]> = {
    "a directory of ours": [true, (root) => made(root, 0o700)],
    "one that others may read": [true, (root) => made(root, 0o755)],
    "a missing one below a directory of ours": [true, (root) => join(made(root, 0o755), "a", "b")],
    "a missing one below /": [true, () => "/x/y"],
    "a missing one in a sticky directory of root": [true, () => "/tmp/ona-no-such-directory"],
    "a link of ours to a directory of ours": [
      true,
      (root) => {
        symlinkSync(made(root, 0o700), join(root, "link"));
        return join(root, "link");
      },
    ],
    "one that the group may write": [false, (root) => made(root, 0o770)],
    "one that others may write": [false, (root) => made(root, 0o702)],
    "one that others may write, though it is sticky": [false, (root) => made(root, 0o1777)],
    "a missing one in a sticky directory of ours": [true, (root) => join(made(root, 0o1777), "a")],
    "a missing one below one that others may write": [false, (root) => join(made(root, 0o777), "a")],
    "a file": [
      false,
      (root) => {
        writeFileSync(join(root, "f"), "");
        return join(root, "f");
      },
    ],
    "below a file": [
      false,
      (root) => {
        writeFileSync(join(root, "f"), "");
        return join(root, "f", "x");
      },
    ],
    "a link to one that others may write": [
      false,
      (root) => {
        symlinkSync(made(root, 0o777), join(root, "link"));
        return join(root, "link");
      },
    ],
    "a link to itself": [
      false,
      (root) => {
        symlinkSync("link", join(root, "link"));
        return join(root, "link");
      },
    ],
    relative: [false, () => "state"],
    "longer than a path may be": [false, (root) => join(root, "x".repeat(300))],
  };

  function made(root: string, mode: number): string {
    const path = join(root, "d");
    mkdirSync(path);
    chmodSync(path, mode);
    return path;
  }

  it.each(Object.entries(cases))("%s", (_, [counts, make]) => {
    expect(follows(make(scratch()))).toBe(counts);
  });

  describe.runIf(isRoot)("with strangers (needs root)", () => {
    const theirs = (path: string): string => {
      mkdirSync(path, { mode: 0o755 });
      chownSync(path, FOREIGN_UID, FOREIGN_UID);
      return path;
    };

    it("not one of a stranger, nor a missing one below it", () => {
      const root = scratch();
      theirs(join(root, "d"));
      expect([follows(join(root, "d")), follows(join(root, "d", "x"))]).toEqual([false, false]);
    });

    it("not root's own, which a stranger could exchange", () => {
      const root = scratch();
      mkdirSync(join(theirs(join(root, "d")), "roots"), { mode: 0o700 });
      expect([follows(join(root, "d", "roots")), follows(join(root, "d", "roots", "x"))]).toEqual([
        false,
        false,
      ]);
    });

    it("not a stranger's link to root's", () => {
      const root = scratch();
      mkdirSync(join(root, "d"));
      symlinkSync("d", join(root, "link"));
      lchownSync(join(root, "link"), FOREIGN_UID, FOREIGN_UID);
      expect(follows(join(root, "link"))).toBe(false);
    });

    it("root's, for somebody else", () => {
      const root = scratch();
      chmodSync(root, 0o755);
      mkdirSync(join(root, "d"), { mode: 0o755 });
      expect(stateOf(join(root, "d"), 0)).toBe(join(root, "d", "docker-credential-ona"));
    });

    it("a home that would be made in a stranger's directory is a stranger's", () => {
      const home = join(theirs(join(scratch(), "d")), "home");
      expect(findDirectories({ HOME: home, XDG_STATE_HOME: "/x" }, 0)).toEqual(findDirectories({}, 0));
    });
  });
});

describe("XDG_RUNTIME_DIR counts only if it is ours with mode 0700", () => {
  const runtimeOf = (path: string): string | undefined =>
    findDirectories({ HOME: scratch(), XDG_RUNTIME_DIR: path }, uid).runtimeDir;

  it.each([0o700, 0o1700, 0o755, 0o750, 0o770, 0o777, 0o710, 0o500, 0o1777])("mode %o", (mode) => {
    const path = scratch();
    chmodSync(path, mode);
    expect(runtimeOf(path)).toBe((mode & 0o777) === 0o700 ? path : undefined);
  });

  it("not a missing one, a file, a link or a stranger's", () => {
    const root = scratch();
    writeFileSync(join(root, "file"), "", { mode: 0o700 });
    mkdirSync(join(root, "d"), { mode: 0o700 });
    symlinkSync("d", join(root, "link"));
    for (const name of ["missing", "file", "link", "file/x"])
      expect(runtimeOf(join(root, name))).toBeUndefined();
    if (!isRoot) return;
    chownSync(join(root, "d"), FOREIGN_UID, FOREIGN_UID);
    expect(runtimeOf(join(root, "d"))).toBeUndefined();
  });
});

describe("names that are no UTF-8: nothing is kept beside the directory that is meant", () => {
  const BAD = "/home/jos\ufffd";
  it.each([
    ["HOME", { HOME: BAD }],
    ["XDG_STATE_HOME and XDG_CACHE_HOME", { HOME: "/x", XDG_STATE_HOME: BAD, XDG_CACHE_HOME: BAD }],
    [
      "our own variables",
      { HOME: "/x", DOCKER_CREDENTIAL_ONA_STATE_DIR: BAD, DOCKER_CREDENTIAL_ONA_CACHE_DIR: BAD },
    ],
  ])("%s", (_, env) => {
    const { stateDir, cache } = findDirectories(env, uid);
    expect(stateDir).toBeUndefined();
    expect(cache.map(({ dir }) => dir).filter((dir) => dir !== SHM)).toEqual([]);
  });
});
