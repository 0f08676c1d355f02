// ECR and ECR Public told to misbehave: the real SDK must see exactly what was scripted, and then the truth again.

import { GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr";
import { GetAuthorizationTokenCommand as GetPublicAuthorizationTokenCommand } from "@aws-sdk/client-ecr-public";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Clouds, startClouds } from "./clouds.ts";
import { ask, ecrClient, ecrPublicClient, nameOfRefusal } from "./ecr-client.ts";
import { fingerprint } from "./journal.ts";

let clouds: Clouds;
beforeEach(async () => {
  clouds = await startClouds({ ecr: {}, ecrPublic: {} });
});
afterEach(() => clouds.close());

describe("ECR misbehaves", () => {
  test("throttling is told in the words of each service, and passes", async () => {
    const key = clouds.ring.permanent();
    clouds.ecr.faults.next({ kind: "throttled" });
    clouds.ecrPublic.faults.next({ kind: "throttled" });
    expect(await nameOfRefusal(ask(ecrClient(clouds, key)))).toBe("ThrottlingException");
    const command = new GetPublicAuthorizationTokenCommand({});
    expect(await nameOfRefusal(ecrPublicClient(clouds, key).send(command))).toBe("TooManyRequestsException");
    await ask(ecrClient(clouds, key));
    await ask(ecrClient(clouds, key, "us-east-1"));
    expect(clouds.ecr.journal.count("GetAuthorizationToken")).toBe(3);
    expect(clouds.ecr.journal.granted()).toBe(2);
  });

  test.each([
    ["denied" as const, "AccessDeniedException"],
    ["unavailable" as const, "ServerException"],
  ])("%s", async (kind, name) => {
    clouds.ecr.faults.next({ kind });
    expect(await nameOfRefusal(ask(ecrClient(clouds, clouds.ring.permanent())))).toBe(name);
  });

  test("an expired token is granted with an end in the past", async () => {
    clouds.ecr.faults.next({ kind: "expired" });
    const { authorizationData } = await ask(ecrClient(clouds, clouds.ring.permanent()));
    expect(authorizationData?.[0]?.expiresAt?.getTime()).toBeLessThan(clouds.clock.nowMs());
    const [minted] = clouds.ecrPasswords.all;
    expect(clouds.isValidEcrPassword("AWS", minted?.password ?? "")).toBe(false);
  });

  test("garbage, a cut connection and a redirect are no answer", async () => {
    const key = clouds.ring.permanent();
    for (const fault of [
      { kind: "garbage" as const },
      { kind: "reset" as const },
      { kind: "redirect" as const, to: clouds.ecrPublic.url },
    ]) {
      clouds.ecr.faults.next(fault);
      expect(await nameOfRefusal(ask(ecrClient(clouds, key)))).not.toBe("granted");
    }
    expect(clouds.ecr.journal.entries.map((it) => it.fault)).toEqual(["garbage", "reset", "redirect"]);
    expect(clouds.ecrPublic.journal.count()).toBe(0);
  });

  test.each(["silence" as const, "drip" as const])("%s lasts as long as the client waits", async (kind) => {
    clouds.ecr.faults.next({ kind });
    const stop = new AbortController();
    const asked = ecrClient(clouds, clouds.ring.permanent()).send(new GetAuthorizationTokenCommand({}), {
      abortSignal: stop.signal,
    });
    const seen = expect(asked).rejects.toMatchObject({ name: "AbortError" });
    while (clouds.ecr.journal.count() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort();
    await seen;
    expect(clouds.ecr.journal.last()).toMatchObject({ fault: kind });
  });
});

test.each([
  ["behind", 6 * 60_000, /^Signature expired: \d{8}T\d{6}Z is now earlier than .* - 5 min\.\)$/],
  ["ahead", -6 * 60_000, /^Signature not yet current: .* \+ 5 min\.\)$/],
])("a clock that is %s, until it has seen the right time", async (_name, offsetMs, message) => {
  const ecr = ecrClient(clouds, clouds.ring.permanent());
  clouds.clock.offsetMs = offsetMs;
  const asked = ask(ecr);
  await expect(asked).rejects.toMatchObject({ name: "InvalidSignatureException", message });
  await ask(ecr);
  expect(clouds.ecr.journal.granted()).toBe(1);
});

test("the journal tells who asked with what, and holds no secret", async () => {
  const key = clouds.ring.temporary("arn:aws:sts::1:assumed-role/r/s", clouds.clock.nowMs() + 60_000);
  await ask(ecrClient(clouds, key));
  const text = JSON.stringify(clouds.ecr.journal.entries);
  const [minted] = clouds.ecrPasswords.all;
  expect(text).toContain(key.accessKeyId);
  expect(text).toContain(fingerprint(key.sessionToken ?? ""));
  for (const secret of [key.secretAccessKey, key.sessionToken, minted?.password]) {
    expect(text).not.toContain(secret);
  }
  expect(text).not.toMatch(/Signature=[0-9a-f]{8}/);
});
