// Google tokens: the metadata server asked directly, and every kind of credential file through the real library.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { IdentityChoice } from "../../../../src/core/clouds/clouds.ts";
import type { MintPlan } from "../../../../src/core/identity.ts";
import type { Http } from "../../../../src/edge/http.ts";
import type { MintedToken } from "../../../../src/sources/cloud/context.ts";
import { mintGoogle } from "../../../../src/sources/google/gar.ts";
import { type CloudOptions, type Clouds, startClouds } from "../../../stand-ins/clouds/clouds.ts";
import { INSTANCE_ACCOUNT } from "../../../stand-ins/clouds/gce-metadata.ts";
import {
  authorizedUserFile,
  externalAccountFile,
  impersonatedFile,
  newServiceAccountKey,
  SOME_PROVIDER as PROVIDER,
  SOME_ACCOUNT as TARGET,
  SOME_USER as USER,
  writeGoogleCredentials,
} from "../../../stand-ins/clouds/google-files.ts";
import { newIssuer } from "../../../stand-ins/clouds/issuer.ts";
import { failureOf, planFor, toStandIns, withContext, withHome } from "../mint/minting.ts";

const MINUTE_MS = 60_000;
const JSON_TYPE = { "content-type": "application/json" };
const platform = newIssuer();
const STS = { providers: [{ name: PROVIDER, issuer: platform.issuer, keys: platform.jwks }] };
const SUBJECT =
  "principal://iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/ona/subject/organization_id:0192-org:project_id:0192-prj";

interface Setting {
  readonly base?: MintPlan["base"];
  readonly identity?: IdentityChoice;
  readonly env?: Record<string, string>;
  readonly home?: string;
  readonly plan?: Partial<MintPlan>;
  readonly idToken?: (audience: string) => string;
  readonly through?: (http: Http) => Http;
}

function mintWith(clouds: Clouds, setting: Setting = {}): Promise<MintedToken> {
  const { idToken, home } = setting;
  const plan = { ...planFor({ kind: "gar" }, setting.base, setting.identity), ...setting.plan };
  const minting = {
    env: { ...clouds.env, ...setting.env },
    through: setting.through ?? toStandIns(clouds),
    ...(home === undefined ? {} : { home }),
    ...(idToken === undefined ? {} : { idToken }),
  };
  return withContext(minting, (context) => mintGoogle(plan, context));
}

const whose = (clouds: Clouds, token: MintedToken) => clouds.googleTokens.find(token.secret.expose());

