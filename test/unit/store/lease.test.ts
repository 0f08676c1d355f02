// The lease in one process, on a clock that is moved by hand: who asks, who takes the other's answer, and that
// nothing that stands in the way of a lock costs more than the budget.

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deadlineAfter, systemClock } from "../../../src/edge/clock.ts";
import { withLease } from "../../../src/store/lease.ts";
import { ManualClock } from "../edge/manual-clock.ts";
import { isRoot, scratch } from "./scratch.ts";

/** Of a run of 20 s a waiter keeps 3 s for itself. */
const BUDGET_MS = 17_000;

const PID_NAMESPACE = /[0-9]+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "";

/** Of a process that has ended: a number that is not given out again so soon. */
function endedPid(): string {
  return String(spawnSync("/bin/true").pid);
}

/** A lock leads nowhere, so that looking through it finds nothing. */
const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

class Scene {
  readonly clock = new ManualClock();
  readonly path = join(scratch(), "k.lock");
  /** What the cache says; a function is called at every look. */
  cached: string | undefined;
  looks = 0;
  asked = 0;
  onLook: (look: number) => void = () => undefined;
  onAsk: () => void | Promise<void> = () => undefined;

  async run(options: { path?: string | undefined; deadlineMs?: number } = {}): Promise<string> {
    const { clock } = this;
    const deadline = deadlineAfter(clock, options.deadlineMs ?? 20_000);
    const path = "path" in options ? options.path : this.path;
    const poll = (): string | undefined => {
      this.looks += 1;
      this.onLook(this.looks);
      return this.cached;
    };
    return withLease({ path, clock, deadline, poll }, async () => {
      this.asked += 1;
      await this.onAsk();
      return "asked";
    });
  }

  /** A lock that somebody else holds, `ageMs` after its last sign of life. */
  heldByOther(ageMs = 0, pid = String(process.pid)): void {
    symlinkSync(`${pid}.${PID_NAMESPACE}.x`, this.path);
    this.age(ageMs);
  }

  age(ageMs: number): void {
    const atS = (this.clock.nowMs() - ageMs) / 1000;
    lutimesSync(this.path, atS, atS);
  }

  get waitedMs(): number {
    return this.clock.monotonicMs() - 1000;
  }
}

describe("free", () => {
  it("asks under the lock and gives it back", async () => {
    const scene = new Scene();
    scene.onAsk = () =>
      expect(readlinkSync(scene.path)).toMatch(new RegExp(`^${process.pid}\\.[0-9]+\\.[a-z0-9]+$`));
    expect(await scene.run()).toBe("asked");
    expect([scene.looks, scene.waitedMs, isThere(scene.path)]).toEqual([1, 0, false]);
  });

  it("looks once more before it asks: another may just have written", async () => {
    const scene = new Scene();
    scene.cached = "cached";
    expect(await scene.run()).toBe("cached");
    expect([scene.asked, isThere(scene.path)]).toEqual([0, false]);
  });

  it("gives it back when asking fails, and when looking does", async () => {
    const scene = new Scene();
    scene.onAsk = () => {
      throw new Error("no answer");
    };
    await expect(scene.run()).rejects.toThrow("no answer");
    expect(isThere(scene.path)).toBe(false);
    scene.onLook = () => {
      throw new Error("remembered");
    };
    await expect(scene.run()).rejects.toThrow("remembered");
    expect(isThere(scene.path)).toBe(false);
  });

  it("without a place for locks everybody asks", async () => {
    const scene = new Scene();
    scene.cached = "cached";
    expect(await scene.run({ path: undefined })).toBe("asked");
    expect(scene.looks).toBe(0);
  });

  it("fifty at once in one process: one asks, the others take its answer", async () => {
    const { path } = new Scene();
    let cached: string | undefined;
    let asked = 0;
    const deadline = deadlineAfter(systemClock, 60_000);
    const options = { path, clock: systemClock, deadline, poll: () => cached };
    const ask = async (): Promise<string> => {
      asked += 1;
      await systemClock.sleep(20);
      cached = "answer";
      return cached;
    };
    const answers = await Promise.all(Array.from({ length: 50 }, () => withLease(options, ask)));
    expect(new Set(answers)).toEqual(new Set(["answer"]));
    expect([asked, isThere(path)]).toEqual([1, false]);
  });
});

