// Credential files of Google of every kind, through the built program. The bundle leaves out much of the library
// (build/stand-ins.ts), and what it leaves in has to carry all of these.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  authorizedUserFile,
  externalAccountFile,
  impersonatedFile,
  newServiceAccountKey,
  SOME_PROVIDER as PROVIDER,
  SOME_ACCOUNT as TARGET,
  SOME_USER as USER,
  writeGoogleCredentials,
} from "../stand-ins/clouds/google-files.ts";
import { fullProviderName } from "../stand-ins/clouds/google-sts.ts";
import { newIssuer } from "../stand-ins/clouds/issuer.ts";
import { buildsUnderTest } from "../support/builds.ts";
import { behindProxy, GAR, type MintMachine, mintMachine } from "./mint-machine.ts";
import { play, script } from "./mint-play.ts";

const TOKENS = "tokens.example.test";
const FAKE = "ya29.c4nary-fake";

for (const build of buildsUnderTest().filter(({ name }) => name !== "source")) {
  describe(`${build.name}: Google by a file of`, () => {
    const issuer = newIssuer();
    const subjectToken = () => issuer.token(`https://iam.googleapis.com/${PROVIDER}`);

    async function start() {
      const service = newServiceAccountKey();
      const at = await mintMachine({
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
      at: MintMachine,
      file: object,
      more: Record<string, string> = {},
      hosts: Record<string, number> = {},
    ): Promise<{ token: string; whose: string | undefined }> {
      const { env } = await behindProxy(at, { hosts });
      const named = writeGoogleCredentials(at.home, file);
      const loud = { GOOGLE_SDK_NODE_LOGGING: "all", NODE_DEBUG: "undici,fetch" };
      const token = await at.password(GAR, { ...env, ...named, ...loud, ...more });
      return { token, whose: at.clouds.googleTokens.find(token)?.principal };
    }

    /** An external account with another source than a file. */
    function external(at: MintMachine, credential_source: object): object {
      const file = externalAccountFile(at.clouds, { provider: PROVIDER, subjectTokenFile: "" });
      return { ...file, credential_source };
    }

    it("a service account", async () => {
      const { at, service } = await start();
      expect((await mint(at, service.file)).whose).toBe(service.account.email);
    });

    it("a user, and of a service account by a user", async () => {
      const { at } = await start();
      expect((await mint(at, authorizedUserFile(USER))).whose).toBe(USER.email);
      const file = impersonatedFile(at.clouds, authorizedUserFile(USER), TARGET);
      expect((await mint(at, file)).whose).toBe(TARGET);
    });

    it("an external account with its token in a file", async () => {
      const { at } = await start();
      const subjectTokenFile = join(at.root, "subject");
      writeFileSync(subjectTokenFile, subjectToken());
      const file = externalAccountFile(at.clouds, { provider: PROVIDER, subjectTokenFile });
      expect((await mint(at, file)).whose).toMatch(/^principal:/);
    });

    it("an external account with its token at a URL", async () => {
      const { at } = await start();
      const tokens = await play({ value: subjectToken() });
      const format = { type: "json", subject_token_field_name: "value" };
      const file = external(at, { url: `https://${TOKENS}/t`, headers: { "X-Test": "1" }, format });
      expect((await mint(at, file, {}, { [TOKENS]: tokens.port })).whose).toMatch(/^principal:/);
    });

    it("an external account with its token from a program", async () => {
      const { at } = await start();
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
      const { at } = await start();
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
      const { at } = await start();
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
