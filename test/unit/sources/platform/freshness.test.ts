// How long the platform's answer is used, and what is asked again when: the list every `freshSeconds`, a value when
// its session changed, after 15 minutes, or every time.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { numRuns } from "../../core/runs.ts";
import { DAY_MS, HOST, MINUTE_MS, SECOND_MS, TEAM, world } from "./platform-world.ts";

const FRESH = "demo:first ()";

describe("fresh for 60 s, counted from the request", () => {
  it("then the list is asked for, and an unchanged value is not", async () => {
    const w = await world();
    expect(await w.ask()).toBe("demo:first (GetEnvironment GetSecretValue)");
    expect(await w.ask()).toBe(FRESH);
    w.clock.advance(60 * SECOND_MS - 1);
    expect(await w.ask()).toBe(FRESH);
    w.clock.advance(1);
    expect(await w.ask()).toBe("demo:first (GetEnvironment)");
    w.clock.advance(60 * SECOND_MS - 1);
    expect(await w.ask()).toBe(FRESH);
    w.clock.advance(1);
    expect(await w.ask()).toBe("demo:first (GetEnvironment)");
  });

  it("a value whose session changed is read again", async () => {
    const w = await world();
    await w.get();
    await w.change({ do: "setValue", secret: "TEAM", value: "demo:second" });
    w.clock.advance(MINUTE_MS - 1);
    expect(await w.ask()).toBe(FRESH);
    w.clock.advance(1);
    expect(await w.ask()).toBe("demo:second (GetEnvironment GetSecretValue)");
  });

  it("a value that changed without its session is read again after 15 minutes, and not before", async () => {
    const w = await world();
    await w.get();
    await w.change({ do: "setValue", secret: "TEAM", value: "demo:second", session: false });
    for (let minute = 1; minute < 15; minute += 1) {
      w.clock.advance(MINUTE_MS);
      expect(await w.ask()).toBe("demo:first (GetEnvironment)");
    }
    w.clock.advance(MINUTE_MS);
    expect(await w.ask()).toBe("demo:second (GetEnvironment GetSecretValue)");
  });

  it("a session that went back to an earlier one is a change too", async () => {
    const w = await world();
    await w.get();
    for (const [value, session] of [
      ["demo:second", "other"],
      ["demo:third", "s-1"],
    ] as const) {
      await w.change({ do: "setValue", secret: "TEAM", value, session });
      w.clock.advance(MINUTE_MS);
      expect(await w.ask()).toBe(`${value} (GetEnvironment GetSecretValue)`);
    }
  });
});

describe("one list for all registries", () => {
  const seed = { secrets: [TEAM, { name: "OTHER", host: "other.example.test", value: "other:one" }] };

  it("another registry reads its value only; one without a secret reads nothing", async () => {
    const w = await world({ seed });
    await w.get();
    expect(await w.ask("other.example.test")).toBe("other:one (GetSecretValue)");
    expect(await w.ask("nobody.example.test")).toBe("none ()");
    expect(await w.ask("nobody.example.test:5000")).toBe("none ()");
  });

  it("what follows from a list is as old as the list", async () => {
    const w = await world({ seed });
    await w.get();
    w.clock.advance(50 * SECOND_MS);
    expect(await w.ask("nobody.example.test")).toBe("none ()");
    expect(await w.ask("other.example.test")).toBe("other:one (GetSecretValue)");
    w.clock.advance(10 * SECOND_MS);
    expect(await w.ask("nobody.example.test")).toBe("none (GetEnvironment)");
    expect(await w.ask("other.example.test")).toBe("other:one ()");
    expect(await w.ask()).toBe("demo:first ()");
  });

  it("a secret that appears is found, one that is removed is gone, each when the list is asked for again", async () => {
    const w = await world({ seed });
    await w.get();
    expect(await w.ask("new.example.test")).toBe("none ()");
    await w.change(
      { do: "addSecret", secret: { name: "NEW", host: "new.example.test", value: "new:one" } },
      { do: "removeFromSpec", secret: "TEAM" },
    );
    expect(await w.ask("new.example.test")).toBe("none ()");
    w.clock.advance(MINUTE_MS);
    expect(await w.ask("new.example.test")).toBe("new:one (GetEnvironment GetSecretValue)");
    expect(await w.ask()).toBe("none ()");
  });
});

