// While a token is minted no library prints; afterwards the process is as it was, whatever became of the mint.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { withSilentLibraries } from "../../../src/edge/silence-libraries.ts";
import { startClouds } from "../../stand-ins/clouds/clouds.ts";
import { ECR_EU, planFor, withContext } from "../sources/mint/minting.ts";

/** What libraries could change, as it is now. */
const state = () => [
  console.debug,
  console.error,
  console.info,
  console.log,
  console.trace,
  console.warn,
  process.emitWarning,
  process.env.HOME,
  process.env.GOOGLE_SDK_NODE_LOGGING,
];

it("in a process with real streams only libraries are silent, and only during the work", () => {
  const program = join(import.meta.dirname, "silence-once.ts");
  const env = { ...process.env, HOME: "/users/own", GOOGLE_SDK_NODE_LOGGING: "all" };
  const run = spawnSync(process.execPath, [program], { env, encoding: "utf8" });
  expect(run.stdout.split("\n")).toEqual([
    "ours during: /its/home undefined",
    "ours after: /users/own all",
    // What goes to stdout of the six methods.
    "after",
    "after",
    "after",
    "",
  ]);
  expect(run.stderr).not.toContain("during");
  expect(run.stderr).toMatch(/^our warning after$/m);
  expect(run.stderr).toMatch(/Warning: after/);
});

describe("afterwards the process is as it was", () => {
  it("when the work went well, and when it did not", async () => {
    const before = state();
    expect(await withSilentLibraries("/x", async () => state().length)).toBe(before.length);
    expect(state()).toEqual(before);
    const failing = withSilentLibraries("/x", () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(state()).toEqual(before);
  });

  it("when a variable was not set, it is not set", async () => {
    const home = process.env.HOME;
    onTestFinished(() => void Object.assign(process.env, home === undefined ? {} : { HOME: home }));
    delete process.env.HOME;
    await withSilentLibraries("/x", async () => expect(process.env.HOME).toBe("/x"));
    expect("HOME" in process.env).toBe(false);
  });

  it("when several overlap, after the last of them", async () => {
    const before = state();
    let finish: () => void = () => undefined;
    const long = withSilentLibraries("/x", () => new Promise<void>((resolve) => (finish = resolve)));
    await withSilentLibraries("/x", async () => undefined);
    expect(process.emitWarning).not.toBe(before[6]);
    finish();
    await long;
    expect(state()).toEqual(before);
  });

  it("when a token was really minted", async () => {
    const before = state();
    const { mint } = await import("../../../src/sources/mint/mint.ts");
    await using clouds = await startClouds({ ecr: {}, imds: {} });
    await withContext({ env: clouds.env, home: "/nowhere" }, (context) => mint(planFor(ECR_EU), context));
    expect(state()).toEqual(before);
  });
});
