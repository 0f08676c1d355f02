// The files of local logins: kept whole, found by nobody else, and said aloud when they cannot be kept or removed.

import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
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
import type { LocalLogin } from "../../../src/store/login-entry.ts";
import { type LocalLogins, localLogins } from "../../../src/store/logins.ts";
import { ManualClock } from "../edge/manual-clock.ts";
import { credential, refOf } from "../sources/platform/platform-world.ts";
import { FOREIGN_UID, isRoot, modeOf, scratch, uid } from "./scratch.ts";

const clock = new ManualClock();
const HOST = refOf("registry.example.test");
const of = (dir: string | undefined, environment = "e1", user = uid): LocalLogins =>
  localLogins({ stateDir: dir, environmentId: environment, uid: user, clock });
const shown = (logins: LocalLogins, ref = HOST): string => {
  const login = logins.find(ref);
  return login === undefined ? "none" : `${login.credential.username}:${login.credential.secret.expose()}`;
};

function failure(work: () => unknown): string {
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
      expect(name).toMatch(/^[0-9a-f]{40}-[0-9]{15}-[0-9a-z]{8}-c\.json$/);
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
    const orphan = join(dir, "logins", `${"a".repeat(40)}-${"0".repeat(15)}-abcdefgh-u.json.tmp-1-abcdefgh`);
    writeFileSync(orphan, '{"v":1,"key":"c4nary"', { mode: 0o600 });
    utimesSync(orphan, clock.nowMs() / 1000 - 120, clock.nowMs() / 1000 - 120);
    logins.save(HOST, credential("me", "again"), true);
    expect(readdirSync(join(dir, "logins"))).toHaveLength(1);
  });
});

describe("of two acts at once the newer wins", () => {
  const open = (logins: LocalLogins, password: string): LocalLogin =>
    logins.save(HOST, credential("me", password), false);

  it("confirmed: the same login, its life unchanged", () => {
    const { logins } = withLogin();
    const login = open(logins, "open");
    clock.advance(1000);
    logins.confirm(login);
    expect(logins.find(HOST)).toMatchObject({ confirmed: true, madeAtMs: login.madeAtMs });
    logins.confirm(login);
    expect(shown(logins)).toBe("me:open");
  });

  it.each<[string, string, (logins: LocalLogins, login: LocalLogin) => void]>([
    [
      "a logout, then the confirmation",
      "none",
      (logins, login) => {
        logins.remove(HOST);
        logins.confirm(login);
      },
    ],
    [
      "a confirmation, then the logout",
      "none",
      (logins, login) => {
        logins.confirm(login);
        logins.remove(HOST);
      },
    ],
    [
      "a newer login, then the confirmation of the older",
      "me:newer false",
      (logins, login) => {
        open(logins, "newer");
        logins.confirm(login);
      },
    ],
    [
      "a newer login, then the older is dropped",
      "me:newer false",
      (logins, login) => {
        open(logins, "newer");
        logins.drop(login);
      },
    ],
    [
      "the same credential again, then the older is dropped",
      "me:open false",
      (logins, login) => {
        open(logins, "open");
        logins.drop(login);
      },
    ],
    [
      "a newer login under a clock that went back",
      "me:newer false",
      (logins, login) => {
        clock.jump(-3_600_000);
        open(logins, "newer");
        logins.drop(login);
        clock.jump(3_600_000);
      },
    ],
    [
      "dropped, then a newer login",
      "me:newer false",
      (logins, login) => {
        logins.drop(login);
        open(logins, "newer");
      },
    ],
    [
      "confirmed, then dropped",
      "none",
      (logins, login) => {
        logins.confirm(login);
        logins.drop(login);
      },
    ],
  ])("%s", (_, expected, acts) => {
    const { dir, logins } = withLogin();
    acts(logins, open(of(dir), "open"));
    const found = of(dir).find(HOST);
    expect(found === undefined ? "none" : `${shown(of(dir))} ${found.confirmed}`).toBe(expected);
  });

  it("only the newest is kept, and what was dropped leaves no directory that was made for it", () => {
    const dir = join(scratch(), "state");
    const logins = of(dir);
    open(logins, "one");
    expect(readdirSync(join(dir, "logins"))).toHaveLength(1);
    const login = open(logins, "two");
    expect(readdirSync(join(dir, "logins"))).toHaveLength(1);
    logins.drop(login);
    expect(existsSync(dir)).toBe(false);
  });

  it("a directory that was there stays, and so do other logins", () => {
    const { dir, logins } = withLogin();
    of(dir).drop(of(dir).save(refOf("other.example.test"), credential("o", "1"), false));
    expect(shown(logins)).toBe("me:c4nary");
    const named = scratch();
    of(named).drop(open(of(named), "open"));
    expect(existsSync(named)).toBe(true);
  });
});