describe("the metadata server", () => {
  it("gives the machine's token in one request, to be renewed four minutes before its end", async () => {
    await using clouds = await startClouds({ gce: {} });
    const token = await mintWith(clouds);
    expect(token.username).toBe("oauth2accesstoken");
    expect(whose(clouds, token)?.principal).toBe(INSTANCE_ACCOUNT);
    expect(token.expiresAtMs - token.refreshAtMs).toBe(4 * MINUTE_MS);
    expect(clouds.gce.journal.entries.map((it) => it.path)).toEqual([
      "/computeMetadata/v1/instance/service-accounts/default/token",
    ]);
  });

  it("is asked for other scopes than the usual one", async () => {
    await using clouds = await startClouds({ gce: {} });
    await mintWith(clouds, { plan: { googleScopes: ["https://a.example/one", "https://a.example/two"] } });
    expect(clouds.gce.journal.entries[0]?.fields.scopes).toBe("https://a.example/one,https://a.example/two");
  });

  it("whose token ends in minutes has it renewed 4 minutes before the end all the same", async () => {
    await using clouds = await startClouds({ gce: { lifetimeMs: 6 * MINUTE_MS, renewBeforeMs: 0 } });
    const token = await mintWith(clouds);
    expect(token.expiresAtMs - token.refreshAtMs).toBe(4 * MINUTE_MS);
  });

  it("comes before a developer's login for runner-native, and after it for gar", () =>
    withHome(async (home) => {
      await using clouds = await startClouds({ gce: {}, googleOAuth: { users: [USER] } });
      const env = writeGoogleCredentials(home, authorizedUserFile(USER));
      expect(whose(clouds, await mintWith(clouds, { env }))?.principal).toBe(INSTANCE_ACCOUNT);
      const chained = await mintWith(clouds, { env, base: "default-chain" });
      expect(whose(clouds, chained)?.principal).toBe(USER.email);
    }));

  it("is not believed without Google's header", async () => {
    await using clouds = await startClouds({ gce: {} });
    const body = JSON.stringify({ access_token: "canary-7", expires_in: 3600, token_type: "Bearer" });
    clouds.gce.faults.always({ kind: "answer", status: 200, body });
    expect((await failureOf(mintWith(clouds), ["canary-7"])).code).toBe("google-no-credentials");
  });

  it.each(["not json", '"text"', '{"access_token":"a b","expires_in":3600}', "null"])(
    "may not answer %s",
    async (body) => {
      await using clouds = await startClouds({ gce: {} });
      clouds.gce.faults.always({
        kind: "answer",
        status: 200,
        body,
        headers: { "metadata-flavor": "Google" },
      });
      expect((await failureOf(mintWith(clouds))).code).toBe("google-bad-answer");
    },
  );

  it.each(["10.0.0.1", "metadata.evil.example", "user@127.0.0.1", "169.254.169.253"])(
    "may not be looked for at %s",
    async (host) => {
      await using clouds = await startClouds();
      const failure = await failureOf(mintWith(clouds, { env: { GCE_METADATA_HOST: host } }));
      expect(failure.code).toBe("config-invalid");
    },
  );

  it("is asked again when it is busy", async () => {
    await using clouds = await startClouds({ gce: {} });
    clouds.gce.faults.next({ kind: "unavailable" });
    await mintWith(clouds);
    expect(clouds.gce.journal.count()).toBe(2);
  });
});

