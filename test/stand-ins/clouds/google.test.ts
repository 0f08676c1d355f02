// Google's token endpoints through google-auth-library, with the client that fits each case, and what they refuse.

import { IdentityPoolClient, Impersonated, JWT, OAuth2Client, UserRefreshClient } from "google-auth-library";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { fetchTo } from "./cloud-hosts.ts";
import { type Clouds, startClouds } from "./clouds.ts";
import { newServiceAccountKey } from "./google-files.ts";
import { impersonationPath } from "./google-iam.ts";
import type { GoogleUser } from "./google-oauth.ts";
import { fullProviderName } from "./google-sts.ts";
import { CLOUD_PLATFORM } from "./google-tokens.ts";
import { newIssuer } from "./issuer.ts";
import { withEnv } from "./sdk-env.ts";

const PROVIDER = "projects/1234/locations/global/workloadIdentityPools/ona/providers/ona-oidc";
const FEDERATED =
  "principal://iam.googleapis.com/projects/1234/locations/global/workloadIdentityPools/ona/subject/organization_id:0192-org:project_id:0192-prj";
const PULLER = "puller@project-1234.iam.gserviceaccount.com";
const issuer = newIssuer();
const stranger = newIssuer();
const key = newServiceAccountKey();
const otherKey = newServiceAccountKey();

let user: GoogleUser;
let clouds: Clouds;
beforeEach(async () => {
  user = {
    email: "dev@example.com",
    clientId: "id.apps",
    clientSecret: "s3cret",
    refreshToken: "1//refresh",
  };
  clouds = await startClouds({
    googleOAuth: { users: [user], serviceAccounts: [key.account] },
    googleSts: { providers: [{ name: PROVIDER, issuer: issuer.issuer, keys: issuer.jwks }] },
    googleIam: { accounts: [{ email: PULLER, tokenCreators: [FEDERATED, "dev@example.com"] }] },
  });
});
afterEach(() => clouds.close());

/** No retries: a refusal is to be seen as it was said. */
const quick = { retry: false, retryConfig: { retry: 0, noResponseRetries: 0 } };
const direct = () => ({ transporterOptions: { ...quick, fetchImplementation: fetchTo(clouds) } });
const tokenOf = (client: { getAccessToken(): Promise<{ token?: string | null }> }) =>
  withEnv({}, async () => (await client.getAccessToken()).token ?? "");

describe("an authorized user", () => {
  const client = (more: Partial<GoogleUser> = {}) => {
    const { clientId, clientSecret, refreshToken } = { ...user, ...more };
    const endpoints = { oauth2TokenUrl: `${clouds.googleOAuth.url}/token` };
    return new UserRefreshClient({
      clientId,
      clientSecret,
      refreshToken,
      endpoints,
      transporterOptions: quick,
    });
  };

  test("gets a token for the refresh token", async () => {
    const token = await tokenOf(client());
    expect(clouds.googleTokens.find(token)?.principal).toBe("dev@example.com");
    const entry = clouds.googleOAuth.journal.last("refresh_token");
    expect(entry).toMatchObject({ status: 200, principal: "dev@example.com" });
    expect(JSON.stringify(entry)).not.toMatch(/s3cret|1\/\/refresh/);
  });

  test.each([
    ["another refresh token", { refreshToken: "1//other" }, 400, "invalid_grant"],
    ["another secret", { clientSecret: "other" }, 401, "invalid_client"],
    ["another client", { clientId: "other" }, 401, "invalid_client"],
  ])("is refused with %s", async (_name, more, status, error) => {
    await expect(tokenOf(client(more))).rejects.toMatchObject({ status, message: error });
    expect(clouds.googleTokens.all).toEqual([]);
  });

  test("who must log in again is told so", async () => {
    user.mustLogInAgain = true;
    await expect(tokenOf(client())).rejects.toMatchObject({
      response: { data: { error: "invalid_grant", error_subtype: "invalid_rapt" } },
    });
  });
});

describe("a service account key", () => {
  const client = (more: object = {}) =>
    new JWT({
      email: key.account.email,
      key: key.file.private_key,
      scopes: [CLOUD_PLATFORM],
      ...direct(),
      ...more,
    });

  test("gets a token for its assertion", async () => {
    const token = await tokenOf(client());
    expect(clouds.googleTokens.find(token)).toMatchObject({ principal: PULLER, scopes: [CLOUD_PLATFORM] });
    expect(clouds.googleOAuth.journal.last()?.operation).toBe("jwt-bearer");
  });

  test.each([
    ["another key", { key: otherKey.file.private_key }, /Invalid JWT Signature/],
    ["an unknown account", { email: "x@y" }, /account not found/],
    ["another audience", { additionalClaims: { aud: "https://evil.example/token" } }, /audience/],
    ["an assertion that has ended", { additionalClaims: { iat: 1000, exp: 4600 } }, /short-lived/],
    [
      "an assertion for a day",
      { additionalClaims: { exp: Math.floor(Date.now() / 1000) + 86_400 } },
      /short-lived/,
    ],
    ["no scope", { scopes: undefined, additionalClaims: { scope: "" } }, /scope/],
  ])("is refused with %s", async (_name, more, message) => {
    await expect(tokenOf(client(more))).rejects.toMatchObject({ status: 400, message });
    expect(clouds.googleTokens.all).toEqual([]);
  });
});

