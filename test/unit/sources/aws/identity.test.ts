// The identities that the configuration names for AWS: profiles of every kind, assumed roles, platform OIDC.

import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { IdentityChoice } from "../../../../src/core/clouds/clouds.ts";
import { mintEcr } from "../../../../src/sources/aws/ecr.ts";
import { keySection, writeAwsHome, writeExpiredSso } from "../../../stand-ins/clouds/aws-files.ts";
import { type Clouds, startClouds } from "../../../stand-ins/clouds/clouds.ts";
import { newIssuer } from "../../../stand-ins/clouds/issuer.ts";
import { DEVELOPER, INSTANCE_ROLE, keyEnv } from "../../../stand-ins/clouds/key-ring.ts";
import { withEnv } from "../../../stand-ins/clouds/sdk-env.ts";
import { ECR_EU, failureOf, planFor, withContext, withHome } from "../mint/minting.ts";

const PULL = "arn:aws:iam::111122223333:role/pull";
const ASSUMED = "arn:aws:sts::111122223333:assumed-role/pull";

function mintAs(clouds: Clouds, identity: IdentityChoice, home: string, more: Record<string, string> = {}) {
  const env = { ...clouds.env, ...more };
  return withContext({ env, home }, (context) =>
    mintEcr(planFor(ECR_EU, "default-chain", identity), context),
  );
}

const whoAsked = (clouds: Clouds) => clouds.ecr.journal.entries.map((it) => it.principal);