describe("a credential file", () => {
  it("of a service account signs for a token", () =>
    withHome(async (home) => {
      const { account, file } = newServiceAccountKey();
      await using clouds = await startClouds({ gce: {}, googleOAuth: { serviceAccounts: [account] } });
      const token = await mintWith(clouds, {
        base: "default-chain",
        env: writeGoogleCredentials(home, file),
        plan: { googleScopes: ["https://a.example/scope"] },
      });
      expect(whose(clouds, token)).toMatchObject({
        principal: account.email,
        scopes: ["https://a.example/scope"],
      });
      expect(token.refreshAtMs).toBe(token.obtainedAtMs + (token.expiresAtMs - token.obtainedAtMs) / 2);
      expect(clouds.gce.journal.count()).toBe(0);
    }));

  it("of gcloud is found in its directory, and where CLOUDSDK_CONFIG says", () =>
    withHome(async (home) => {
      await using clouds = await startClouds({ googleOAuth: { users: [USER] } });
      const directory = join(home, ".config", "gcloud");
      mkdirSync(directory, { recursive: true });
      const text = JSON.stringify(authorizedUserFile(USER));
      writeFileSync(join(directory, "application_default_credentials.json"), text);
      const token = await mintWith(clouds, { base: "default-chain", home });
      expect(whose(clouds, token)?.principal).toBe(USER.email);
      const env = { CLOUDSDK_CONFIG: directory };
      expect(whose(clouds, await mintWith(clouds, { base: "default-chain", env }))?.principal).toBe(
        USER.email,
      );
    }));

  it.each([
    ["without impersonation", undefined, SUBJECT],
    ["with impersonation", TARGET, TARGET],
  ])("of a workload identity pool exchanges the token in a file %s", (_how, serviceAccount, principal) =>
    withHome(async (home) => {
      const googleIam = { accounts: [{ email: TARGET, tokenCreators: [SUBJECT] }] };
      await using clouds = await startClouds({ googleSts: STS, googleIam });
      const subjectTokenFile = join(home, "subject");
      writeFileSync(subjectTokenFile, platform.token(`https://iam.googleapis.com/${PROVIDER}`));
      const wanted = { provider: PROVIDER, subjectTokenFile };
      const file = externalAccountFile(
        clouds,
        serviceAccount === undefined ? wanted : { ...wanted, serviceAccount },
      );
      const env = writeGoogleCredentials(home, file);
      expect(whose(clouds, await mintWith(clouds, { env, base: "default-chain" }))?.principal).toBe(
        principal,
      );
    }),
  );

  it("of an impersonated account takes the source's token there", () =>
    withHome(async (home) => {
      const googleIam = { accounts: [{ email: TARGET, tokenCreators: [USER.email] }] };
      await using clouds = await startClouds({ googleOAuth: { users: [USER] }, googleIam });
      const env = writeGoogleCredentials(home, impersonatedFile(clouds, authorizedUserFile(USER), TARGET));
      expect(whose(clouds, await mintWith(clouds, { env, base: "default-chain" }))?.principal).toBe(TARGET);
    }));

  const refused: readonly (readonly [what: string, file: unknown, code: string])[] = [
    ["of no known kind", { type: "gdch_service_account" }, "google-no-credentials"],
    ["without a kind", {}, "google-no-credentials"],
    [
      "of a service account without a key",
      { type: "service_account", client_email: "a@b" },
      "google-no-credentials",
    ],
    [
      "with a broken key",
      { type: "service_account", client_email: "a@b", private_key: "canary-5" },
      "google-no-credentials",
    ],
    [
      "that runs a program",
      {
        type: "external_account",
        audience: "a",
        credential_source: { executable: { command: "/bin/true" } },
      },
      "google-no-credentials",
    ],
    [
      "that wants a client certificate",
      { type: "external_account", audience: "a", credential_source: { certificate: {} } },
      "google-no-credentials",
    ],
    [
      "that names plain http",
      {
        type: "external_account",
        audience: "a",
        subject_token_type: "t",
        token_url: "https://sts.googleapis.com/v1/token",
        credential_source: { url: "http://evil.example/token" },
      },
      "config-invalid",
    ],
    ["that impersonates by nobody", { type: "impersonated_service_account" }, "google-no-credentials"],
  ];
  it.each(refused)("%s is refused", (_what, file, code) =>
    withHome(async (home) => {
      await using clouds = await startClouds({ gce: {} });
      const env = writeGoogleCredentials(home, file as object);
      const failure = await failureOf(mintWith(clouds, { env, base: "default-chain" }), ["canary-5"]);
      expect(failure.code, failure.message).toBe(code);
      expect(failure.message).toContain("the file that GOOGLE_APPLICATION_CREDENTIALS names");
      expect(clouds.gce.journal.count()).toBe(0);
    }),
  );

  it("of gcloud's own is named as that", () =>
    withHome(async (home) => {
      await using clouds = await startClouds({ gce: {} });
      mkdirSync(join(home, ".config", "gcloud"), { recursive: true });
      const path = join(home, ".config", "gcloud", "application_default_credentials.json");
      writeFileSync(path, JSON.stringify({ type: "authorized_user" }));
      const failure = await failureOf(mintWith(clouds, { home, base: "default-chain" }));
      expect(failure.message).toContain("gcloud's application_default_credentials.json");
      expect(clouds.gce.journal.count()).toBe(0);
    }));

  it.each([
    "http://evil.example/v1/projects/-/serviceAccounts/a@b.example:generateAccessToken",
    "https://iamcredentials.googleapis.com/v1/elsewhere",
    "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/../x:generateAccessToken",
  ])("whose token would be shown to %s is refused", (url) =>
    withHome(async (home) => {
      await using clouds = await startClouds({ googleOAuth: { users: [USER] } });
      const source_credentials = authorizedUserFile(USER);
      const file = {
        type: "impersonated_service_account",
        service_account_impersonation_url: url,
        source_credentials,
      };
      const env = writeGoogleCredentials(home, file);
      const failure = await failureOf(mintWith(clouds, { env, base: "default-chain" }));
      expect(failure.code).toBe("config-invalid");
    }),
  );

  it("that is named and not there is not passed over", async () => {
    await using clouds = await startClouds({ gce: {} });
    const env = { GOOGLE_APPLICATION_CREDENTIALS: "/nowhere/file.json" };
    const failure = await failureOf(mintWith(clouds, { env, base: "default-chain" }));
    expect(failure.code).toBe("google-no-credentials");
    expect(clouds.gce.journal.count()).toBe(0);
  });
});

