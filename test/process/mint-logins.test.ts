// The ways to a token that are taken on few machines, through the built program: logins of AWS and profiles of every kind,
// credential files of Google. The bundle leaves out much of the SDKs (build/lean-libraries.mjs), and what it leaves in
// has to carry all of these.

import { createHash, generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { keySection, type Section, writeAwsHome, writeExpiredSso } from "../clouds/aws-files.ts";
import {
  authorizedUserFile,
  externalAccountFile,
  impersonatedFile,
  newServiceAccountKey,
  writeGoogleCredentials,
} from "../clouds/google-files.ts";
import { fullProviderName } from "../clouds/google-sts.ts";
import { newIssuer } from "../clouds/issuer.ts";
import type { AccessKey } from "../clouds/key-ring.ts";
import { buildsUnderTest } from "../support/run-helper.ts";
import { behindProxy, ECR, GAR, type MintBed, mintBed } from "./mint-bed.ts";

const HOUR_MS = 3_600_000;
const WHO = "arn:aws:sts::111122223333:assumed-role/sso/dev";
const PULL = "arn:aws:iam::111122223333:role/pull";
const LOGIN = "arn:aws:iam::111122223333:user/dev";
const PORTAL = "portal.sso.us-east-1.amazonaws.com";
const OIDC = "oidc.us-east-1.amazonaws.com";
const SIGNIN = "us-east-1.signin.aws.amazon.com";
const TOKENS = "tokens.example.test";
const USER = {
  email: "dev@example.com",
  clientId: "id-1",
  clientSecret: "secret-1",
  refreshToken: "refresh-1",
};
const TARGET = "target@project-1234.iam.gserviceaccount.com";
const PROVIDER = "projects/123456789/locations/global/workloadIdentityPools/ona/providers/ona";
const FAKE = "ya29.c4nary-fake";

interface Asked {
  readonly path: string;
  readonly body: string;
}

/** A service of one answer; returns its port and what it was asked. */
async function play(answer: object): Promise<{ port: number; asked: Asked[] }> {
  const asked: Asked[] = [];
  const read = async (request: IncomingMessage): Promise<string> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  };
  const server = createServer((request, response) => {
    void read(request).then((body) => {
      asked.push({ path: request.url ?? "", body });
      response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, asked };
}

function script(at: MintBed, says: object): string {
  const path = join(at.bed.root, "says");
  writeFileSync(path, `#!/bin/sh\ncat <<'END'\n${JSON.stringify(says)}\nEND\n`);
  chmodSync(path, 0o700);
  return path;
}

const sessionKeys = ({ accessKeyId, secretAccessKey, sessionToken = "" }: AccessKey) => ({
  accessKeyId,
  secretAccessKey,
  sessionToken,
});

for (const build of buildsUnderTest().filter(({ name }) => name !== "source")) {
  describe(`${build.name}: ECR by`, () => {
    const makeBed = () =>
      mintBed({
        build,
        native: false,
        clouds: { ecr: {}, sts: { roles: [{ arn: PULL }] } },
        config: { registries: { [ECR]: { source: "ecr" } } },
      });

    /** Who minted, after the token was checked. */
    async function minter(at: MintBed, env: Record<string, string>): Promise<string | undefined> {
      const password = await at.password(ECR, env);
      expect(at.clouds.isValidEcrPassword("AWS", password)).toBe(true);
      return at.clouds.ecr.journal.last()?.principal;
    }

    function profile(at: MintBed, sections: Record<string, Section>): Record<string, string> {
      return { ...writeAwsHome(at.bed.home, { config: sections }), AWS_PROFILE: "dev" };
    }

    it.each(["corp", undefined])("a login of aws sso login, session %s", async (session) => {
      const at = await makeBed();
      const key = at.clouds.ring.temporary(WHO, Date.now() + HOUR_MS);
      const roleCredentials = { ...sessionKeys(key), expiration: key.expiresAtMs };
      const portal = await play({ roleCredentials });
      const login = { profile: "dev", endedAtMs: Date.now() + HOUR_MS };
      const files = writeExpiredSso(at.bed.home, session === undefined ? login : { ...login, session });
      const { env } = await behindProxy(at, { hosts: { [PORTAL]: portal.port } });
      expect(await minter(at, { ...env, ...files })).toBe(WHO);
      expect(portal.asked.map(({ path }) => path)).toEqual([
        "/federation/credentials?role_name=Pull&account_id=111122223333",
      ]);
    });

    it("a login of aws sso login that has ended and can be renewed", async () => {
      const at = await makeBed();
      const key = at.clouds.ring.temporary(WHO, Date.now() + HOUR_MS);
      const portal = await play({ roleCredentials: { ...sessionKeys(key), expiration: key.expiresAtMs } });
      const oidc = await play({
        accessToken: "renewed",
        expiresIn: 3600,
        refreshToken: "next",
        tokenType: "Bearer",
      });
      const login = { profile: "dev", endedAtMs: Date.now() - 1000, session: "corp" };
      const files = writeExpiredSso(at.bed.home, login);
      const name = createHash("sha1").update("corp").digest("hex");
      const registered = { clientId: "c", clientSecret: "s", refreshToken: "r" };
      const cached = {
        accessToken: "old",
        expiresAt: new Date(login.endedAtMs).toISOString(),
        ...registered,
      };
      writeFileSync(join(at.bed.home, ".aws/sso/cache", `${name}.json`), JSON.stringify(cached));
      const { env } = await behindProxy(at, { hosts: { [PORTAL]: portal.port, [OIDC]: oidc.port } });
      expect(await minter(at, { ...env, ...files })).toBe(WHO);
      expect(oidc.asked.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
        { ...registered, grantType: "refresh_token" },
      ]);
    });

    it.each([
      ["that is good", HOUR_MS, 0],
      ["that is renewed", -1000, 1],
    ])("a login of aws login %s", async (_, lastsMs, renewals) => {
      const at = await makeBed();
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
      const directory = join(at.bed.home, ".aws/login/cache");
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
    });

    it("a program", async () => {
      const at = await makeBed();
      const { accessKeyId, secretAccessKey } = at.clouds.ring.permanent(LOGIN);
      const said = { Version: 1, AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey };
      const files = profile(at, { "profile dev": { credential_process: script(at, said) } });
      expect(await minter(at, files)).toBe(LOGIN);
    });

    it("a role of another profile", async () => {
      const at = await makeBed();
      const files = profile(at, {
        "profile dev": { role_arn: PULL, source_profile: "base" },
        "profile base": keySection(at.clouds.ring.permanent(LOGIN)),
      });
      expect(await minter(at, files)).toMatch(/:assumed-role\/pull\//);
    });
  });

  describe(`${build.name}: Google by a file of`, () => {
    const issuer = newIssuer();
    const subjectToken = () => issuer.token(`https://iam.googleapis.com/${PROVIDER}`);

    async function makeBed() {
      const service = newServiceAccountKey();
      const at = await mintBed({
        build,
        native: false,
        clouds: {
          googleOAuth: { users: [USER], serviceAccounts: [service.account] },
          googleSts: { providers: [{ name: PROVIDER, issuer: issuer.issuer, keys: issuer.jwks }] },
          googleIam: { accounts: [{ email: TARGET, tokenCreators: [USER.email] }] },
        },
        config: { registries: { [GAR]: { source: "gar" } } },
      });
      return { at, service };
    }

    /** The token that `file` leads to, and whose it is. */
    async function mint(
      at: MintBed,
      file: object,
      more: Record<string, string> = {},
      hosts: Record<string, number> = {},
    ): Promise<{ token: string; whose: string | undefined }> {
      const { env } = await behindProxy(at, { hosts });
      const named = writeGoogleCredentials(at.bed.home, file);
      const loud = { GOOGLE_SDK_NODE_LOGGING: "all", NODE_DEBUG: "undici,fetch" };
      const token = await at.password(GAR, { ...env, ...named, ...loud, ...more });
      return { token, whose: at.clouds.googleTokens.find(token)?.principal };
    }

    /** An external account with another source than a file. */
    function external(at: MintBed, credential_source: object): object {
      const file = externalAccountFile(at.clouds, { provider: PROVIDER, subjectTokenFile: "" });
      return { ...file, credential_source };
    }

    it("a service account", async () => {
      const { at, service } = await makeBed();
      expect((await mint(at, service.file)).whose).toBe(service.account.email);
    });

    it("a user, and of a service account by a user", async () => {
      const { at } = await makeBed();
      expect((await mint(at, authorizedUserFile(USER))).whose).toBe(USER.email);
      const file = impersonatedFile(at.clouds, authorizedUserFile(USER), TARGET);
      expect((await mint(at, file)).whose).toBe(TARGET);
    });

    it("an external account with its token in a file", async () => {
      const { at } = await makeBed();
      const subjectTokenFile = join(at.bed.root, "subject");
      writeFileSync(subjectTokenFile, subjectToken());
      const file = externalAccountFile(at.clouds, { provider: PROVIDER, subjectTokenFile });
      expect((await mint(at, file)).whose).toMatch(/^principal:/);
    });

    it("an external account with its token at a URL", async () => {
      const { at } = await makeBed();
      const tokens = await play({ value: subjectToken() });
      const format = { type: "json", subject_token_field_name: "value" };
      const file = external(at, { url: `https://${TOKENS}/t`, headers: { "X-Test": "1" }, format });
      expect((await mint(at, file, {}, { [TOKENS]: tokens.port })).whose).toMatch(/^principal:/);
    });

    it("an external account with its token from a program", async () => {
      const { at } = await makeBed();
      const said = {
        version: 1,
        success: true,
        token_type: "urn:ietf:params:oauth:token-type:jwt",
        id_token: subjectToken(),
        expiration_time: 9_999_999_999,
      };
      const file = external(at, { executable: { command: script(at, said) } });
      const allowed = { GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: "1" };
      expect((await mint(at, file, allowed)).whose).toMatch(/^principal:/);
    });

    it("an external account of AWS", async () => {
      const { at } = await makeBed();
      const sts = await play({ access_token: FAKE, token_type: "Bearer", expires_in: 3600 });
      const file = {
        type: "external_account",
        audience: fullProviderName(PROVIDER),
        subject_token_type: "urn:ietf:params:aws:token-type:aws4_request",
        token_url: "https://sts.googleapis.com/v1/token",
        credential_source: {
          environment_id: "aws1",
          regional_cred_verification_url:
            "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
        },
      };
      const keys = { AWS_REGION: "us-east-2", AWS_ACCESS_KEY_ID: "AKIAX", AWS_SECRET_ACCESS_KEY: "s" };
      expect((await mint(at, file, keys, { "sts.googleapis.com": sts.port })).token).toBe(FAKE);
      const subject = new URLSearchParams(sts.asked[0]?.body).get("subject_token") ?? "";
      expect(decodeURIComponent(subject)).toContain("AWS4-HMAC-SHA256 Credential=AKIAX/");
    });

    it("a user of a workforce pool", async () => {
      const { at } = await makeBed();
      const sts = await play({ access_token: FAKE, token_type: "Bearer", expires_in: 3600 });
      const file = {
        type: "external_account_authorized_user",
        audience: "//iam.googleapis.com/locations/global/workforcePools/p/providers/x",
        client_id: "c",
        client_secret: "s",
        refresh_token: "r",
        token_url: "https://sts.googleapis.com/v1/oauthtoken",
        token_info_url: "https://sts.googleapis.com/v1/introspect",
      };
      expect((await mint(at, file, {}, { "sts.googleapis.com": sts.port })).token).toBe(FAKE);
      expect(sts.asked.map(({ path, body }) => `${path} ${body}`)).toEqual([
        "/v1/oauthtoken grant_type=refresh_token&refresh_token=r",
      ]);
    });
  });
}