describe("workload identity federation", () => {
  const full = fullProviderName(PROVIDER);
  const pool = (idToken: () => string, more: object = {}) =>
    new IdentityPoolClient({
      type: "external_account",
      audience: full,
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      token_url: `${clouds.googleSts.url}/v1/token`,
      subject_token_supplier: { getSubjectToken: async () => idToken() },
      ...more,
    });

  test("exchanges the platform's token, under both names of the audience", async () => {
    for (const audience of [full, `https:${full}`]) {
      const token = await tokenOf(pool(() => issuer.token(audience)));
      expect(clouds.googleTokens.find(token)?.principal).toBe(FEDERATED);
    }
    expect(JSON.stringify(clouds.googleSts.journal.entries)).not.toContain("eyJ");
  });

  test.each([
    ["another audience", () => issuer.token("sts.amazonaws.com"), {}, "invalid_grant"],
    ["a stranger's signature", () => stranger.token(full), {}, "invalid_grant"],
    ["another issuer", () => issuer.token(full, { iss: "https://evil.example" }), {}, "invalid_grant"],
    ["an ended token", () => issuer.token(full, { exp: 1000 }), {}, "invalid_grant"],
    ["another provider", () => issuer.token(full), { audience: `${full}-2` }, "invalid_target"],
    [
      "a token of another kind",
      () => issuer.token(full),
      { subject_token_type: "urn:ietf:params:oauth:token-type:saml2" },
      "invalid_request",
    ],
  ])("refuses %s", async (_name, idToken, more, error) => {
    await expect(tokenOf(pool(idToken, more))).rejects.toThrow(error);
    expect(clouds.googleSts.journal.last()).toMatchObject({ status: 400, code: error });
    expect(clouds.googleTokens.all).toEqual([]);
  });

  test("impersonates with the federated token", async () => {
    const url = clouds.googleIam.url + impersonationPath(PULLER);
    const token = await tokenOf(pool(() => issuer.token(full), { service_account_impersonation_url: url }));
    expect(clouds.googleTokens.find(token)?.principal).toBe(PULLER);
    expect(clouds.googleIam.journal.last()).toMatchObject({ status: 200, principal: FEDERATED });
  });
});

describe("impersonation", () => {
  // The constructor of Impersonated writes a warning of its own, always.
  beforeAll(() => void vi.spyOn(console, "warn").mockReturnValue());
  afterAll(() => void vi.restoreAllMocks());
  const impersonated = (accessToken: string, targetPrincipal = PULLER) => {
    const sourceClient = new OAuth2Client({ transporterOptions: quick });
    sourceClient.setCredentials({ access_token: accessToken, expiry_date: Date.now() + 3600_000 });
    const targetScopes = [CLOUD_PLATFORM];
    return new Impersonated({ sourceClient, targetPrincipal, targetScopes, endpoint: clouds.googleIam.url });
  };
  const issue = (principal: string, scopes = [CLOUD_PLATFORM], lifeMs = 60_000) =>
    clouds.googleTokens.issue({ principal, scopes, expiresAtMs: clouds.clock.nowMs() + lifeMs }).token;

  test("is granted to a token creator", async () => {
    const token = await tokenOf(impersonated(issue("dev@example.com")));
    expect(clouds.googleTokens.find(token)?.principal).toBe(PULLER);
  });

  test.each([
    ["an unknown token", () => impersonated("ya29.made-up"), "UNAUTHENTICATED"],
    ["an ended token", () => impersonated(issue("dev@example.com", [CLOUD_PLATFORM], -1)), "UNAUTHENTICATED"],
    ["somebody else", () => impersonated(issue("other@example.com")), "PERMISSION_DENIED"],
    ["an unknown account", () => impersonated(issue("dev@example.com"), "x@y"), "PERMISSION_DENIED"],
    ["too small scopes", () => impersonated(issue("dev@example.com", ["email"])), "PERMISSION_DENIED"],
  ])("is refused for %s", async (_name, makeClient, status) => {
    await expect(tokenOf(makeClient())).rejects.toThrow(`${status}: unable to impersonate`);
    expect(clouds.googleIam.journal.granted()).toBe(0);
  });
});
