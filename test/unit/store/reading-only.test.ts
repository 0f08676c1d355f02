// What `doctor` reads of the cache, the failure log and the logins, and that reading makes and changes nothing.

import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/core/secret.ts";
import { systemClock } from "../../../src/edge/clock.ts";
import { createCache } from "../../../src/store/cache.ts";
import { openForReading } from "../../../src/store/cache-reader.ts";
import { logFailure } from "../../../src/store/failure-log.ts";
import { readFailures } from "../../../src/store/failure-log-reader.ts";
import { lastLoginMs } from "../../../src/store/lapsed-login.ts";
import { localLogins } from "../../../src/store/logins.ts";
import { scratch, uid } from "./scratch.ts";

interface Entry {
  readonly atMs: number;
  readonly text: string;
}
const parse = (value: unknown): Entry => value as Entry;
const fingerprint = (dir: string): string =>
  readdirSync(dir, { recursive: true, encoding: "utf8" })
    .map((name) => `${name} ${statSync(join(dir, name)).mtimeMs}`)
    .join("\n");

describe("the cache", () => {
  const places = (...dirs: string[]) => dirs.map((dir) => ({ dir, parents: true }));

  it("gives what is there, and writes, removes and locks nothing", () => {
    const dir = join(scratch(), "cache");
    createCache(places(dir), uid, systemClock).write("k", { atMs: 1, text: "x" });
    const before = fingerprint(dir);
    const opened = openForReading(places(dir), uid, systemClock);
    expect(opened.dir).toBe(dir);
    expect(opened.cache.read("k", parse)).toMatchObject({ atMs: 1, text: "x" });
    expect(opened.cache.read("other", parse)).toBeUndefined();
    opened.cache.write("k", { atMs: 2 });
    opened.cache.remove("k");
    expect(opened.cache.leasePath("k")).toBeUndefined();
    expect(fingerprint(dir)).toBe(before);
  });

  it("an entry of the future is none", () => {
    const dir = join(scratch(), "cache");
    createCache(places(dir), uid, systemClock).write("k", { atMs: Date.now() + 60_000 });
    expect(openForReading(places(dir), uid, systemClock).cache.read("k", parse)).toBeUndefined();
  });

  it("is not made where there is none, and passes over what is not private", () => {
    const root = scratch();
    const [missing, open, link, good] = ["missing", "open", "link", "good"].map((name) => join(root, name));
    if (missing === undefined || open === undefined || link === undefined || good === undefined)
      throw new Error();
    mkdirSync(open);
    chmodSync(open, 0o755);
    mkdirSync(good, { mode: 0o700 });
    symlinkSync(good, link);
    expect(openForReading(places(missing, open, link, good), uid, systemClock).dir).toBe(good);
    expect(openForReading(places(missing, open, link), uid, systemClock).dir).toBeUndefined();
    expect(readdirSync(root).toSorted()).toEqual(["good", "link", "open"]);
  });
});

describe("the failure log", () => {
  it("gives what was written, oldest first, its predecessor included", () => {
    const dir = scratch();
    logFailure(dir, uid, Date.parse("2026-01-02T03:04:05Z"), "get", "ghcr.io: no [no-token]");
    writeFileSync(join(dir, "failures.log.1"), "2026-01-01T00:00:00.000Z get older [deadline]\n", {
      mode: 0o600,
    });
    expect(readFailures(dir, uid)).toEqual([
      { atMs: Date.parse("2026-01-01T00:00:00Z"), verb: "get", line: "older [deadline]" },
      { atMs: Date.parse("2026-01-02T03:04:05Z"), verb: "get", line: "ghcr.io: no [no-token]" },
    ]);
  });

  it.each(["", "x", "2026-01-01 get", "never get x", "\u0000\n\n", "2026-01-01T00:00:00Z GET x"])(
    "%j is no failure",
    (text) => {
      const dir = scratch();
      writeFileSync(join(dir, "failures.log"), text, { mode: 0o600 });
      expect(readFailures(dir, uid)).toEqual([]);
    },
  );

  it("of a directory that is not private, or of none, is empty", () => {
    const dir = scratch();
    logFailure(dir, uid, 1, "get", "x");
    chmodSync(dir, 0o755);
    expect(readFailures(dir, uid)).toEqual([]);
    expect(readFailures(undefined, uid)).toEqual([]);
    expect(readFailures(join(dir, "none"), uid)).toEqual([]);
  });
});

describe("the last login", () => {
  const ref = { key: "ghcr.io", kind: "registry" as const };

  it("is known by its file's name, of this environment and registry only", () => {
    const dir = join(scratch(), "state");
    const before = Date.now();
    localLogins({ stateDir: dir, environmentId: "env", uid, clock: systemClock }).save(
      ref,
      { username: "me", secret: new Secret("c4nary") },
      true,
    );
    expect(lastLoginMs(dir, "env", ref)).toBeGreaterThanOrEqual(before);
    expect(lastLoginMs(dir, "other", ref)).toBeUndefined();
    expect(lastLoginMs(dir, "env", { ...ref, key: "quay.io" })).toBeUndefined();
  });

  it("is none without a directory", () => {
    expect(lastLoginMs(undefined, "env", ref)).toBeUndefined();
    expect(lastLoginMs(join(scratch(), "none"), undefined, ref)).toBeUndefined();
  });
});
