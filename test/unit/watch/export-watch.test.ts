// `export --watch` as a whole: real requests to a stand-in platform, real files, time that passes as the test says.

import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it, onTestFinished } from "vitest";
import { fromBase64 } from "../../../src/core/export/entry.ts";
import { startClouds } from "../../stand-ins/clouds/clouds.ts";
import { keyEnv } from "../../stand-ins/clouds/key-ring.ts";
import { startExport } from "./export-scene.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOST = "r.example.test";
const seed = { secrets: [{ name: "TEAM", host: HOST, value: "user:first" }] };

const read = (path: string): Record<string, string | undefined> => {
  if (!existsSync(path)) return {};
  const { auths } = JSON.parse(readFileSync(path, "utf8")) as { auths: Record<string, { auth: string }> };
  return Object.fromEntries(Object.entries(auths).map(([key, { auth }]) => [key, fromBase64(auth)]));
};

describe("a change of the platform's", () => {
  it.each([
    ["told by an event", "auto", 5 * SECOND],
    ["looked for", "poll", 65 * SECOND],
  ])("%s is written in time", async (_, watch, limitMs) => {
    const scene = await startExport({ seed, config: { watch } });
    await scene.until(() => read(scene.output)[HOST] === "user:first", SECOND);
    await scene.pass(10 * MINUTE);
    await scene.platform.apply({ do: "setValue", secret: "TEAM", value: "user:second" });
    expect(await scene.until(() => read(scene.output)[HOST] === "user:second", 2 * limitMs)).toBeLessThan(
      limitMs,
    );
    await scene.platform.apply({
      do: "addSecret",
      secret: { name: "NEW", host: "new.example.test", value: "a:b" },
    });
    expect(await scene.until(() => "new.example.test" in read(scene.output), 2 * limitMs)).toBeLessThan(
      limitMs,
    );
    await scene.platform.apply({ do: "deleteSecret", secret: "TEAM" });
    expect(await scene.until(() => !(HOST in read(scene.output)), 2 * limitMs)).toBeLessThan(limitMs);
    expect(await scene.end()).toBe(0);
  });

  it("is polled for where the platform refuses the stream, and refused only once", async () => {
    const faults = [
      { method: "WatchEvents" as const, kind: "error" as const, code: "permission_denied" as const },
    ];
    const scene = await startExport({ seed: { ...seed, faults } });
    await scene.pass(5 * MINUTE);
    await scene.platform.apply({ do: "setValue", secret: "TEAM", value: "user:second" });
    const tookMs = await scene.until(() => read(scene.output)[HOST] === "user:second", 2 * MINUTE);
    expect(tookMs).toBeLessThan(65 * SECOND);
    expect(scene.platform.journal.count("WatchEvents")).toBe(1);
    await scene.end();
  });

  it("is seen after the stream was torn down", async () => {
    const scene = await startExport({ seed });
    await scene.pass(2 * MINUTE);
    await scene.platform.apply(
      { do: "endStreams", reset: true },
      { do: "setValue", secret: "TEAM", value: "user:second" },
    );
    const tookMs = await scene.until(() => read(scene.output)[HOST] === "user:second", 2 * MINUTE);
    expect(tookMs).toBeLessThan(6 * SECOND);
    await scene.end();
  });

  it("is seen where the server keeps its headers back until the first event", async () => {
    const scene = await startExport({ seed: { ...seed, eventHeaders: "first-event" } });
    await scene.pass(2 * MINUTE);
    await scene.platform.apply({ do: "setValue", secret: "TEAM", value: "user:second" });
    expect(await scene.until(() => read(scene.output)[HOST] === "user:second", MINUTE)).toBeLessThan(
      5 * SECOND,
    );
    await scene.end();
  });
});

it("at rest it asks no more than once in five minutes, and writes nothing", async () => {
  const scene = await startExport({ seed });
  await scene.pass(2 * MINUTE);
  scene.platform.journal.clear();
  const before = statSync(scene.output).mtimeMs;
  await scene.pass(60 * MINUTE);
  // A stream that was silent for half an hour is opened anew.
  expect(new Set(scene.platform.journal.methods())).toEqual(new Set(["GetEnvironment", "WatchEvents"]));
  expect(scene.platform.journal.count()).toBeLessThanOrEqual(12);
  expect(scene.platform.journal.count("GetEnvironment")).toBeGreaterThanOrEqual(8);
  expect(statSync(scene.output).mtimeMs).toBe(before);
  await scene.end();
});