describe("the token endpoint", () => {
  const login = (home: string) => writeGoogleCredentials(home, authorizedUserFile(USER));
  const cases: readonly (readonly [what: string, code: string, prepare: (clouds: Clouds) => void])[] = [
    ["refuses", "google-denied", (clouds) => clouds.googleOAuth.faults.always({ kind: "denied" })],
    ["throttles", "google-throttled", (clouds) => clouds.googleOAuth.faults.always({ kind: "throttled" })],
    ["is down", "google-unreachable", (clouds) => clouds.googleOAuth.faults.always({ kind: "unavailable" })],
    ["breaks", "google-unreachable", (clouds) => clouds.googleOAuth.faults.always({ kind: "reset" })],
    [
      "answers garbage",
      "google-bad-answer",
      (clouds) => clouds.googleOAuth.faults.always({ kind: "garbage" }),
    ],
    [
      "answers too much",
      "google-bad-answer",
      (clouds) => clouds.googleOAuth.faults.always({ kind: "huge", bytes: 2 ** 21 }),
    ],
    [
      "redirects",
      "google-bad-answer",
      (clouds) => clouds.googleOAuth.faults.always({ kind: "redirect", to: clouds.googleSts.url }),
    ],
    [
      "gives an expired token",
      "token-expired",
      (clouds) => clouds.googleOAuth.faults.always({ kind: "expired" }),
    ],
    ...["5", '["ya29.x"]', "{}", '"ya29.x\\n"', "true"].map(
      (token) =>
        [
          `gives ${token} for a token`,
          "google-bad-answer",
          (clouds: Clouds) => {
            const body = `{"access_token":${token},"expires_in":3599,"token_type":"Bearer"}`;
            clouds.googleOAuth.faults.always({ kind: "answer", status: 200, body, headers: JSON_TYPE });
          },
        ] as const,
    ),
    [
      "wants a new login",
      "google-denied",
      (clouds) => {
        clouds.googleOAuth.settings.users = [{ ...USER, mustLogInAgain: true }];
      },
    ],
  ];
  it.each(cases)("that %s: %s", (_what, code, prepare) =>
    withHome(async (home) => {
      await using clouds = await startClouds({ googleOAuth: { users: [USER] } });
      prepare(clouds);
      const minted = mintWith(clouds, { env: login(home), base: "default-chain" });
      const failure = await failureOf(minted, [USER.clientSecret, USER.refreshToken]);
      expect(failure.code, failure.message).toBe(code);
      expect(clouds.googleSts.journal.count()).toBe(0);
      expect(clouds.googleOAuth.journal.count()).toBeLessThanOrEqual(3);
    }),
  );

  it("is asked again after a failure that passes", () =>
    withHome(async (home) => {
      await using clouds = await startClouds({ googleOAuth: { users: [USER] } });
      clouds.googleOAuth.faults.next({ kind: "unavailable" });
      clouds.googleOAuth.faults.next({ kind: "reset" });
      await mintWith(clouds, { env: login(home), base: "default-chain" });
      expect(clouds.googleOAuth.journal.count()).toBe(3);
    }));
});

