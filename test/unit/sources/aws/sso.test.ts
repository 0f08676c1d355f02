// Logins of `aws sso login` and `aws login` that are still good: through the SDK's providers, on our own transport.
// The SDK finds them below HOME of the process, so these tests exchange process.env.

import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Http, HttpRequest } from "../../../../src/edge/http.ts";
import { mintEcr } from "../../../../src/sources/aws/ecr.ts";
import { writeAwsHome, writeExpiredSso } from "../../../stand-ins/clouds/aws-files.ts";
import { startClouds } from "../../../stand-ins/clouds/clouds.ts";
import type { AccessKey } from "../../../stand-ins/clouds/key-ring.ts";
import { withEnv } from "../../../stand-ins/clouds/sdk-env.ts";
import { ECR_EU, failureOf, planFor, withContext } from "../mint/minting.ts";

const WHO = "arn:aws:sts::111122223333:assumed-role/sso/dev";
const HOUR_MS = 3600_000;
const CHAIN = planFor(ECR_EU, "default-chain");

/** Plays the portal of IAM Identity Center, under its real name. */
function portal(asked: HttpRequest[], status: number, body: string): (http: Http) => Http {
  return (http) => ({
    ...http,
    async send(request) {
      if (request.endpoint.scheme === "http") return http.send(request);
      asked.push(request);
      return { status, headers: { "content-type": "application/json" }, body: Buffer.from(body) };
    },
  });
}

function roleCredentials(key: AccessKey): string {
  const { accessKeyId, secretAccessKey, sessionToken, expiresAtMs: expiration } = key;
  return JSON.stringify({ roleCredentials: { accessKeyId, secretAccessKey, sessionToken, expiration } });
}

describe("a login of aws sso login", () => {
  it("gives the keys of the profile's role", () =>
    withEnv({}, async (home) => {
      await using clouds = await startClouds({ ecr: {} });
      const asked: HttpRequest[] = [];
      const through = portal(asked, 200, roleCredentials(clouds.ring.temporary(WHO, Date.now() + HOUR_MS)));
      const login = { profile: "dev", endedAtMs: Date.now() + HOUR_MS, session: "corp" };
      const env = { ...clouds.env, ...writeExpiredSso(home, login) };
      await withContext({ env, home, through }, (context) => mintEcr(CHAIN, context));
      expect(clouds.ecr.journal.entries[0]?.principal).toBe(WHO);
      expect(asked.map((it) => it.endpoint.origin + it.path)).toEqual([
        "https://portal.sso.us-east-1.amazonaws.com/federation/credentials?role_name=Pull&account_id=111122223333",
      ]);
    }));

  it.each([
    [401, "aws-sso-expired"],
    [403, "aws-denied"],
    [429, "aws-throttled"],
    [500, "aws-unreachable"],
    [404, "aws-bad-answer"],
  ])("that the portal answers with %i: %s", (status, code) =>
    withEnv({}, async (home) => {
      await using clouds = await startClouds({ ecr: {} });
      const asked: HttpRequest[] = [];
      const through = portal(asked, status, JSON.stringify({ message: "canary-3" }));
      const login = { profile: "dev", endedAtMs: Date.now() + HOUR_MS, session: "corp" };
      const env = { ...clouds.env, ...writeExpiredSso(home, login) };
      const minted = withContext({ env, home, through }, (context) => mintEcr(CHAIN, context));
      const failure = await failureOf(minted, ["canary-3", "an-access-token-that-has-ended"]);
      expect(failure.code, failure.message).toBe(code);
      expect(asked).toHaveLength(1);
    }),
  );
});

describe("a login of aws login", () => {
  const session = "arn:aws:iam::111122223333:user/dev";

  function writeLogin(home: string, key: AccessKey, endsAtMs: number): Record<string, string> {
    const directory = join(home, ".aws", "login", "cache");
    mkdirSync(directory, { recursive: true });
    const { accessKeyId, secretAccessKey, sessionToken } = key;
    const expiresAt = new Date(endsAtMs).toISOString();
    const accessToken = { accessKeyId, secretAccessKey, sessionToken, accountId: "111122223333", expiresAt };
    const login = { accessToken, clientId: "c", refreshToken: "r", dpopKey: "k" };
    const name = createHash("sha256").update(session).digest("hex");
    writeFileSync(join(directory, `${name}.json`), JSON.stringify(login));
    process.env.AWS_LOGIN_CACHE_DIRECTORY = directory;
    return writeAwsHome(home, { config: { default: { login_session: session, region: "us-east-1" } } });
  }

  it("gives its keys", () =>
    withEnv({}, async (home) => {
      await using clouds = await startClouds({ ecr: {} });
      const key = clouds.ring.temporary(WHO, Date.now() + HOUR_MS);
      const env = { ...clouds.env, ...writeLogin(home, key, Date.now() + HOUR_MS) };
      await withContext({ env, home }, (context) => mintEcr(CHAIN, context));
      expect(clouds.ecr.journal.entries[0]?.principal).toBe(WHO);
    }));

  it("that is missing names the command", () =>
    withEnv({}, async (home) => {
      await using clouds = await startClouds({ ecr: {}, imds: {} });
      process.env.AWS_LOGIN_CACHE_DIRECTORY = join(home, "empty");
      const files = writeAwsHome(home, { config: { default: { login_session: session } } });
      const env = { ...clouds.env, ...files };
      const failure = await failureOf(withContext({ env, home }, (context) => mintEcr(CHAIN, context)));
      expect(failure.code).toBe("aws-sso-expired");
      expect(failure.hint).toBe("run aws login --profile default");
      expect(clouds.imds.journal.count()).toBe(0);
    }));
});