describe("errors", () => {
  it("an outage takes nothing away, and its end is noticed", async () => {
    const scene = await startExport({ seed });
    await scene.pass(MINUTE);
    await scene.platform.apply({ do: "goDown" });
    await scene.pass(30 * MINUTE);
    expect(read(scene.output)).toEqual({ [HOST]: "user:first" });
    await scene.platform.apply({ do: "comeUp" }, { do: "setValue", secret: "TEAM", value: "user:second" });
    const tookMs = await scene.until(() => read(scene.output)[HOST] === "user:second", 5 * MINUTE);
    expect(tookMs).toBeLessThan(65 * SECOND);
    expect(scene.warnings.length).toBeLessThan(5);
    await scene.end();
  });

  it.each([
    ["of everything", "goDown", "comeUp"],
    ["of values alone", "fault", "clearFaults"],
  ] as const)(
    "the first round after an outage %s does not wait for what others remember of it",
    async (_, down, up) => {
      const scene = await startExport({ seed, config: { watch: "poll", freshSeconds: 2 } });
      await scene.pass(10 * SECOND);
      const fault = {
        method: "GetSecretValue" as const,
        kind: "error" as const,
        code: "unavailable" as const,
      };
      await scene.platform.apply(
        { do: "setValue", secret: "TEAM", value: "user:second" },
        down === "goDown" ? { do: down } : { do: down, fault },
      );
      await scene.pass(MINUTE);
      expect(read(scene.output)).toEqual({ [HOST]: "user:first" });
      await scene.platform.apply({ do: up });
      const tookMs = await scene.until(() => read(scene.output)[HOST] === "user:second", MINUTE);
      expect(tookMs).toBeLessThan(7 * SECOND);
      await scene.end();
    },
  );

  it("within a round one failure is enough, however many registries there are", async () => {
    const more = Array.from({ length: 9 }, (_, index) => ({
      name: `MORE_${index}`,
      host: `r${index}.example.test`,
      value: "a:b",
    }));
    const scene = await startExport({ seed: { secrets: [...seed.secrets, ...more] } });
    await scene.pass(MINUTE);
    await scene.platform.apply({ do: "goDown" });
    scene.platform.journal.clear();
    await scene.pass(10 * MINUTE);
    expect(scene.platform.journal.count("GetEnvironment")).toBeLessThanOrEqual(3 * 11);
    expect(scene.platform.journal.count("GetSecretValue")).toBe(0);
    await scene.end();
  });

  it("an outage from the start writes no empty file", async () => {
    const faults = [{ kind: "error" as const, code: "unavailable" as const }];
    const scene = await startExport({ seed: { ...seed, faults } });
    await scene.pass(MINUTE);
    expect(existsSync(scene.output)).toBe(false);
    await scene.platform.apply({ do: "clearFaults" });
    await scene.until(() => HOST in read(scene.output), 5 * MINUTE);
    expect(read(scene.output)).toEqual({ [HOST]: "user:first" });
    await scene.end();
  });

  it("an output that is deleted comes back, and is private again after it was opened", async () => {
    const scene = await startExport({ seed });
    await scene.pass(MINUTE);
    rmSync(scene.output);
    expect(await scene.until(() => existsSync(scene.output), MINUTE)).toBeLessThan(11 * SECOND);
    chmodSync(scene.output, 0o644);
    scene.hangUp();
    await scene.pass(SECOND);
    expect(statSync(scene.output).mode & 0o777).toBe(0o600);
    await scene.end();
  });

  it("a file that somebody logged in to is not replaced", async () => {
    const scene = await startExport({ seed });
    await scene.pass(MINUTE);
    const theirs = JSON.stringify({ auths: { [HOST]: { auth: "bWU6bWU=" } } });
    writeFileSync(scene.output, theirs);
    await scene.platform.apply({ do: "setValue", secret: "TEAM", value: "user:second" });
    await scene.pass(10 * MINUTE);
    expect(readFileSync(scene.output, "utf8")).toBe(theirs);
    expect(scene.warnings.join("\n")).toContain("[output-foreign]");
    await scene.end();
  });

  it("a value that is of no use takes the old entry away, and no other", async () => {
    const secrets = [...seed.secrets, { name: "OTHER", host: "o.example.test", value: "a:b" }];
    const scene = await startExport({ seed: { secrets } });
    await scene.pass(MINUTE);
    await scene.platform.apply({ do: "setValue", secret: "TEAM", value: "no colon" });
    await scene.until(() => !(HOST in read(scene.output)), MINUTE);
    expect(read(scene.output)).toEqual({ "o.example.test": "a:b" });
    expect(scene.warnings.join("\n")).toContain("[value-invalid]");
    await scene.end();
  });

  it("SIGHUP reads the configuration again; a broken one changes nothing", async () => {
    const scene = await startExport({ seed });
    await scene.pass(MINUTE);
    writeFileSync(scene.configFile, "{");
    scene.hangUp();
    await scene.pass(SECOND);
    expect(read(scene.output)).toEqual({ [HOST]: "user:first" });
    expect(scene.warnings.join("\n")).toContain("[config-invalid]");
    writeFileSync(scene.configFile, JSON.stringify({ registries: { [HOST]: { source: "none" } } }));
    scene.hangUp();
    await scene.until(() => !(HOST in read(scene.output)), MINUTE);
    expect(read(scene.output)).toEqual({});
    await scene.end();
  });
});

