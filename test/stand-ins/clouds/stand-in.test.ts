// The server under every stand-in: scripted faults in order, by operation and by count, and a journal without secrets.

import { afterEach, beforeEach, expect, test } from "vitest";
import { CLOSED, type Clouds, startClouds } from "./clouds.ts";
import type { Fault } from "./faults.ts";

let clouds: Clouds;
beforeEach(async () => {
  clouds = await startClouds({ imds: {} });
});
afterEach(() => clouds.close());

const TTL = { "x-aws-ec2-metadata-token-ttl-seconds": "60" };
const put = (signal?: AbortSignal) =>
  fetch(`${clouds.imds.url}/latest/api/token`, {
    method: "PUT",
    headers: TTL,
    redirect: "manual",
    ...(signal === undefined ? {} : { signal }),
  });
const region = () => fetch(`${clouds.imds.url}/latest/meta-data/placement/region`);

test("faults come in the order of the script, each as often as it says, only at its operation", async () => {
  clouds.imds.faults.next({ kind: "denied" }, { times: 2, operation: "token" });
  clouds.imds.faults.next({ kind: "answer", status: 418, body: "tea", headers: { "x-kind": "pot" } });
  expect((await region()).status).toBe(418);
  expect([(await put()).status, (await put()).status, (await put()).status]).toEqual([403, 403, 200]);
  clouds.imds.faults.always({ kind: "unavailable" });
  expect([(await put()).status, (await put()).status]).toEqual([503, 503]);
  clouds.imds.faults.clear();
  expect((await put()).status).toBe(200);
  const { journal } = clouds.imds;
  expect(journal.count()).toBe(7);
  expect(journal.count("token")).toBe(6);
  expect(journal.granted("token")).toBe(2);
  expect(journal.entries.map((it) => it.fault)).toEqual([
    "answer",
    "denied",
    "denied",
    undefined,
    "unavailable",
    "unavailable",
    undefined,
  ]);
});

test.each<[Fault, (answer: Response) => Promise<void>]>([
  [
    { kind: "huge", bytes: 3_000_000 },
    async (answer) => expect((await answer.text()).length).toBe(3_000_000),
  ],
  [{ kind: "garbage" }, async (answer) => expect(await answer.text()).toContain("<<<")],
  [
    { kind: "redirect", to: "http://127.0.0.1:1/", status: 302 },
    async (answer) =>
      expect([answer.status, answer.headers.get("location")]).toEqual([302, "http://127.0.0.1:1/"]),
  ],
  [{ kind: "latency", latencyMs: 5 }, async (answer) => expect(answer.status).toBe(200)],
])("$kind", async (fault, check) => {
  clouds.imds.faults.next(fault);
  await check(await put());
});

test("a drip never ends by itself, a reset has no answer, silence has none either", async () => {
  clouds.imds.faults.next({ kind: "drip", intervalMs: 1 });
  const answer = await put(AbortSignal.timeout(200));
  await expect(answer.text()).rejects.toThrow();
  clouds.imds.faults.next({ kind: "reset" });
  await expect(put()).rejects.toMatchObject({
    cause: { code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/) },
  });
  clouds.imds.faults.next({ kind: "silence" });
  await expect(put(AbortSignal.timeout(50))).rejects.toMatchObject({ name: "TimeoutError" });
});

test("closing does not wait for the silent and the dripping", async () => {
  const other = await startClouds({ imds: { silent: true } });
  const asked = fetch(other.imds.url).catch((error: unknown) => error);
  while (other.imds.journal.count() === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await other.close();
  expect(await asked).toBeInstanceOf(Error);
});

test("the date of an answer is the stand-in's own", async () => {
  clouds.clock.offsetMs = -86_400_000;
  const told = Date.parse((await put()).headers.get("date") ?? "");
  expect(Math.abs(told - clouds.clock.nowMs())).toBeLessThan(60_000);
});

test("sessions and tokens do not reach the journal", async () => {
  const session = await (await put()).text();
  const path = "/latest/meta-data/iam/security-credentials/environment";
  const headers = { "x-aws-ec2-metadata-token": session, authorization: "Bearer not-for-you" };
  await fetch(clouds.imds.url + path, { headers });
  const text = JSON.stringify(clouds.imds.journal.entries);
  expect(text).not.toContain(session);
  expect(text).not.toContain("not-for-you");
  expect(clouds.imds.journal.last()?.status).toBe(200);
});

test("what was not asked for is not in the environment, and nothing in it leaves loopback", async () => {
  expect(clouds.env.AWS_ENDPOINT_URL_ECR).toBe(`http://${CLOSED}`);
  expect(clouds.env.GCE_METADATA_HOST).toBe(CLOSED);
  expect(clouds.env.AWS_EC2_METADATA_SERVICE_ENDPOINT).toBe(clouds.imds.url);
  expect(clouds.env).not.toHaveProperty("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  for (const value of Object.values(clouds.env)) expect(value).toContain("127.0.0.1");
});
