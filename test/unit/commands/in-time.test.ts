// Two promises of the verbs that nothing else would break visibly: `list` is answered in time whatever hangs, and a token
// that we minted is never taken for a login, also where its cache key has changed since.

import { expect, it, onTestFinished, vi } from "vitest";
import { runHelper } from "../../../src/helper.ts";
import { localLogins } from "../../../src/store/logins.ts";
import { startClouds } from "../../stand-ins/clouds/clouds.ts";
import { TEAM, world } from "../sources/platform/platform-world.ts";
import { uid } from "../store/scratch.ts";
import { get, login } from "./verbs.ts";

const ECR = "111122223333.dkr.ecr.eu-central-1.amazonaws.com";

it("a list that hangs is answered within the three seconds of its callers, and not before the platform had its turn", async () => {
  const w = await world();
  await w.fail({ kind: "error", code: "unavailable" });
  let hangs: () => void = () => undefined;
  const hanging = new Promise<void>((resolve) => {
    hangs = resolve;
  });
  // The pause before a retry never ends.
  const sleep = (): Promise<void> => {
    hangs();
    return new Promise(() => undefined);
  };
  const clock = { nowMs: () => w.clock.nowMs(), monotonicMs: () => w.clock.monotonicMs(), sleep };
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  let said: unknown;
  void runHelper(["list"], {
    context: { env: w.env, uid, clock },
    trace: () => undefined,
    helperNames: ["ona"],
    readStdin: async () => Buffer.alloc(0),
    executable: "/usr/bin/docker-credential-ona",
    asCaller: (start) => start(),
  }).then((reply) => {
    said = reply;
  });
  await hanging;
  vi.advanceTimersByTime(2300);
  await new Promise((resolve) => setImmediate(resolve));
  expect(said).toBeUndefined();
  vi.advanceTimersByTime(500);
  await new Promise((resolve) => setImmediate(resolve));
  expect(said).toEqual({ stdout: "{}\n", stderr: "", exitCode: 0 });
});

it("a token that we minted is no login, whatever the environment looks like by then", async () => {
  await using clouds = await startClouds({ ecr: {}, imds: {} });
  const w = await world({ seed: { secrets: [{ ...TEAM, host: ECR, value: "runner-native" }] } });
  const token = await get(w, ECR, clouds.env);
  expect(token).toMatch(/^AWS:./);
  // Another cache key, so that the token is not found there.
  const elsewhere = { ...clouds.env, AWS_ROLE_SESSION_NAME: "another" };
  await login(w, ECR, token, elsewhere);
  expect(localLogins(w.local().loginPlace).all()).toEqual([]);
  // Any other credential is one.
  await login(w, ECR, "AWS:of-another-account", elsewhere);
  expect(localLogins(w.local().loginPlace).all()).toHaveLength(1);
});