it("stdout gets the whole document, once more at each change", async () => {
  const scene = await startExport({ seed, options: { output: "-" } });
  await scene.pass(10 * MINUTE);
  await scene.platform.apply({ do: "setValue", secret: "TEAM", value: "user:second" });
  await scene.until(() => scene.printed.length === 2, MINUTE);
  const auths = scene.printed.map((text) => JSON.parse(text).auths[HOST].auth);
  expect(auths.map(fromBase64)).toEqual(["user:first", "user:second"]);
  await scene.end();
});

it("a day with a thousand changes: each is written in time, and memory stays flat", {
  timeout: 240_000,
}, async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const heap = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const scene = await startExport({ seed });
  await scene.pass(2 * MINUTE);
  const changes = 1000;
  let afterHundred = 0;
  let worstMs = 0;
  for (let n = 1; n <= changes; n += 1) {
    const value = `user:value-${n}`;
    await scene.platform.apply({ do: "setValue", secret: "TEAM", value });
    worstMs = Math.max(worstMs, await scene.until(() => read(scene.output)[HOST] === value, 10 * SECOND));
    await scene.pass((24 * 60 * MINUTE) / changes - 2 * SECOND);
    scene.platform.journal.clear();
    if (n === 100) afterHundred = heap();
  }
  expect(worstMs).toBeLessThan(5 * SECOND);
  expect(heap() - afterHundred).toBeLessThan(4 * 1024 * 1024);
  expect(scene.clock.waiting).toBeLessThan(10);
  expect(scene.warnings).toEqual([]);
  expect(await scene.end()).toBe(0);
});

describe("a minted token", () => {
  const HOUR = 60 * MINUTE;
  const ECR = "111122223333.dkr.ecr.eu-central-1.amazonaws.com";

  it("is renewed at half of its life; one that cannot be renewed stays until its end and goes then", {
    timeout: 120_000,
    // Hours of the test's clock pass beside real requests, which a busy machine may hold up for longer than a step.
    retry: 2,
  }, async () => {
    const clouds = await startClouds({ ecr: {} });
    // Keys without an end: a machine's own are over after hours of the real clock.
    const keys = keyEnv(clouds.ring.permanent());
    onTestFinished(() => clouds.close());
    const config = { registries: { [ECR]: { source: "ecr" } } };
    const scene = await startExport({ seed: { secrets: [] }, config, env: { ...clouds.env, ...keys } });
    const granted = (): number => clouds.ecr.journal.granted("GetAuthorizationToken");
    await scene.until(() => ECR in read(scene.output), MINUTE);
    await scene.pass(5.9 * HOUR);
    expect([granted(), Object.keys(read(scene.output))]).toEqual([1, [ECR]]);
    const first = read(scene.output)[ECR];
    const renewedMs = await scene.until(() => read(scene.output)[ECR] !== first, 0.3 * HOUR, MINUTE);
    expect(renewedMs).toBeLessThan(0.25 * HOUR);
    // The cloud's clock stood still meanwhile, so its second token ends hardly later; a third may have been asked for already.
    expect([2, 3]).toContain(granted());
    // The cloud's clock is the machine's: its tokens end twelve hours after the test began.
    clouds.ecr.faults.always({ kind: "denied" });
    const over = 12 * HOUR - (6 * HOUR + renewedMs);
    const goneMs = await scene.until(() => !(ECR in read(scene.output)), over + HOUR, MINUTE);
    expect(Math.abs(goneMs - over)).toBeLessThan(0.2 * HOUR);
    // Whichever it is: by then the two clocks are far apart.
    expect(scene.warnings.join("\n")).toMatch(/\[aws-(?:denied|clock-skew)\]/);
    await scene.end();
  });
});