describe("a login dated in the future counts as made when that is first seen", () => {
  const GOOGLE = refOf("europe-docker.pkg.dev");
  const HOUR_MS = 3_600_000;

  it("and lasts its life from then", () => {
    const dir = join(scratch(), "state");
    clock.jump(24 * HOUR_MS);
    of(dir).save(GOOGLE, credential("oauth2accesstoken", "c4nary"), true);
    clock.jump(-24 * HOUR_MS);
    expect(of(dir).find(GOOGLE)).toMatchObject({
      madeAtMs: clock.nowMs(),
      expiresAtMs: clock.nowMs() + HOUR_MS,
    });
    clock.advance(HOUR_MS - 1000);
    expect(shown(of(dir), GOOGLE)).toBe("oauth2accesstoken:c4nary");
    clock.advance(2000);
    expect(shown(of(dir), GOOGLE)).toBe("none");
    clock.advance(24 * HOUR_MS);
    expect(shown(of(dir), GOOGLE)).toBe("none");
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

describe.runIf(isRoot)(
  "a directory that cannot be searched is no empty one (needs root, to be somebody else)",
  () => {
    const asNobody = (act: () => void): void => {
      process.seteuid?.(FOREIGN_UID);
      try {
        act();
      } finally {
        process.seteuid?.(0);
      }
    };

    /** A state directory of somebody else's with one login of theirs. */
    function theirs(): string {
      const root = scratch();
      chmodSync(root, 0o711);
      const dir = join(root, "state");
      mkdirSync(dir, { mode: 0o700 });
      chownSync(dir, FOREIGN_UID, FOREIGN_UID);
      asNobody(() => void of(dir, "e1", FOREIGN_UID).save(HOST, credential("me", "c4nary"), true));
      return dir;
    }

    it.each([
      ["logins", 0o000],
      ["logins", 0o600],
      ["logins", 0o300],
      [".", 0o000],
      [".", 0o600],
    ])("%s with mode %o: said by name, and everything is back with the mode", (name, mode) => {
      const dir = theirs();
      const logins = of(dir, "e1", FOREIGN_UID);
      chmodSync(join(dir, name), mode);
      asNobody(() => {
        for (const act of [
          () => logins.find(HOST),
          () => logins.remove(HOST),
          () => logins.save(HOST, credential("me", "new"), true),
        ]) {
          expect(act).toThrow(dir);
          expect(failure(act)).toBe("store-failed");
        }
        expect(logins.all()).toEqual([]);
      });
      chmodSync(join(dir, name), 0o700);
      asNobody(() => expect(shown(logins)).toBe("me:c4nary"));
    });

    it("one of somebody else is not used: no login, nothing kept, and a removal that cannot be known is said", () => {
      const dir = scratch();
      asNobody(() => {
        const logins = of(dir, "e1", FOREIGN_UID);
        expect([shown(logins), logins.all()]).toEqual(["none", []]);
        expect(failure(() => logins.save(HOST, credential("me", "mine"), true))).toBe("store-failed");
        expect(failure(() => logins.remove(HOST))).toBe("store-failed");
      });
    });
  },
);

it("the directory that has to be repaired is the one that is named", () => {
  const dir = scratch();
  const logins = of(dir, "e1");
  logins.save(HOST, credential("me", "c4nary"), true);
  for (const broken of [join(dir, "logins"), dir]) {
    chmodSync(broken, 0o755);
    const named = `the directory ${broken} is not private to this user`;
    expect(() => logins.remove(HOST)).toThrow(named);
    expect(() => logins.save(HOST, credential("me", "c4nary"), true)).toThrow(named);
    chmodSync(broken, 0o700);
  }
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
    expect(failure(() => logins.remove(HOST))).toBe("store-failed");
  });
});
