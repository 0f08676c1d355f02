// Logins of AWS and profiles of every kind, through the built program. The bundle leaves out much of the SDK
// (build/stand-ins.ts), and what it leaves in has to carry all of these.

import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { keySection, type Section, writeAwsHome, writeExpiredSso } from "../stand-ins/clouds/aws-files.ts";
import type { AccessKey } from "../stand-ins/clouds/key-ring.ts";
import { buildsUnderTest } from "../support/builds.ts";
import { behindProxy, ECR, type MintMachine, mintMachine } from "./mint-machine.ts";
import { play, script } from "./mint-play.ts";

const HOUR_MS = 3_600_000;
const WHO = "arn:aws:sts::111122223333:assumed-role/sso/dev";
const PULL = "arn:aws:iam::111122223333:role/pull";
const LOGIN = "arn:aws:iam::111122223333:user/dev";
const PORTAL = "portal.sso.us-east-1.amazonaws.com";
const OIDC = "oidc.us-east-1.amazonaws.com";
const SIGNIN = "us-east-1.signin.aws.amazon.com";

const sessionKeys = ({ accessKeyId, secretAccessKey, sessionToken = "" }: AccessKey) => ({
  accessKeyId,
  secretAccessKey,
  sessionToken,
});

for (const build of buildsUnderTest().filter(({ name }) => name !== "source")) {
  describe(`${build.name}: ECR by`, () => {
    const start = () =>
      mintMachine({
        build,
        native: false,
        clouds: { ecr: {}, sts: { roles: [{ arn: PULL }] } },
        config: { registries: { [ECR]: { source: "ecr" } } },
      });

    /** Who minted, after the token was checked. */
    async function minter(at: MintMachine, env: Record<string, string>): Promise<string | undefined> {
      const password = await at.password(ECR, env);
      expect(at.clouds.isValidEcrPassword("AWS", password)).toBe(true);
      return at.clouds.ecr.journal.last()?.principal;
    }

    function profile(at: MintMachine, sections: Record<string, Section>): Record<string, string> {
      return { ...writeAwsHome(at.home, { config: sections }), AWS_PROFILE: "dev" };
    }

    it.each(["corp", undefined])("a login of aws sso login, session %s", async (session) => {
      const at = await start();
      const key = at.clouds.ring.temporary(WHO, Date.now() + HOUR_MS);
      const roleCredentials = { ...sessionKeys(key), expiration: key.expiresAtMs };
      const portal = await play({ roleCredentials });
      const login = { profile: "dev", endedAtMs: Date.now() + HOUR_MS };
      const files = writeExpiredSso(at.home, session === undefined ? login : { ...login, session });
      const { env } = await behindProxy(at, { hosts: { [PORTAL]: portal.port } });
      expect(await minter(at, { ...env, ...files })).toBe(WHO);
      expect(portal.asked.map(({ path }) => path)).toEqual([
        "/federation/credentials?role_name=Pull&account_id=111122223333",
      ]);
    });

    it("a login of aws sso login that has ended and can be renewed", async () => {
      const at = await start();
      const key = at.clouds.ring.temporary(WHO, Date.now() + HOUR_MS);
      const portal = await play({ roleCredentials: { ...sessionKeys(key), expiration: key.expiresAtMs } });
      const oidc = await play({
        accessToken: "renewed",
        expiresIn: 3600,
        refreshToken: "next",
        tokenType: "Bearer",
      });
      const login = { profile: "dev", endedAtMs: Date.now() - 1000, session: "corp" };
      const files = writeExpiredSso(at.home, login);
      const name = createHash("sha1").update("corp").digest("hex");
      const registered = { clientId: "c", clientSecret: "s", refreshToken: "r" };
      const cached = {
        accessToken: "old",
        expiresAt: new Date(login.endedAtMs).toISOString(),
        ...registered,
      };
      writeFileSync(join(at.home, ".aws/sso/cache", `${name}.json`), JSON.stringify(cached));
      const { env } = await behindProxy(at, { hosts: { [PORTAL]: portal.port, [OIDC]: oidc.port } });
      expect(await minter(at, { ...env, ...files })).toBe(WHO);
      expect(oidc.asked.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
        { ...registered, grantType: "refresh_token" },
      ]);
      // The next renewal needs what this one was given.
      const kept = JSON.parse(
        readFileSync(join(at.home, ".aws/sso/cache", `${name}.json`), "utf8"),
      ) as object;
      expect(kept).toMatchObject({ accessToken: "renewed", refreshToken: "next" });
    });

    it.each([
      ["that is good", HOUR_MS, 0],
      ["that is renewed", -1000, 1],
    ])("a login of aws login %s", async (_, lastsMs, renewals) => {
      const at = await start();
      const key = at.clouds.ring.temporary(WHO, Date.now() + HOUR_MS);
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const dpopKey = privateKey.export({ type: "sec1", format: "pem" });
      const cached = {
        accessToken: {
          ...(renewals === 0
            ? sessionKeys(key)
            : { accessKeyId: "ASIAOLD", secretAccessKey: "s", sessionToken: "t" }),
          accountId: "111122223333",
          expiresAt: new Date(Date.now() + lastsMs).toISOString(),
        },
        clientId: "c",
        refreshToken: "r",
        dpopKey,
      };
      const directory = join(at.home, ".aws/login/cache");
      mkdirSync(directory, { recursive: true });
      const name = createHash("sha256").update(LOGIN).digest("hex");
      writeFileSync(join(directory, `${name}.json`), JSON.stringify(cached));
      const files = profile(at, { "profile dev": { login_session: LOGIN, region: "us-east-1" } });
      const renewed = {
        accessToken: sessionKeys(key),
        expiresIn: 900,
        refreshToken: "r2",
        tokenType: "aws_sigv4",
      };
      const signin = await play({ ...renewed, idToken: "i" });
      const { env } = await behindProxy(at, { hosts: { [SIGNIN]: signin.port } });
      expect(await minter(at, { ...env, ...files })).toBe(WHO);
      expect(signin.asked).toHaveLength(renewals);
      const kept = JSON.parse(readFileSync(join(directory, `${name}.json`), "utf8")) as object;
      expect(kept).toMatchObject({ refreshToken: renewals === 0 ? "r" : "r2" });
    });

    it("a program", async () => {
      const at = await start();
      const { accessKeyId, secretAccessKey } = at.clouds.ring.permanent(LOGIN);
      const said = { Version: 1, AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey };
      const files = profile(at, { "profile dev": { credential_process: script(at, said) } });
      expect(await minter(at, files)).toBe(LOGIN);
    });

    it("a role of another profile", async () => {
      const at = await start();
      const files = profile(at, {
        "profile dev": { role_arn: PULL, source_profile: "base" },
        "profile base": keySection(at.clouds.ring.permanent(LOGIN)),
      });
      expect(await minter(at, files)).toMatch(/:assumed-role\/pull\//);
    });
  });
}
