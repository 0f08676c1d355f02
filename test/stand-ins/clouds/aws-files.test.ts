// The files of a home directory, read by the real credential providers: what is found there, and how an ended
// login is told. Also which of the providers can be given a transport, since the product depends on it.

import { fromIni, fromNodeProviderChain, fromTokenFile } from "@aws-sdk/credential-providers";
import { Agent } from "undici";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { keySection, writeAwsHome, writeExpiredSso, writeWebIdentity } from "./aws-files.ts";
import { type Clouds, startClouds } from "./clouds.ts";
import { newIssuer } from "./issuer.ts";
import { keyEnv } from "./key-ring.ts";
import { withEnv } from "./sdk-env.ts";
import { undiciHandler } from "./undici-handler.ts";

const PULL = "arn:aws:iam::111122223333:role/pull";
const issuer = newIssuer();
const aud = "sts.amazonaws.com";
let clouds: Clouds;
beforeEach(async () => {
  const oidc = [{ issuer: issuer.issuer, keys: issuer.jwks }];
  clouds = await startClouds({ sts: { roles: [{ arn: PULL, externalId: "e-1" }], oidc } });
});
afterEach(() => clouds.close());

const principalOf = ({ accessKeyId }: { accessKeyId: string }) => clouds.ring.find(accessKeyId)?.principal;

/** A transport that counts. */
function counted() {
  const inner = undiciHandler(new Agent());
  const seen = { count: 0 };
  const requestHandler: typeof inner = {
    ...inner,
    handle(request, options) {
      seen.count += 1;
      return inner.handle(request, options);
    },
  };
  return { seen, requestHandler };
}

describe("profiles", () => {
  test("with a key, from the config and from the credentials file", async () => {
    await withEnv(clouds.env, async (home) => {
      const [one, two] = [
        clouds.ring.permanent("arn:aws:iam::1:user/a"),
        clouds.ring.permanent("arn:aws:iam::1:user/b"),
      ];
      const env = writeAwsHome(home, {
        config: { "profile a": keySection(one) },
        credentials: { b: keySection(two) },
      });
      Object.assign(process.env, env);
      expect(principalOf(await fromIni({ profile: "a" })())).toBe(one.principal);
      expect(principalOf(await fromIni({ profile: "b" })())).toBe(two.principal);
      await expect(fromIni({ profile: "c" })()).rejects.toThrow("[c]");
    });
  });

  test("with a role over another profile", async () => {
    const run = (role: Record<string, string>) =>
      withEnv(clouds.env, async (home) => {
        const base = clouds.ring.permanent();
        const config = {
          "profile base": keySection(base),
          "profile pull": { role_arn: PULL, source_profile: "base", region: "us-west-2", ...role },
        };
        Object.assign(process.env, writeAwsHome(home, { config }));
        const { seen, requestHandler } = counted();
        const credentials = await fromIni({ profile: "pull", clientConfig: { requestHandler } })();
        return { principal: principalOf(credentials), requests: seen.count };
      });
    expect(await run({ external_id: "e-1", role_session_name: "me" })).toEqual({
      principal: "arn:aws:sts::111122223333:assumed-role/pull/me",
      requests: 1,
    });
    expect(clouds.sts.journal.last()?.region).toBe("us-west-2");
    await expect(run({ external_id: "e-2" })).rejects.toMatchObject({ name: "AccessDenied" });
  });
});

describe("web identity", () => {
  test("from the variables of a pod, on the transport of clientConfig", async () => {
    await withEnv(clouds.env, async (home) => {
      clouds.sts.settings.roles = [{ arn: PULL }];
      const identity = { token: issuer.token(aud), roleArn: PULL, sessionName: "pod-1" };
      Object.assign(process.env, writeWebIdentity(home, identity), { AWS_REGION: "eu-central-1" });
      const { seen, requestHandler } = counted();
      const credentials = await fromTokenFile({ clientConfig: { requestHandler } })();
      expect(principalOf(credentials)).toBe("arn:aws:sts::111122223333:assumed-role/pull/pod-1");
      expect(seen.count).toBe(1);
    });
  });

  test("from a profile takes its transport from parentClientConfig alone", async () => {
    await withEnv(clouds.env, async (home) => {
      clouds.sts.settings.roles = [{ arn: PULL }];
      const { AWS_WEB_IDENTITY_TOKEN_FILE: file = "" } = writeWebIdentity(home, {
        token: issuer.token(aud),
        roleArn: PULL,
      });
      const profile = { role_arn: PULL, web_identity_token_file: file, region: "us-east-1" };
      Object.assign(process.env, writeAwsHome(home, { config: { "profile w": profile } }), {
        AWS_REGION: "us-east-1",
      });
      const [ignored, used] = [counted(), counted()];
      await fromIni({ profile: "w", clientConfig: { requestHandler: ignored.requestHandler } })();
      expect(ignored.seen.count).toBe(0);
      await fromIni({ profile: "w", parentClientConfig: { requestHandler: used.requestHandler } })();
      expect(used.seen.count).toBe(1);
      expect(clouds.sts.journal.granted()).toBe(2);
    });
  });
});

describe("an SSO login that has ended", () => {
  test.each([
    ["of the newer kind", { session: "corp" }, "aws sso login"],
    ["of the older kind", {}, "aws sso login"],
  ])("%s says what to do and asks nobody", async (_name, kind, message) => {
    await withEnv(clouds.env, async (home) => {
      Object.assign(
        process.env,
        writeExpiredSso(home, { profile: "dev", endedAtMs: Date.now() - 3600_000, ...kind }),
      );
      const { seen, requestHandler } = counted();
      const asked = fromNodeProviderChain({ clientConfig: { requestHandler } })();
      await expect(asked).rejects.toMatchObject({
        message: expect.stringContaining(message),
        tryNextLink: false,
      });
      expect(seen.count).toBe(0);
    });
  });

  test("is not ended as long as its time has not come", async () => {
    await withEnv(clouds.env, async (home) => {
      const endedAtMs = Date.now() + 3600_000;
      Object.assign(process.env, writeExpiredSso(home, { profile: "dev", endedAtMs, session: "corp" }));
      const { seen, requestHandler } = counted();
      const refusing = {
        ...requestHandler,
        handle(): Promise<never> {
          seen.count += 1;
          return Promise.reject(new Error("asked the portal"));
        },
      };
      const asked = fromNodeProviderChain({ clientConfig: { requestHandler: refusing, maxAttempts: 1 } })();
      await expect(asked).rejects.toThrow("asked the portal");
    });
  });
});

test("the default chain begins with a key in the variables", async () => {
  const key = clouds.ring.temporary("arn:aws:iam::1:user/a", Date.now() + 60_000);
  await withEnv({ ...clouds.env, ...keyEnv(key) }, async () => {
    expect(await fromNodeProviderChain()()).toMatchObject({ sessionToken: key.sessionToken });
  });
});

test("the default chain ends at the metadata server, whatever the transport", async () => {
  await using withImds = await startClouds({ imds: {} });
  await withEnv(withImds.env, async () => {
    const { seen, requestHandler } = counted();
    const { accessKeyId } = await fromNodeProviderChain({ clientConfig: { requestHandler } })();
    expect(withImds.ring.find(accessKeyId)?.principal).toContain("assumed-role/environment");
    expect(withImds.imds.journal.granted()).toBe(3);
    expect(seen.count).toBe(0);
  });
});
