// The files of local logins: kept whole, found by nobody else, and said aloud when they cannot be kept or removed.

import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Failure } from "../../../src/core/failures.ts";
import { type LocalLogins, localLogins } from "../../../src/store/logins.ts";
import { ManualClock } from "../edge/manual-clock.ts";
import { credential, refOf } from "../sources/platform/platform-world.ts";
import { modeOf, scratch, uid } from "./scratch.ts";

const clock = new ManualClock();
const HOST = refOf("registry.example.test");
const of = (dir: string | undefined, environment = "e1", user = uid): LocalLogins =>
  localLogins(dir, environment, user, clock);
const shown = (logins: LocalLogins, ref = HOST): string => {
  const login = logins.find(ref);
  return login === undefined ? "none" : `${login.credential.username}:${login.credential.secret.expose()}`;
};

function failure(work: () => void): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return "done";
}

/** A state directory with one login in it, and that login's file. */
function withLogin(): { dir: string; file: string; logins: LocalLogins } {
  const dir = join(scratch(), "state");
  const logins = of(dir);
  logins.save(HOST, credential("me", "c4nary"), true);
  const [name = ""] = readdirSync(join(dir, "logins"));
  return { dir, file: join(dir, "logins", name), logins };
}

describe("kept", () => {
  it.each<[string, string, string]>([
    ["ordinary", "me", "mine"],
    ["an empty secret", "me", ""],
    ["Unicode", "më", '🔑\u2028\0\n"\\'],
    ["64 KB", "me", "x".repeat(65_536)],
    ["a megabyte of control characters", "me", "\x01".repeat(1_000_000)],
    ["spaces in the user", " me ", "mine"],
  ])("%s", (_, username, password) => {
    const dir = join(scratch(), "a", "state");
    of(dir).save(HOST, credential(username, password), true);
    expect(shown(of(dir))).toBe(`${username}:${password}`);
    expect([modeOf(dir), modeOf(join(dir, "logins"))]).toEqual(["700", "700"]);
    for (const name of readdirSync(join(dir, "logins"))) {
      expect(modeOf(join(dir, "logins", name))).toBe("600");
      expect(name).toMatch(/^[0-9a-f]{40}\.json$/);
    }
  });

  it("one per registry and environment; all() names those of this environment", () => {
    const { dir, logins } = withLogin();
    logins.save(refOf("other.example.test"), credential("o", "1"), false);
    of(dir, "e2").save(HOST, credential("me", "two"), true);
    of(dir, "").save(HOST, credential("me", "none"), true);
    expect([shown(logins), shown(of(dir, "e2")), shown(of(dir, ""))]).toEqual([
      "me:c4nary",
      "me:two",
      "me:none",
    ]);
    expect(
      logins
        .all()
        .map(({ registry, confirmed }) => `${registry} ${confirmed}`)
        .toSorted(),
    ).toEqual(["other.example.test false", "registry.example.test true"]);
    logins.remove(HOST);
    expect([shown(logins), shown(of(dir, "e2"))]).toEqual(["none", "me:two"]);
    logins.remove(HOST);
  });

  it("a writer that died leaves nothing behind for long", () => {
    const { dir, logins } = withLogin();
    const orphan = join(dir, "logins", `${"a".repeat(40)}.json.tmp-1-abcdefgh`);
    writeFileSync(orphan, '{"v":1,"key":"c4nary"', { mode: 0o600 });
    utimesSync(orphan, clock.nowMs() / 1000 - 120, clock.nowMs() / 1000 - 120);
    logins.save(HOST, credential("me", "again"), true);
    expect(readdirSync(join(dir, "logins"))).toHaveLength(1);
  });
});

