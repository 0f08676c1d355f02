// The GCE metadata server through google-auth-library's Compute client and by hand.

import { Compute, gcpMetadata } from "google-auth-library";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Clouds, startClouds } from "./clouds.ts";
import { INSTANCE_ACCOUNT } from "./gce-metadata.ts";
import { CLOUD_PLATFORM } from "./google-tokens.ts";
import { withEnv } from "./sdk-env.ts";

const ACCOUNT = "/computeMetadata/v1/instance/service-accounts/default/";
const FLAVOR = { "metadata-flavor": "Google" };
let clouds: Clouds;
beforeEach(async () => {
  clouds = await startClouds({ gce: {} });
});
afterEach(() => clouds.close());

const look = (path: string, headers: Record<string, string> = FLAVOR, method = "GET") =>
  fetch(clouds.gce.url + path, { headers, method });

/** A new client each time: one keeps its token. */
const token = () => withEnv(clouds.env, async () => (await new Compute().getAccessToken()).token ?? "");

describe("the token", () => {
  test("reaches the client in one request and is known afterwards", async () => {
    const got = await token();
    expect(clouds.isValidGoogleToken(got)).toBe(true);
    expect(clouds.googleTokens.find(got)).toMatchObject({
      principal: INSTANCE_ACCOUNT,
      scopes: [CLOUD_PLATFORM],
    });
    expect(clouds.gce.journal.entries.map((it) => it.operation)).toEqual([
      "instance/service-accounts/default/token",
    ]);
    expect(JSON.stringify(clouds.gce.journal.entries)).not.toContain(got);
    clouds.clock.advance(3600_000);
    expect(clouds.isValidGoogleToken(got)).toBe(false);
    expect(clouds.isValidGoogleToken("ya29.made-up")).toBe(false);
  });

  test("stays the same, with its life counting down, until shortly before its end", async () => {
    const read = async () => (await (await look(`${ACCOUNT}token`)).json()) as Record<string, unknown>;
    const first = await read();
    expect(first).toMatchObject({ token_type: "Bearer", expires_in: 3600 });
    clouds.clock.advance(54 * 60_000);
    const second = await read();
    expect(second.access_token).toBe(first.access_token);
    expect(second.expires_in).toBeGreaterThanOrEqual(359);
    expect(second.expires_in).toBeLessThanOrEqual(360);
    clouds.clock.advance(61_000);
    const third = await read();
    expect(third.access_token).not.toBe(first.access_token);
    expect(third.expires_in).toBe(3600);
  });

  test("may have ended already", async () => {
    clouds.gce.faults.next({ kind: "expired" });
    expect(await (await look(`${ACCOUNT}token`)).json()).toMatchObject({ expires_in: -60 });
  });
});

describe("the server", () => {
  test("wants the flavor and says it back", async () => {
    const answer = await look(`${ACCOUNT}email`);
    expect(answer.headers.get("metadata-flavor")).toBe("Google");
    expect(await answer.text()).toBe(INSTANCE_ACCOUNT);
    for (const headers of [
      {},
      { "metadata-flavor": "google" },
      { ...FLAVOR, "x-forwarded-for": "10.0.0.1" },
    ]) {
      expect((await look(`${ACCOUNT}token`, headers)).status).toBe(403);
    }
    expect((await look(`${ACCOUNT}token`, FLAVOR, "POST")).status).toBe(405);
    expect(clouds.gce.journal.granted("instance/service-accounts/default/token")).toBe(0);
  });

  test("tells scopes, knows the account by its name, and has no universe", async () => {
    clouds.gce.settings.scopes = ["https://www.googleapis.com/auth/devstorage.read_only"];
    expect(await (await look(`${ACCOUNT}scopes`)).text()).toBe(
      "https://www.googleapis.com/auth/devstorage.read_only\n",
    );
    expect((await look(ACCOUNT.replace("default", INSTANCE_ACCOUNT).concat("token"))).status).toBe(200);
    expect((await look(ACCOUNT.replace("default", "someone@else").concat("token"))).status).toBe(404);
    expect((await look("/computeMetadata/v1/universe/universe-domain")).status).toBe(404);
    expect(
      (await look("/latest/api/token", { "x-aws-ec2-metadata-token-ttl-seconds": "60" }, "PUT")).status,
    ).toBe(403);
  });

  test("without a service account: 404, which the client tells", async () => {
    clouds.gce.settings.serviceAccount = null;
    await expect(token()).rejects.toMatchObject({ status: 404 });
  });

  test("an answer without the flavor is refused by the client", async () => {
    clouds.gce.faults.next({ kind: "answer", status: 200, body: '{"access_token":"x","expires_in":3600}' });
    await expect(token()).rejects.toThrow("incorrect Metadata-Flavor header");
  });

  test("silent: accepted, never answered", async () => {
    clouds.gce.settings.silent = true;
    const asked = fetch(`${clouds.gce.url}${ACCOUNT}token`, {
      headers: FLAVOR,
      signal: AbortSignal.timeout(100),
    });
    await expect(asked).rejects.toMatchObject({ name: "TimeoutError" });
    expect(clouds.gce.journal.last()?.status).toBeUndefined();
  });

  test("is a closed port when nobody asked for it", async () => {
    await using bare = await startClouds();
    const asked = withEnv({ ...bare.env, DETECT_GCP_RETRIES: "0" }, async () => {
      gcpMetadata.resetIsAvailableCache();
      return gcpMetadata.isAvailable();
    });
    expect(await asked).toBe(false);
    expect(bare.gce.journal.count()).toBe(0);
  });
});