describe("platform OIDC", () => {
  const oidc = { kind: "oidc-google", workloadIdentityProvider: PROVIDER } as const;
  const googleIam = { accounts: [{ email: TARGET, tokenCreators: [SUBJECT] }] };
  const options: CloudOptions = { gce: {}, googleSts: STS, googleIam };
  const idToken = (audience: string) => platform.token(audience);

  it.each([
    ["", ""],
    ["with the name's prefix", "//iam.googleapis.com/"],
    ["with the https prefix", "https://iam.googleapis.com/"],
  ])("exchanges an ID token for the provider's full name %s", async (_how, prefix) => {
    await using clouds = await startClouds(options);
    const identity = { ...oidc, workloadIdentityProvider: prefix + PROVIDER };
    const asked: string[] = [];
    const token = await mintWith(clouds, {
      identity,
      idToken: (audience) => {
        asked.push(audience);
        return platform.token(audience);
      },
    });
    expect(asked).toEqual([`//iam.googleapis.com/${PROVIDER}`]);
    expect(whose(clouds, token)?.principal).toBe(SUBJECT);
    expect(clouds.gce.journal.count()).toBe(0);
  });

  it("impersonates a service account when one is named", async () => {
    await using clouds = await startClouds(options);
    const token = await mintWith(clouds, {
      identity: { ...oidc, serviceAccount: TARGET },
      idToken,
      plan: { googleScopes: ["https://a.example/scope"] },
    });
    expect(whose(clouds, token)).toMatchObject({ principal: TARGET, scopes: ["https://a.example/scope"] });
  });

  it("asks for the audience that is configured", async () => {
    const [provider] = STS.providers;
    if (provider === undefined) throw new Error("no provider");
    await using clouds = await startClouds({
      googleSts: { providers: [{ ...provider, audiences: ["mine"] }] },
    });
    await mintWith(clouds, { identity: oidc, idToken, plan: { audience: "mine" } });
    expect(clouds.googleSts.journal.granted()).toBe(1);
  });

  it.each([
    ["a token of another issuer", () => newIssuer("https://evil.example").token("x"), oidc, "google-denied"],
    [
      "a provider that is none",
      idToken,
      { ...oidc, workloadIdentityProvider: "projects/1" },
      "config-invalid",
    ],
    ["an account that is none", idToken, { ...oidc, serviceAccount: "a/b" }, "config-invalid"],
    ["an account it may not be", idToken, { ...oidc, serviceAccount: "x@y.example" }, "google-denied"],
  ])("fails with %s", async (_what, give, identity, code) => {
    await using clouds = await startClouds(options);
    const failure = await failureOf(mintWith(clouds, { identity, idToken: give }));
    expect(failure.code, failure.message).toBe(code);
  });
});

describe("impersonation", () => {
  const identity = { kind: "impersonate", serviceAccount: TARGET } as const;

  it("is on top of the default chain", async () => {
    const googleIam = { accounts: [{ email: TARGET, tokenCreators: [INSTANCE_ACCOUNT] }] };
    await using clouds = await startClouds({ gce: {}, googleIam });
    const token = await mintWith(clouds, { identity, base: "default-chain" });
    expect(whose(clouds, token)?.principal).toBe(TARGET);
    expect(token.refreshAtMs).toBe(token.obtainedAtMs + (token.expiresAtMs - token.obtainedAtMs) / 2);
  });

  it("that is refused says who may grant it", async () => {
    await using clouds = await startClouds({ gce: {}, googleIam: {} });
    const failure = await failureOf(mintWith(clouds, { identity, base: "default-chain" }));
    expect(failure.code).toBe("google-denied");
    expect(failure.hint).toContain("serviceAccountTokenCreator");
  });

  it("of an AWS role is a mistake for a Google registry", async () => {
    await using clouds = await startClouds({ gce: {} });
    const aws = { kind: "profile", profile: "dev" } as const;
    expect((await failureOf(mintWith(clouds, { identity: aws }))).code).toBe("config-invalid");
  });
});