describe("confirmed", () => {
  it("only if it is still the same one", () => {
    const { dir, logins } = withLogin();
    logins.save(HOST, credential("me", "open"), false);
    const login = logins.find(HOST);
    if (login === undefined) throw new Error("no login");
    logins.confirm(HOST, login);
    expect(logins.find(HOST)).toMatchObject({ confirmed: true, madeAtMs: login.madeAtMs });
    clock.advance(1000);
    logins.save(HOST, credential("me", "newer"), false);
    logins.confirm(HOST, login);
    expect(logins.find(HOST)).toMatchObject({ confirmed: false });
    expect(shown(logins)).toBe("me:newer");
    logins.remove(HOST);
    logins.confirm(HOST, login);
    expect(shown(of(dir))).toBe("none");
  });
});

describe("not found, and no exception", () => {
  const damages: Record<string, (file: string, dir: string) => void> = {
    "a cut file": (file) => writeFileSync(file, readFileSync(file, "utf8").slice(0, -1)),
    "an empty file": (file) => writeFileSync(file, ""),
    "a file that others may read": (file) => chmodSync(file, 0o644),
    "a link to it": (file) => {
      renameSync(file, `${file}.real`);
      symlinkSync(`${file}.real`, file);
    },
    "a directory that others may enter": (_, dir) => chmodSync(join(dir, "logins"), 0o755),
    "a state directory that others may enter": (_, dir) => chmodSync(dir, 0o711),
    "a directory that is a link": (_, dir) => {
      renameSync(join(dir, "logins"), join(dir, "real"));
      symlinkSync(join(dir, "real"), join(dir, "logins"));
    },
    "a file of another environment under this one's name": (file, dir) => {
      of(dir, "e2").save(HOST, credential("me", "two"), true);
      const other = readdirSync(join(dir, "logins")).find((name) => !file.endsWith(name)) ?? "";
      copyFileSync(join(dir, "logins", other), file);
    },
    "a field of the wrong type": (file) =>
      writeFileSync(file, readFileSync(file, "utf8").replace('"c4nary"', "5")),
  };

  it.each(Object.entries(damages))("%s", (_, damage) => {
    const { dir, file, logins } = withLogin();
    expect(shown(logins)).toBe("me:c4nary");
    damage(file, dir);
    expect(shown(of(dir))).toBe("none");
    expect(of(dir).all()).toEqual([]);
  });

  it("of another user, or without a place at all", () => {
    const { dir } = withLogin();
    expect(shown(of(dir, "e1", uid + 1))).toBe("none");
    for (const place of [undefined, "/no/such/place", "relative"]) {
      expect(shown(of(place))).toBe("none");
      expect(of(place).all()).toEqual([]);
      expect(failure(() => of(place).remove(HOST))).toBe("done");
    }
  });
});

describe("said aloud when it cannot be kept", () => {
  it.each<[string, () => string | undefined]>([
    ["no place at all", () => undefined],
    ["a relative one", () => "relative"],
    ["one below a file", () => "/dev/null/state"],
    [
      "one that others may enter",
      () => {
        const dir = scratch();
        chmodSync(dir, 0o755);
        return dir;
      },
    ],
    [
      "one that is a link",
      () => {
        const root = scratch();
        mkdirSync(join(root, "real"), { mode: 0o700 });
        symlinkSync(join(root, "real"), join(root, "link"));
        return join(root, "link");
      },
    ],
    [
      "one whose inner directory is a file",
      () => {
        const root = scratch();
        writeFileSync(join(root, "logins"), "");
        return root;
      },
    ],
  ])("%s", (_, place) => {
    expect(failure(() => of(place()).save(HOST, credential("me", "mine"), true))).toBe("store-failed");
  });

  it("a directory in the file's place", () => {
    const { file, logins } = withLogin();
    logins.remove(HOST);
    mkdirSync(join(file, "x"), { recursive: true, mode: 0o700 });
    expect(failure(() => logins.save(HOST, credential("me", "mine"), true))).toBe("store-failed");
    expect(failure(() => logins.remove(HOST))).toBe("store-failed");
  });
});