describe("freshSeconds", () => {
  it("0: every run asks, and one that waited takes what was asked for since it began", async () => {
    const w = await world({ config: { freshSeconds: 0 } });
    for (let run = 0; run < 3; run += 1) {
      expect(await w.ask()).toContain("GetEnvironment");
      w.clock.advance(1);
    }
    await w.change({ do: "setValue", secret: "TEAM", value: "demo:second" });
    expect(await w.ask()).toBe("demo:second (GetEnvironment GetSecretValue)");
  });

  it("110", async () => {
    const w = await world({ config: { freshSeconds: 110 } });
    await w.get();
    w.clock.advance(110 * SECOND_MS - 1);
    expect(await w.ask()).toBe(FRESH);
    w.clock.advance(1);
    expect(await w.ask()).toBe("demo:first (GetEnvironment)");
  });
});

describe("a value that another system makes up", () => {
  const seed = { secrets: [{ ...TEAM, oidcJfrog: { host: "jfrog.example", providerName: "p" } }] };

  it("is read every time the platform is asked, and never stands in during an outage", async () => {
    const w = await world({ seed });
    expect(await w.ask()).toBe("demo:first (GetEnvironment GetSecretValue)");
    expect(await w.ask()).toBe(FRESH);
    await w.change({ do: "setValue", secret: "TEAM", value: "demo:second", session: false });
    w.clock.advance(MINUTE_MS);
    expect(await w.ask()).toBe("demo:second (GetEnvironment GetSecretValue)");
    await w.fail({ kind: "error", code: "internal" });
    w.clock.advance(MINUTE_MS);
    expect(await w.get()).toBe("failed platform-unreachable managed");
  });

  it("beside a verbatim one of a lower scope: an outage while reading it hands over to nobody", async () => {
    const lower = { name: "LOWER", host: HOST, value: "lower:one", scope: "organization" } as const;
    const w = await world({ seed: { secrets: [...seed.secrets, lower] } });
    await w.fail({ method: "GetSecretValue", secret: "TEAM", kind: "error", code: "internal" });
    expect(await w.get()).toBe("failed platform-unreachable managed");
  });
});

it("a changed secret is served at most 120 s after the change, whatever the rhythm of the questions", async () => {
  const pause = fc.integer({ min: 0, max: 40 * SECOND_MS });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(0, 1, 60, 110),
      fc.array(pause, { minLength: 4, maxLength: 10 }),
      fc.nat(3),
      async (freshSeconds, pauses, changeAt) => {
        const w = await world({ config: { freshSeconds } });
        let changedMs = Number.POSITIVE_INFINITY;
        for (const [run, pauseMs] of pauses.entries()) {
          if (run === changeAt) {
            await w.change({ do: "setValue", secret: "TEAM", value: "demo:second" });
            changedMs = w.clock.nowMs();
          }
          const answer = await w.get();
          if (w.clock.nowMs() - changedMs >= 120 * SECOND_MS && answer !== "demo:second") return false;
          w.clock.advance(pauseMs);
        }
        w.clock.advance(Math.max(0, changedMs + 120 * SECOND_MS - w.clock.nowMs()));
        return (await w.get()) === "demo:second";
      },
    ),
    { numRuns: numRuns(12) },
  );
});

it("answers of long ago are asked for again, not served", async () => {
  const w = await world();
  await w.get();
  await w.change({ do: "setValue", secret: "TEAM", value: "demo:second" });
  w.clock.advance(400 * DAY_MS);
  expect(await w.ask()).toBe("demo:second (GetEnvironment GetSecretValue)");
});