describe("a profile", () => {
  it("with keys of its own is used, whatever the variables say", () =>
    withHome(async (home) => {
      await using clouds = await startClouds({ ecr: {}, imds: {} });
      const dev = clouds.ring.permanent("arn:aws:iam::111122223333:user/dev");
      writeAwsHome(home, { config: { "profile dev": keySection(dev) } });
      const more = { ...keyEnv(clouds.ring.permanent()), AWS_PROFILE: "other" };
      await mintAs(clouds, { kind: "profile", profile: "dev" }, home, more);
      expect(whoAsked(clouds)).toEqual([dev.principal]);
    }));

  it("assumes its role from another profile, with external id and session name", () =>
    withHome(async (home) => {
      await using clouds = await startClouds({ ecr: {}, sts: { roles: [{ arn: PULL, externalId: "e-1" }] } });
      writeAwsHome(home, {
        config: {
          "profile dev": {
            role_arn: PULL,
            source_profile: "base",
            external_id: "e-1",
            role_session_name: "from-profile",
            region: "us-west-2",
          },
        },
        credentials: { base: keySection(clouds.ring.permanent()) },
      });
      await mintAs(clouds, { kind: "profile", profile: "dev" }, home);
      expect(whoAsked(clouds)).toEqual([`${ASSUMED}/from-profile`]);
      expect(clouds.sts.journal.entries[0]).toMatchObject({ principal: DEVELOPER, region: "us-west-2" });
    }));

  it("may be built on its own keys, and on a chain of profiles", () =>
    withHome(async (home) => {
      const second = "arn:aws:iam::111122223333:role/second";
      await using clouds = await startClouds({ ecr: {}, sts: { roles: [{ arn: PULL }, { arn: second }] } });
      const keys = keySection(clouds.ring.permanent());
      writeAwsHome(home, {
        config: {
          "profile own": { ...keys, role_arn: PULL, source_profile: "own" },
          "profile chain": { role_arn: second, source_profile: "link" },
          "profile link": { role_arn: PULL, source_profile: "base" },
          "profile base": keys,
        },
      });
      await mintAs(clouds, { kind: "profile", profile: "own" }, home);
      await mintAs(clouds, { kind: "profile", profile: "chain" }, home);
      expect(whoAsked(clouds)).toEqual([
        `${ASSUMED}/docker-credential-ona`,
        "arn:aws:sts::111122223333:assumed-role/second/docker-credential-ona",
      ]);
    }));

  it.each([
    ["Ec2InstanceMetadata", INSTANCE_ROLE],
    ["Environment", DEVELOPER],
  ])("takes its source from %s through our own client", (source, principal) =>
    withHome(async (home) => {
      await using clouds = await startClouds({ ecr: {}, imds: {}, sts: { roles: [{ arn: PULL }] } });
      writeAwsHome(home, { config: { "profile dev": { role_arn: PULL, credential_source: source } } });
      const more = keyEnv(clouds.ring.permanent());
      await mintAs(clouds, { kind: "profile", profile: "dev" }, home, more);
      expect(clouds.sts.journal.entries[0]?.principal).toBe(principal);
    }),
  );

  it("runs its credential_process", () =>
    withHome(async (home) => {
      await using clouds = await startClouds({ ecr: {} });
      const key = clouds.ring.temporary("arn:aws:sts::111122223333:assumed-role/p/s", Date.now() + 3600_000);
      const answer = {
        Version: 1,
        AccessKeyId: key.accessKeyId,
        SecretAccessKey: key.secretAccessKey,
        SessionToken: key.sessionToken,
      };
      const script = join(home, "give keys");
      writeFileSync(script, `#!/bin/sh\necho noise >&2\nprintf '%s' '${JSON.stringify(answer)}'\n`);
      chmodSync(script, 0o700);
      writeAwsHome(home, { config: { "profile dev": { credential_process: `"${script}" --now` } } });
      await mintAs(clouds, { kind: "profile", profile: "dev" }, home);
      expect(whoAsked(clouds)).toEqual([key.principal]);
    }));

  it.each([
    ["exit 3", "failed"],
    ["echo hello", "printed no JSON"],
    [`echo '{"Version":1}'`, "printed no AWS keys"],
    ["sleep 60", "took too long"],
    [
      `echo '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"canary-9","Expiration":"2001-01-01T00:00:00Z"}'`,
      "expired",
    ],
  ])("fails when its credential_process does `%s`", (command, words) =>
    withHome(async (home) => {
      await using clouds = await startClouds({ ecr: {} });
      writeAwsHome(home, { config: { "profile dev": { credential_process: command } } });
      const identity = { kind: "profile", profile: "dev" } as const;
      const minted = withContext({ env: clouds.env, home, deadlineMs: 500 }, (context) =>
        mintEcr(planFor(ECR_EU, "default-chain", identity), context),
      );
      const failure = await failureOf(minted, ["canary-9", "hello"]);
      expect(failure.code).toBe("aws-no-credentials");
      expect(failure.message).toContain(words);
    }),
  );

  it.each([
    ["a session", "corp"],
    ["the older kind", undefined],
  ])("whose login has ended names the command that renews it (%s)", (_kind, session) =>
    withEnv({}, async (home) => {
      await using clouds = await startClouds({ ecr: {}, imds: {} });
      const files = writeExpiredSso(home, {
        profile: "dev",
        endedAtMs: Date.now() - 60_000,
        ...(session === undefined ? {} : { session }),
      });
      // The SDK finds the login below HOME of the process only.
      const env = { ...clouds.env, ...files };
      const minted = withContext({ env, home }, (context) =>
        mintEcr(planFor(ECR_EU, "default-chain"), context),
      );
      const failure = await failureOf(minted, ["an-access-token-that-has-ended"]);
      expect(failure.code).toBe("aws-sso-expired");
      expect(failure.hint).toBe("run aws sso login --profile dev");
      expect(clouds.imds.journal.count()).toBe(0);
    }),
  );

  it.each([
    ["is not there", {}, "missing"],
    [
      "is built on itself",
      {
        "profile dev": { role_arn: PULL, source_profile: "b" },
        "profile b": { role_arn: PULL, source_profile: "dev" },
      },
      "built on itself",
    ],
    ["is built on nothing", { "profile dev": { role_arn: PULL, source_profile: "gone" } }, "gone"],
    ["wants a code", { "profile dev": { role_arn: PULL, source_profile: "b", mfa_serial: "x" } }, "MFA"],
    ["is incomplete", { "profile dev": { sso_session: "gone", sso_account_id: "1" } }, "incomplete"],
  ])("that %s gives nothing", (_what, config, words) =>
    withHome(async (home) => {
      await using clouds = await startClouds({ ecr: {}, imds: {} });
      writeAwsHome(home, { config });
      const failure = await failureOf(mintAs(clouds, { kind: "profile", profile: "dev" }, home));
      expect(failure.code).toBe("aws-no-credentials");
      expect(failure.message).toContain(words);
      expect(clouds.imds.journal.count()).toBe(0);
    }),
  );
});