describe("held by another", () => {
  it("the answer is taken as soon as it is there", async () => {
    const scene = new Scene();
    scene.heldByOther();
    scene.onLook = (look) => {
      scene.age(0);
      if (look === 4) scene.cached = "theirs";
    };
    expect(await scene.run()).toBe("theirs");
    expect([scene.asked, scene.looks, isThere(scene.path)]).toEqual([0, 4, true]);
  });

  it("a holder that lives on without an answer: after the budget we ask ourselves and leave its lock", async () => {
    const scene = new Scene();
    scene.heldByOther();
    scene.onLook = () => scene.age(0);
    expect(await scene.run()).toBe("asked");
    expect(scene.waitedMs).toBeGreaterThanOrEqual(BUDGET_MS);
    expect(scene.waitedMs).toBeLessThan(BUDGET_MS + 100);
    expect([scene.asked, isThere(scene.path)]).toEqual([1, true]);
  });

  it("half of what is left of the deadline stays for asking", async () => {
    const scene = new Scene();
    scene.heldByOther();
    scene.onLook = () => scene.age(0);
    await scene.run({ deadlineMs: 1000 });
    expect(scene.waitedMs).toBeLessThan(600);
    expect(await scene.run({ deadlineMs: 0 })).toBe("asked");
  });

  it("a holder that dies while we wait is followed", async () => {
    const scene = new Scene();
    scene.heldByOther();
    scene.clock.advance(0);
    expect(await scene.run()).toBe("asked");
    // Its last sign of life was at the start; what follows counts real time too, so only the order is certain.
    expect(scene.waitedMs).toBeGreaterThan(2900);
  });

  it("a clock that is set back or forward while we wait ends no wait late", async () => {
    for (const jumpMs of [-3_600_000, 3_600_000, -1_800_000_000_000]) {
      const scene = new Scene();
      scene.heldByOther();
      scene.onLook = (look) => {
        if (look === 3) scene.clock.jump(jumpMs);
      };
      expect(await scene.run()).toBe("asked");
      expect(scene.waitedMs).toBeLessThan(BUDGET_MS + 100);
    }
  });
});

describe("a dead lock", () => {
  it.each([
    ["an hour old", 3_600_000],
    ["from 1970", 1_700_000_000_000],
    ["a little too old", 4500],
    ["an hour in the future", -3_600_000],
    ["ten years in the future", -315_360_000_000],
  ])("%s: is taken over at once and given back", async (_, ageMs) => {
    const scene = new Scene();
    scene.heldByOther(ageMs);
    expect(await scene.run()).toBe("asked");
    expect([scene.looks, scene.waitedMs, isThere(scene.path)]).toEqual([1, 0, false]);
  });

  it("two seconds in the future: held, and waited for within the budget", async () => {
    const scene = new Scene();
    scene.heldByOther(-2000);
    scene.onLook = () => scene.age(-2000);
    expect(await scene.run()).toBe("asked");
    expect(scene.waitedMs).toBeLessThan(BUDGET_MS + 100);
  });
});

describe("the lock of a process that has ended", () => {
  it("is free at once, however fresh", async () => {
    const scene = new Scene();
    scene.heldByOther(0, endedPid());
    expect(await scene.run()).toBe("asked");
    expect([scene.looks, scene.waitedMs, isThere(scene.path)]).toEqual([1, 0, false]);
  });

  it("is free as soon as it ends while we wait", async () => {
    const scene = new Scene();
    scene.heldByOther();
    scene.onLook = (look) => {
      scene.age(0);
      if (look !== 5) return;
      unlinkSync(scene.path);
      scene.heldByOther(0, endedPid());
    };
    expect(await scene.run()).toBe("asked");
    expect(scene.waitedMs).toBeLessThan(1000);
  });

  it.each<[string, (pid: string) => string]>([
    ["in another process namespace", (pid) => `${pid}.1.x`],
    ["that does not say in which namespace", (pid) => `${pid}..x`],
    ["without its number", () => `.${PID_NAMESPACE}.x`],
    ["of number nought", () => `0.${PID_NAMESPACE}.x`],
    ["of a number below nought", (pid) => `-${pid}.${PID_NAMESPACE}.x`],
    ["of a number that is none", (pid) => `${pid}x.${PID_NAMESPACE}.x`],
    ["of a number of a million digits, nearly", () => `${"9".repeat(300)}.${PID_NAMESPACE}.x`],
    ["that is somebody else's link", () => "/etc/passwd"],
  ])("%s: nothing is certain, and it is waited for", async (_, markOf) => {
    const scene = new Scene();
    symlinkSync(markOf(endedPid()), scene.path);
    scene.age(0);
    expect(await scene.run()).toBe("asked");
    expect(scene.waitedMs).toBeGreaterThan(2900);
    expect(scene.waitedMs).toBeLessThan(4000);
  });
});

