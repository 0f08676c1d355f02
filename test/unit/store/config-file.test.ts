// Which configuration file is read, and which is not trusted: it decides where credentials go.

import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DEFAULT_CONFIG } from "../../../src/core/config.ts";
import { failureLine } from "../../../src/core/failures.ts";
import { type LoadedConfig, loadConfig } from "../../../src/store/config-file.ts";
import { FOREIGN_UID, isRoot, scratch, uid } from "./scratch.ts";

const NAMED = "DOCKER_CREDENTIAL_ONA_CONFIG";

function put(path: string, text = '{"lookup":"list"}', mode = 0o600): string {
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const lineOf = ({ broken }: LoadedConfig): string =>
  broken === undefined ? "right" : failureLine("r", broken);

describe("which file", () => {
  it("none: the defaults", () => {
    expect(loadConfig({}, [], uid)).toEqual({ config: DEFAULT_CONFIG, path: undefined, broken: undefined });
    expect(loadConfig({}, [join(scratch(), "no")], uid).path).toBeUndefined();
  });

  it("the first that exists, and no other", () => {
    const root = scratch();
    const second = put(join(root, "2"));
    const third = put(join(root, "3"), '{"lookup":"environment"}');
    const loaded = loadConfig({}, [join(root, "1"), second, third], uid);
    expect([loaded.path, loaded.config.lookup]).toEqual([second, "list"]);
  });

  it("a broken first one does not give way to the second", () => {
    const root = scratch();
    const loaded = loadConfig({}, [put(join(root, "1"), "{"), put(join(root, "2"))], uid);
    expect(lineOf(loaded)).toContain(`${root}/1: line 1, column 2`);
    expect(loaded.config).toEqual(DEFAULT_CONFIG);
  });

  it("the named one, which must be there and be named absolutely; an empty name is none", () => {
    const root = scratch();
    const other = put(join(root, "2"));
    expect(loadConfig({ [NAMED]: put(join(root, "1"), "{}") }, [other], uid).path).toBe(join(root, "1"));
    expect(loadConfig({ [NAMED]: "" }, [other], uid).path).toBe(other);
    expect(lineOf(loadConfig({ [NAMED]: join(root, "no") }, [other], uid))).toMatch(
      /no: does not exist.*\[config-invalid\]/,
    );
    expect(lineOf(loadConfig({ [NAMED]: "config.json" }, [other], uid))).toMatch(
      /absolute path.*\[config-invalid\]/,
    );
  });

  it("through links, as mounted files are", () => {
    const root = scratch();
    mkdirSync(join(root, "real"), { mode: 0o700 });
    put(join(root, "real", "x"));
    symlinkSync(join("real", "x"), join(root, "link"));
    expect(loadConfig({}, [join(root, "link")], uid).config.lookup).toBe("list");
  });
});

describe("not trusted", () => {
  it.each([
    ["a file that the group may write", 0o620, 0o700, /\/x can be written by others; run chmod go-w/],
    ["a file that others may write", 0o602, 0o700, /\/x can be written by others/],
    ["a directory that the group may write", 0o600, 0o770, /\/d can be written by others/],
    ["a directory that others may write", 0o600, 0o707, /\/d can be written by others/],
    ["a sticky directory that others may write", 0o600, 0o1777, /\/d can be written by others/],
  ])("%s", (_, fileMode, dirMode, message) => {
    const dir = join(scratch(), "d");
    mkdirSync(dir);
    const path = put(join(dir, "x"), "{}", fileMode);
    chmodSync(dir, dirMode);
    const loaded = loadConfig({}, [path], uid);
    expect(lineOf(loaded)).toMatch(message);
    expect(loaded.broken?.code).toBe("config-unsafe");
    expect(loaded.config).toEqual(DEFAULT_CONFIG);
  });

  it("a link's own directory, and the directory it leads to", () => {
    const root = scratch();
    for (const dir of ["open", "closed"]) mkdirSync(join(root, dir), { mode: 0o700 });
    put(join(root, "open", "x"));
    put(join(root, "closed", "y"));
    symlinkSync(join(root, "open", "x"), join(root, "closed", "link"));
    symlinkSync(join(root, "closed", "y"), join(root, "open", "link"));
    chmodSync(join(root, "open"), 0o777);
    for (const path of ["closed/link", "open/link"]) {
      expect(lineOf(loadConfig({}, [join(root, path)], uid))).toMatch(/\/open can be written by others/);
    }
  });

  it("another user's, unless it is root's", () => {
    const path = put(join(scratch(), "x"));
    expect(lineOf(loadConfig({}, [path], uid + 1))).toMatch(isRoot ? /right/ : /belongs to another user/);
    if (!isRoot) return;
    chownSync(path, FOREIGN_UID, FOREIGN_UID);
    expect(lineOf(loadConfig({}, [path], uid))).toMatch(/\/x belongs to another user.*\[config-unsafe\]/);
    expect(lineOf(loadConfig({}, [path], FOREIGN_UID))).toMatch(/right/);
    chownSync(path, 0, 0);
    chownSync(join(path, ".."), FOREIGN_UID, FOREIGN_UID);
    expect(lineOf(loadConfig({}, [path], uid))).toMatch(/belongs to another user/);
  });
});

describe("a name that is no UTF-8", () => {
  it.each([
    ["HOME", { HOME: "/home/jos\ufffd" }, ["/home/jos\ufffd/.config/x"]],
    ["XDG_CONFIG_HOME", { XDG_CONFIG_HOME: "/home/jos\ufffd" }, ["/home/jos\ufffd/x"]],
    [NAMED, { [NAMED]: "/home/jos\ufffd/x" }, []],
  ])("%s: named, and never taken for absent", (name, env, candidates) => {
    expect(lineOf(loadConfig(env, candidates, uid))).toMatch(
      new RegExp(`: ${name}: is not valid UTF-8.*\\[config-invalid\\]$`),
    );
  });

  it("one that is not needed does no harm", () => {
    expect(lineOf(loadConfig({ HOME: "/home/jos\ufffd" }, ["/x/config"], uid))).toBe("right");
  });
});

describe("not read", () => {
  it.each<[string, (path: string) => void, RegExp]>([
    ["a directory", (path) => mkdirSync(path), /is not a regular file/],
    ["a FIFO", (path) => void execFileSync("mkfifo", [path]), /is not a regular file/],
    ["more than a megabyte", (path) => truncateSync(put(path), 1024 * 1024 + 1), /larger than 1 MiB/],
    ["a link to itself", (path) => symlinkSync(path, path), /cannot be read \(ELOOP\)/],
    ["no JSON", (path) => put(path, "{x}"), /line 1, column 2/],
    ["an unknown key", (path) => put(path, '{"api":{"url":"c4nary"}}'), /api\.url is not a known key/],
    [
      "bytes that are no text",
      (path) => void writeFileSync(path, Buffer.from([0x7b, 0xff, 0x7d]), { mode: 0o600 }),
      /line 1, column 2/,
    ],
  ])("%s: one line that names it and shows nothing of it", (_, make, message) => {
    const path = join(scratch(), "config.json");
    make(path);
    const line = lineOf(loadConfig({}, [path], uid));
    expect(line).toMatch(/^[ -~]*\[config-invalid\]$/);
    expect(line).toMatch(message);
    expect(line).toContain(path);
    expect(line).not.toContain("c4nary");
  });
});

describe("DOCKER_CREDENTIAL_ONA_DEADLINE_MS", () => {
  const load = (text: string): LoadedConfig =>
    loadConfig(
      { DOCKER_CREDENTIAL_ONA_DEADLINE_MS: text },
      [put(join(scratch(), "x"), '{"deadlineMs":7000}')],
      uid,
    );

  it.each([
    ["", 7000],
    ["1", 1],
    ["25000", 25_000],
    [" 1000\n", 1000],
    [" \t", 7000],
  ])("%j", (text, deadlineMs) => expect(load(text).config.deadlineMs).toBe(deadlineMs));

  it.each(["0", "-1", "25001", "1e3", "1000ms", "1 000", "01000", "0x10", "Infinity", "99999999999"])(
    "%j is refused",
    (text) => {
      const loaded = load(text);
      expect(lineOf(loaded)).toMatch(
        /DOCKER_CREDENTIAL_ONA_DEADLINE_MS: must be a whole number from 1 to 25000/,
      );
      expect(loaded.config.deadlineMs).toBeGreaterThan(0);
    },
  );
});