describe("an assumed role", () => {
  it("is assumed by the default chain, in the registry's region", () =>
    withHome(async (home) => {
      await using clouds = await startClouds({
        ecr: {},
        imds: {},
        sts: { roles: [{ arn: PULL, externalId: "x-1" }] },
      });
      const identity = { kind: "role", roleArn: PULL, externalId: "x-1", sessionName: "mine" } as const;
      await mintAs(clouds, identity, home);
      expect(whoAsked(clouds)).toEqual([`${ASSUMED}/mine`]);
      expect(clouds.sts.journal.entries[0]).toMatchObject({
        principal: INSTANCE_ROLE,
        region: "eu-central-1",
      });
    }));

  it("that the permission boundary refuses points to OIDC", () =>
    withHome(async (home) => {
      await using clouds = await startClouds({ ecr: {}, imds: {}, sts: { roles: [{ arn: PULL }] } });
      clouds.ring.deny(INSTANCE_ROLE, "sts:AssumeRole");
      const failure = await failureOf(mintAs(clouds, { kind: "role", roleArn: PULL }, home));
      expect(failure.code).toBe("aws-role-denied");
      expect(failure.message).toContain("permissions boundary");
      expect(failure.hint).toContain("identity.oidc");
      expect(clouds.ecr.journal.count()).toBe(0);
    }));

  it.each([
    ["arn:aws-cn:iam::111122223333:role/pull", "another partition"],
    ["arn:aws:iam::111122223333:user/pull", "no role"],
    ["arn:aws:iam::1:role/pull", "no account"],
  ])("is refused before anything is asked: %s (%s)", (roleArn) =>
    withHome(async (home) => {
      await using clouds = await startClouds({ ecr: {}, imds: {}, sts: {} });
      const failure = await failureOf(mintAs(clouds, { kind: "role", roleArn }, home));
      expect(failure.code).toBe("config-invalid");
      expect(clouds.imds.journal.count() + clouds.sts.journal.count()).toBe(0);
    }),
  );
});

describe("platform OIDC", () => {
  const platform = newIssuer();
  const sts = { roles: [{ arn: PULL }], oidc: [{ issuer: platform.issuer, keys: platform.jwks }] };
  const identity = { kind: "oidc-aws", roleArn: PULL } as const;

  it("exchanges an ID token for the audience of STS for the role, and nothing else", async () => {
    await using clouds = await startClouds({ ecr: {}, imds: {}, sts });
    const env = { ...clouds.env, ...keyEnv(clouds.ring.permanent()) };
    const idToken = (audience: string) => platform.token(audience);
    await withContext({ env, idToken }, (context) => mintEcr(planFor(ECR_EU, "machine", identity), context));
    expect(whoAsked(clouds)).toEqual([`${ASSUMED}/docker-credential-ona`]);
    expect(clouds.imds.journal.count()).toBe(0);
    expect(clouds.sts.journal.entries[0]?.headers.authorization).toBeUndefined();
  });

  it("asks for the audience that is configured", async () => {
    await using clouds = await startClouds({
      ecr: {},
      sts: { ...sts, oidc: [{ issuer: platform.issuer, keys: platform.jwks, audiences: ["mine"] }] },
    });
    const plan = { ...planFor(ECR_EU, "machine", identity), audience: "mine" };
    const idToken = (audience: string) => platform.token(audience);
    await withContext({ env: clouds.env, idToken }, (context) => mintEcr(plan, context));
    expect(clouds.ecr.journal.granted()).toBe(1);
  });

  it.each([
    ["of another audience", () => platform.token("elsewhere"), "aws-role-denied"],
    [
      "of another issuer",
      () => newIssuer("https://evil.example").token("sts.amazonaws.com"),
      "aws-role-denied",
    ],
    ["that has expired", () => platform.token("sts.amazonaws.com", { exp: 1 }), "id-token-failed"],
  ])("fails with an ID token %s", async (_what, idToken, code) => {
    await using clouds = await startClouds({ ecr: {}, sts });
    const minted = withContext({ env: clouds.env, idToken }, (context) =>
      mintEcr(planFor(ECR_EU, "machine", identity), context),
    );
    expect((await failureOf(minted)).code).toBe(code);
  });

  it("fails as the role does that refuses it", async () => {
    await using clouds = await startClouds({
      ecr: {},
      sts: { ...sts, roles: [{ arn: PULL, denied: true }] },
    });
    const idToken = (audience: string) => platform.token(audience);
    const minted = withContext({ env: clouds.env, idToken }, (context) =>
      mintEcr(planFor(ECR_EU, "machine", identity), context),
    );
    expect((await failureOf(minted)).code).toBe("aws-role-denied");
  });

  it("of Google is a mistake for an ECR registry", async () => {
    await using clouds = await startClouds({ ecr: {} });
    const google = { kind: "impersonate", serviceAccount: "a@b.example" } as const;
    const minted = withContext({ env: clouds.env }, (context) =>
      mintEcr(planFor(ECR_EU, "machine", google), context),
    );
    expect((await failureOf(minted)).code).toBe("config-invalid");
  });
});
