// The EC2 metadata server and the container endpoint, through the real credential providers and by hand.

import { fromHttp, fromInstanceMetadata } from "@aws-sdk/credential-providers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { writeContainerToken } from "./aws-files.ts";
import { type Clouds, startClouds } from "./clouds.ts";
import { CONTAINER_ROLE } from "./container-credentials.ts";
import { ask, ecrClient } from "./ecr-client.ts";
import { INSTANCE_ROLE } from "./key-ring.ts";
import { withEnv } from "./sdk-env.ts";

const ROLES = "/latest/meta-data/iam/security-credentials/";
const TTL = "x-aws-ec2-metadata-token-ttl-seconds";
let clouds: Clouds;
beforeEach(async () => {
  clouds = await startClouds({ ecr: {}, imds: {}, container: {} });
});
afterEach(() => clouds.close());

const silentLogger = { debug() {}, info() {}, warn() {}, error() {} };
const fromMetadata = () =>
  withEnv(clouds.env, () =>
    fromInstanceMetadata({
      timeout: 200,
      maxRetries: 0,
      ec2MetadataV1Disabled: true,
      logger: silentLogger,
    })(),
  );

async function session(seconds = "60"): Promise<string> {
  const answer = await fetch(`${clouds.imds.url}/latest/api/token`, {
    method: "PUT",
    headers: { [TTL]: seconds },
  });
  return answer.ok ? answer.text() : `${answer.status}`;
}

const look = (path: string, token?: string) =>
  fetch(
    clouds.imds.url + path,
    token === undefined ? {} : { headers: { "x-aws-ec2-metadata-token": token } },
  );

describe("EC2 metadata", () => {
  test("hands out keys that are good at ECR, in three requests", async () => {
    const { accessKeyId } = await fromMetadata();
    const key = clouds.ring.find(accessKeyId);
    expect(key?.principal).toBe(INSTANCE_ROLE);
    if (key !== undefined) await ask(ecrClient(clouds, key));
    expect(clouds.imds.journal.entries.map((it) => it.operation)).toEqual(["token", "roles", "credentials"]);
  });

  test("gives the same keys until they end soon or are rotated", async () => {
    const first = await fromMetadata();
    expect((await fromMetadata()).accessKeyId).toBe(first.accessKeyId);
    clouds.imds.settings.rotateKeys = 1;
    const second = await fromMetadata();
    expect(second.accessKeyId).not.toBe(first.accessKeyId);
    clouds.clock.advance(6 * 3600_000 - 4 * 60_000);
    expect((await fromMetadata()).accessKeyId).not.toBe(second.accessKeyId);
  });

  test("refuses every question without a session: there is no version 1", async () => {
    for (const path of [ROLES, `${ROLES}environment`, "/latest/meta-data/placement/region"]) {
      expect((await look(path)).status).toBe(401);
      expect((await look(path, "made-up")).status).toBe(401);
    }
    const token = await session("60");
    expect(await (await look("/latest/meta-data/placement/region", token)).text()).toBe("us-east-1");
    clouds.clock.advance(61_000);
    expect((await look(ROLES, token)).status).toBe(401);
  });

  test("refuses a session without a time to live, with a bad one, by GET and through a proxy", async () => {
    const url = `${clouds.imds.url}/latest/api/token`;
    const status = async (method: string, headers: Record<string, string>) =>
      (await fetch(url, { method, headers })).status;
    expect(await status("PUT", {})).toBe(400);
    expect(await status("PUT", { [TTL]: "0" })).toBe(400);
    expect(await status("PUT", { [TTL]: "21601" })).toBe(400);
    expect(await status("GET", { [TTL]: "60" })).toBe(405);
    expect(await status("PUT", { [TTL]: "60", "x-forwarded-for": "10.0.0.1" })).toBe(403);
    expect(await status("PUT", { [TTL]: "21600" })).toBe(200);
  });

  test("has no role, or another role", async () => {
    clouds.imds.settings.role = null;
    await expect(fromMetadata()).rejects.toMatchObject({ statusCode: 404 });
    clouds.imds.settings.role = "other";
    const token = await session();
    expect(await (await look(ROLES, token)).text()).toBe("other");
    expect((await look(`${ROLES}environment`, token)).status).toBe(404);
  });

  test("is silent to the bone", async () => {
    clouds.imds.settings.silent = true;
    await expect(fromMetadata()).rejects.toThrow();
    expect(clouds.imds.journal.entries.every((it) => it.status === undefined)).toBe(true);
    expect(clouds.imds.journal.count("token")).toBe(1);
  });

  test("is a closed port when nobody asked for it", async () => {
    await using bare = await startClouds({ ecr: {} });
    const asked = withEnv(bare.env, () => fromInstanceMetadata({ logger: silentLogger })());
    await expect(asked).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(bare.imds.journal.count()).toBe(0);
  });
});

describe("container credentials", () => {
  const read = (env: Record<string, string>) =>
    withEnv(env, () => fromHttp({ maxRetries: 0, logger: silentLogger })());

  test("are given to the right token, from the variable and from a file", async () => {
    const { accessKeyId } = await read(clouds.env);
    const key = clouds.ring.find(accessKeyId);
    expect(key?.principal).toBe(CONTAINER_ROLE);
    if (key !== undefined) await ask(ecrClient(clouds, key));
    expect(clouds.ecr.journal.granted()).toBe(1);
    const { AWS_CONTAINER_AUTHORIZATION_TOKEN: token = "", ...env } = clouds.env;
    await withEnv({}, async (home) => {
      await read({ ...env, ...writeContainerToken(home, token) });
    });
    expect(clouds.container.journal.granted("credentials")).toBe(2);
    expect(JSON.stringify(clouds.container.journal.entries)).not.toContain(token);
  });

  test("are not given to a wrong or a missing token", async () => {
    const { AWS_CONTAINER_AUTHORIZATION_TOKEN: _, ...without } = clouds.env;
    await expect(read(without)).rejects.toThrow("status: 401");
    await expect(read({ ...without, AWS_CONTAINER_AUTHORIZATION_TOKEN: "Bearer x" })).rejects.toThrow("401");
    expect(clouds.container.journal.granted()).toBe(0);
  });

  test("may be silent, refused or ended", async () => {
    clouds.container.faults.next({ kind: "denied" });
    await expect(read(clouds.env)).rejects.toMatchObject({ Code: "AccessDenied" });
    clouds.container.faults.next({ kind: "expired" });
    const { accessKeyId, expiration } = await read(clouds.env);
    expect(expiration?.getTime()).toBeLessThan(clouds.clock.nowMs());
    const key = clouds.ring.find(accessKeyId);
    if (key === undefined) throw new Error("the key was not of the ring");
    await expect(ask(ecrClient(clouds, key))).rejects.toMatchObject({ name: "ExpiredTokenException" });
    // Not through fromHttp: it warns on stderr after its time limit and then waits for ever.
    clouds.container.settings.silent = true;
    const { AWS_CONTAINER_CREDENTIALS_FULL_URI: url = "" } = clouds.env;
    const asked = fetch(url, { signal: AbortSignal.timeout(100) });
    await expect(asked).rejects.toMatchObject({ name: "TimeoutError" });
  });
});
