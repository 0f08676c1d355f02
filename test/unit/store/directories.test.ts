// Where things are: home, configuration, cache, logins. Relative values and, with sudo, the variables of somebody else
// do not count.

import { chownSync, mkdirSync } from "node:fs";
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
    XDG_RUNTIME_DIR: "/x/run",
  };
  const directories = findDirectories(env, uid);
  expect(directories.configFiles[0]).toBe("/x/config/docker-credential-ona/config.json");
  expect(directories.stateDir).toBe("/x/state/docker-credential-ona");
  expect(directories.cache).toEqual([
    { dir: "/x/run/docker-credential-ona", parents: false },
    { dir: SHM, parents: false },
    { dir: "/x/cache/docker-credential-ona", parents: true },
  ]);
});

describe("a variable that does not count", () => {
  it.each(["", "x", "../../store/x", "../../x", "~/x"])("XDG variables with %j", (value) => {
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
