// Credential files of Google read by google-auth-library, and what its own discovery asks for beside the token.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ExternalAccountClient, GoogleAuth, UserRefreshClient } from "google-auth-library";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Clouds, startClouds } from "./clouds.ts";
import {
  authorizedUserFile,
  externalAccountFile,
  impersonatedFile,
  newServiceAccountKey,
  writeGoogleCredentials,
} from "./google-files.ts";
import { fullProviderName } from "./google-sts.ts";
import { newIssuer } from "./issuer.ts";
import { withEnv } from "./sdk-env.ts";

const PROVIDER = "projects/1234/locations/global/workloadIdentityPools/ona/providers/ona-oidc";
const PULLER = "puller@project-1234.iam.gserviceaccount.com";
const SUBJECT =
  "principal://iam.googleapis.com/projects/1234/locations/global/workloadIdentityPools/ona/subject/s";
const issuer = newIssuer();
const user = { email: "dev@example.com", clientId: "id", clientSecret: "secret", refreshToken: "1//r" };
let clouds: Clouds;
beforeAll(async () => {
  clouds = await startClouds({
    gce: {},
    googleOAuth: { users: [user] },
    googleSts: { providers: [{ name: PROVIDER, issuer: issuer.issuer, keys: issuer.jwks }] },
    googleIam: { accounts: [{ email: PULLER, tokenCreators: [SUBJECT] }] },
  });
});
afterAll(() => clouds.close());

test.each([
  ["directly", undefined, SUBJECT],
  ["with impersonation", PULLER, PULLER],
])("workload identity federation from a file, %s", async (_name, serviceAccount, principal) => {
  // fromJSON warns about unchecked configurations, always.
  const warned = vi.spyOn(console, "warn").mockReturnValue();
  await withEnv({}, async (home) => {
    const subjectTokenFile = join(home, "id-token");
    writeFileSync(subjectTokenFile, issuer.token(fullProviderName(PROVIDER), { sub: "s" }));
    const file = externalAccountFile(clouds, {
      provider: PROVIDER,
      subjectTokenFile,
      ...(serviceAccount === undefined ? {} : { serviceAccount }),
    });
    const client = ExternalAccountClient.fromJSON(file);
    const { token } = (await client?.getAccessToken()) ?? {};
    expect(clouds.googleTokens.find(token ?? "")?.principal).toBe(principal);
  });
  expect(warned).toHaveBeenCalledOnce();
  warned.mockRestore();
});

test("the files of a user and of a service account are understood", async () => {
  const fromUser = UserRefreshClient.fromJSON(authorizedUserFile(user));
  expect(fromUser).toMatchObject({ _clientId: "id", _refreshToken: "1//r" });
  await withEnv({}, async (home) => {
    Object.assign(process.env, writeGoogleCredentials(home, newServiceAccountKey().file));
    const client = await new GoogleAuth({
      scopes: "https://www.googleapis.com/auth/cloud-platform",
    }).getClient();
    expect(client).toMatchObject({ email: PULLER });
  });
});

test("the file of an impersonation is understood", async () => {
  const warned = vi.spyOn(console, "warn").mockReturnValue();
  await withEnv({}, async (home) => {
    Object.assign(
      process.env,
      writeGoogleCredentials(home, impersonatedFile(clouds, authorizedUserFile(user), PULLER)),
    );
    const client = await new GoogleAuth({
      scopes: "https://www.googleapis.com/auth/cloud-platform",
    }).getClient();
    expect(client).toMatchObject({ targetPrincipal: PULLER });
  });
  warned.mockRestore();
});

test("GoogleAuth asks the metadata server for more than the token", async () => {
  await withEnv(clouds.env, async () => {
    const auth = new GoogleAuth({ scopes: "https://www.googleapis.com/auth/cloud-platform" });
    expect(clouds.isValidGoogleToken((await auth.getAccessToken()) ?? "")).toBe(true);
  });
  const asked = clouds.gce.journal.entries.map((it) => it.operation);
  expect(asked).toContain("instance/service-accounts/default/token");
  expect(asked.length).toBeGreaterThan(1);
});