describe("a lock of the version before, a directory", () => {
  it.each([
    ["that is dead", 3_600_000, 0, 10],
    ["that is held", 0, 2900, 4000],
  ])("%s", async (_, ageMs, least, most) => {
    const scene = new Scene();
    mkdirSync(scene.path);
    scene.age(ageMs);
    expect(await scene.run()).toBe("asked");
    expect(scene.waitedMs).toBeGreaterThanOrEqual(least);
    expect(scene.waitedMs).toBeLessThan(most);
    expect(isThere(scene.path)).toBe(false);
  });
});

describe("what stands in the way of a lock", () => {
  const HOUR_MS = 3_600_000;
  const obstacles: Record<string, (scene: Scene) => void> = {
    "a file": ({ path }) => writeFileSync(path, ""),
    "an old file": (scene) => {
      writeFileSync(scene.path, "");
      scene.age(HOUR_MS);
    },
    "a file from the future": (scene) => {
      writeFileSync(scene.path, "");
      scene.age(-HOUR_MS);
    },
    "an old directory with something in it": (scene) => {
      mkdirSync(join(scene.path, "x"), { recursive: true });
      scene.age(HOUR_MS);
    },
    "a directory from the future with something in it": (scene) => {
      mkdirSync(join(scene.path, "x"), { recursive: true });
      scene.age(-HOUR_MS);
    },
    "a link to nowhere": ({ path }) => symlinkSync(`${path}.nowhere`, path),
    "a link to itself": ({ path }) => symlinkSync(path, path),
    "a directory that is gone": ({ path }) => rmSync(join(path, ".."), { recursive: true }),
    "a file in place of the directory": ({ path }) => {
      rmSync(join(path, ".."), { recursive: true });
      writeFileSync(join(path, ".."), "");
    },
  };

  it.each(Object.entries(obstacles))("%s: the answer is right, within the budget", async (_, put) => {
    const scene = new Scene();
    put(scene);
    expect(await scene.run()).toBe("asked");
    expect(scene.asked).toBe(1);
    expect(scene.waitedMs).toBeLessThan(BUDGET_MS + 100);
  });

  it("what is dead and stays in the way costs half a second, not the budget", async () => {
    for (const name of ["an old file", "an old directory with something in it", "a file from the future"]) {
      const scene = new Scene();
      obstacles[name]?.(scene);
      expect(await scene.run()).toBe("asked");
      expect(scene.waitedMs, name).toBeGreaterThan(500);
      expect(scene.waitedMs, name).toBeLessThan(700);
    }
  });

  it.skipIf(isRoot)("no right to make one: nobody waits", async () => {
    const scene = new Scene();
    chmodSync(join(scene.path, ".."), 0o500);
    expect(await scene.run()).toBe("asked");
    expect(scene.waitedMs).toBe(0);
  });

  it("an answer that appears is still taken", async () => {
    const scene = new Scene();
    mkdirSync(join(scene.path, "x"), { recursive: true });
    scene.age(HOUR_MS);
    scene.onLook = (look) => {
      if (look === 3) scene.cached = "theirs";
    };
    expect(await scene.run()).toBe("theirs");
    expect(scene.asked).toBe(0);
  });
});

describe("a lock that is taken away while we ask", () => {
  it("removed, or taken over: the answer stands, the other's lock stays, nothing is thrown outside", async () => {
    const scene = new Scene();
    scene.onAsk = async () => {
      unlinkSync(scene.path);
      scene.heldByOther(-500);
      // Long enough for a sign of life, which finds the lock in other hands.
      await new Promise((resolve) => setTimeout(resolve, 1300));
    };
    expect(await scene.run()).toBe("asked");
    expect(isThere(scene.path)).toBe(true);
  });

  it("with its whole directory: the answer stands", async () => {
    const scene = new Scene();
    const dir = join(scene.path, "..");
    scene.onAsk = () => rmSync(dir, { recursive: true });
    expect(await scene.run()).toBe("asked");
    mkdirSync(dir, { mode: 0o700 });
    expect(readdirSync(dir)).toEqual([]);
  });
});
