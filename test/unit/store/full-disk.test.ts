// A file system that is full, has no inodes left or is read-only: the old entry stays whole, nothing throws where
// nothing may, and what must not be lost silently says so.

import { mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failureLine } from "../../../src/core/failures.ts";
import { Secret } from "../../../src/core/secret.ts";
import { deadlineAfter } from "../../../src/edge/clock.ts";
import { readPrivateFile, writePrivateFile } from "../../../src/store/atomic-file.ts";
import { createCache } from "../../../src/store/cache.ts";
import { logFailure } from "../../../src/store/failure-log.ts";
import { withLease } from "../../../src/store/lease.ts";
import { localLogins } from "../../../src/store/logins.ts";
import { ManualClock } from "../edge/manual-clock.ts";
import { isRoot, uid } from "./scratch.ts";
import { canMount, type SmallTmpfs, smallTmpfs } from "./small-tmpfs.ts";

const parse = (value: unknown): { atMs: number; word: string } => value as { atMs: number; word: string };

/** Fills what is left. */
function fill(dir: string): void {
  let bytes = 1024 * 1024;
  while (bytes >= 1) {
    try {
      writeFileSync(join(dir, `fill-${readdirSync(dir).length}`), Buffer.alloc(bytes));
    } catch {
      unlinkSync(join(dir, readdirSync(dir).findLast((name) => name.startsWith("fill-")) ?? ""));
      bytes = Math.floor(bytes / 2);
    }
    if (readdirSync(dir).length > 200) break;
  }
}

const ways: Record<string, () => { fs: SmallTmpfs; break: () => void }> = {
  full: () => {
    const fs = smallTmpfs("size=64k");
    return { fs, break: () => fill(fs.dir) };
  },
  "without inodes": () => {
    // One for the root, one for the entry or the directory, one for the sweep's mark and one below.
    const fs = smallTmpfs("size=1m,nr_inodes=6");
    return {
      fs,
      break: () => {
        for (let n = 0; n < 10; n += 1) {
          try {
            mkdirSync(join(fs.dir, `inode-${n}`));
          } catch {
            return;
          }
        }
      },
    };
  },
  "read-only": () => {
    const fs = smallTmpfs("size=1m");
    return { fs, break: () => fs.remount("ro") };
  },
};

describe.runIf(canMount).each(Object.entries(ways))("a disk that is %s", (name, make) => {
  it("cache: the old entry stays, writing and removing throw nothing", () => {
    const { fs, break: breakIt } = make();
    const clock = new ManualClock();
    const cache = createCache([{ dir: fs.dir, parents: false }], uid, clock);
    cache.write("k", { atMs: clock.nowMs(), word: "old" });
    breakIt();
    clock.advance(1000);
    cache.write("k", { atMs: clock.nowMs(), word: "x".repeat(100_000) });
    cache.write("other", { atMs: clock.nowMs(), word: "x".repeat(100_000) });
    expect(cache.read("k", parse)?.word).toBe("old");
    expect(cache.read("other", parse)).toBeUndefined();
    expect(readdirSync(fs.dir).filter((file) => file.includes(".tmp-"))).toEqual([]);
    cache.remove("k");
  });

  it("lease: whoever needs the answer asks for it, and waits for nobody", async () => {
    const { fs, break: breakIt } = make();
    breakIt();
    const clock = new ManualClock();
    const startMs = clock.monotonicMs();
    const path = join(fs.dir, "k.lock");
    const deadline = deadlineAfter(clock, 10_000);
    let asked = 0;
    const answer = await withLease({ path, clock, deadline, poll: () => undefined }, async () => {
      asked += 1;
      return "answer";
    });
    expect([answer, asked]).toEqual(["answer", 1]);
    // A tmpfs counts no blocks for a directory: when full, it can still be locked.
    expect(clock.monotonicMs() - startMs).toBe(0);
  });

  it("login: saving it fails aloud and leaves the old login", () => {
    const { fs, break: breakIt } = make();
    const clock = new ManualClock();
    const logins = localLogins({ stateDir: fs.dir, environmentId: "e1", uid, clock });
    const ref = { key: "ghcr.io", kind: "registry" } as const;
    logins.save(ref, { username: "u", secret: new Secret("old") }, true);
    breakIt();
    const save = (): void =>
      void logins.save(ref, { username: "u", secret: new Secret("c4nary".repeat(20_000)) }, true);
    let line = "";
    try {
      save();
    } catch (error) {
      line = failureLine("r", error as never);
    }
    expect(line).toMatch(/^r: [ -~]*\[store-failed\]$/);
    expect(line).not.toContain("c4nary");
    expect(logins.find(ref)?.credential.secret.expose()).toBe("old");
  });

  it("log: it is not written, and that is all", () => {
    const { fs, break: breakIt } = make();
    breakIt();
    expect(() => logFailure(fs.dir, uid, 0, "get", "x".repeat(1500))).not.toThrow();
    expect(() => logFailure(join(fs.dir, "new"), uid, 0, "get", "line")).not.toThrow();
  });

  it.runIf(name === "read-only" && isRoot)("removing a login fails aloud", () => {
    const { fs, break: breakIt } = make();
    const logins = localLogins({ stateDir: fs.dir, environmentId: "e1", uid, clock: new ManualClock() });
    const ref = { key: "ghcr.io", kind: "registry" } as const;
    logins.save(ref, { username: "u", secret: new Secret("p") }, true);
    breakIt();
    expect(() => logins.remove(ref)).toThrow(/removing .*EROFS/);
  });
});

it.runIf(canMount)("a write that is cut short is never renamed over the good file, at any free size", () => {
  const fs = smallTmpfs("size=64k");
  const path = join(fs.dir, "x");
  writePrivateFile(path, "good");
  for (let size = 4096; size <= 90_000; size += 1777) {
    const text = "y".repeat(size);
    try {
      writePrivateFile(path, text);
      expect(readFileSync(path, "utf8")).toBe(text);
      writePrivateFile(path, "good");
    } catch {
      expect(readPrivateFile(path, uid)).toBe("good");
    }
    expect(readdirSync(fs.dir)).toEqual(["x"]);
  }
});
