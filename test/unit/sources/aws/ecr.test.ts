// ECR and ECR Public through the real SDK clients against the stand-ins, which recompute every signature.

import { describe, expect, it } from "vitest";
import { mintEcr } from "../../../../src/sources/aws/ecr.ts";
import {
  keySection,
  writeAwsHome,
  writeContainerToken,
  writeWebIdentity,
} from "../../../stand-ins/clouds/aws-files.ts";
import { CLOSED, startClouds } from "../../../stand-ins/clouds/clouds.ts";
import { CONTAINER_ROLE } from "../../../stand-ins/clouds/container-credentials.ts";
import { newIssuer } from "../../../stand-ins/clouds/issuer.ts";
import { DEVELOPER, INSTANCE_ROLE, keyEnv } from "../../../stand-ins/clouds/key-ring.ts";
import { ECR_EU, failureOf, planFor, withContext, withHome } from "../mint/minting.ts";

const ROLE = "arn:aws:iam::111122223333:role/gitpod-pull";
const HOUR_MS = 3600_000;

describe("a token", () => {
  it("of a private registry is the machine's, for twelve hours, renewed after six", async () => {
    await using clouds = await startClouds({ ecr: {}, imds: {} });
    const token = await withContext({ env: clouds.env }, (context) => mintEcr(planFor(ECR_EU), context));
    expect(token.username).toBe("AWS");
    expect(clouds.isValidEcrPassword("AWS", token.secret.expose(), { region: "eu-central-1" })).toBe(true);
    expect(token.expiresAtMs - token.obtainedAtMs).toBeGreaterThan(12 * HOUR_MS - 5000);
    expect(token.refreshAtMs).toBe(token.obtainedAtMs + (token.expiresAtMs - token.obtainedAtMs) / 2);
    expect(clouds.ecr.journal.entries.map((it) => it.principal)).toEqual([INSTANCE_ROLE]);
    expect(clouds.ecr.journal.entries[0]?.fields.registryIds).toBeUndefined();
  });

  it("of ECR Public is signed for us-east-1", async () => {
    await using clouds = await startClouds({ ecrPublic: {}, imds: {} });
    const token = await withContext({ env: clouds.env }, (context) =>
      mintEcr(planFor({ kind: "ecr-public" }), context),
    );
    expect(clouds.isValidEcrPassword("AWS", token.secret.expose(), { service: "ecr-public" })).toBe(true);
    expect(clouds.ecrPublic.journal.entries[0]?.region).toBe("us-east-1");
  });

  it("is had after a connection that broke, a 500 and a throttling", async () => {
    await using clouds = await startClouds({ ecr: {}, imds: {} });
    for (const kind of ["reset", "unavailable", "throttled"] as const) {
      clouds.ecr.faults.next({ kind });
      await withContext({ env: clouds.env }, (context) => mintEcr(planFor(ECR_EU), context));
    }
    expect(clouds.ecr.journal.count()).toBe(6);
  });

  it("is not asked for more than three times", async () => {
    await using clouds = await startClouds({ ecr: {}, imds: {} });
    clouds.ecr.faults.always({ kind: "unavailable" });
    const minted = withContext({ env: clouds.env }, (context) => mintEcr(planFor(ECR_EU), context));
    expect((await failureOf(minted)).code).toBe("aws-unreachable");
    expect(clouds.ecr.journal.count()).toBe(3);
  });
});

describe("runner-native", () => {
  it("is the machine's, whatever a developer has set", () =>
    withHome(async (home) => {
      await using clouds = await startClouds({ ecr: {}, imds: {} });
      const mine = clouds.ring.permanent();
      const files = writeAwsHome(home, { credentials: { mine: keySection(mine) } });
      const env = { ...clouds.env, ...files, ...keyEnv(mine), AWS_PROFILE: "mine" };
      await withContext({ env, home }, (context) => mintEcr(planFor(ECR_EU), context));
      expect(clouds.ecr.journal.entries[0]?.principal).toBe(INSTANCE_ROLE);
    }));

  it("is the container's before the instance's, its token from a variable or a file", () =>
    withHome(async (home) => {
      await using clouds = await startClouds({ ecr: {}, imds: {}, container: {} });
      await withContext({ env: clouds.env }, (context) => mintEcr(planFor(ECR_EU), context));
      const { AWS_CONTAINER_AUTHORIZATION_TOKEN: header = "", ...rest } = clouds.env;
      const env = { ...rest, ...writeContainerToken(home, `${header}\n`) };
      await withContext({ env, home }, (context) => mintEcr(planFor(ECR_EU), context));
      expect(clouds.ecr.journal.entries.map((it) => it.principal)).toEqual([CONTAINER_ROLE, CONTAINER_ROLE]);
      expect(clouds.imds.journal.count()).toBe(0);
    }));

  it("is a pod's web identity before the instance's", () =>
    withHome(async (home) => {
      const issuer = newIssuer("https://oidc.eks.example");
      await using clouds = await startClouds({
        ecr: {},
        imds: {},
        sts: { roles: [{ arn: ROLE }], oidc: [{ issuer: issuer.issuer, keys: issuer.jwks }] },
      });
      const token = issuer.token("sts.amazonaws.com");
      const identity = writeWebIdentity(home, { token, roleArn: ROLE, sessionName: "pod-1" });
      const env = { ...clouds.env, ...identity };
      await withContext({ env, home }, (context) => mintEcr(planFor(ECR_EU), context));
      expect(clouds.ecr.journal.entries[0]?.principal).toBe(
        "arn:aws:sts::111122223333:assumed-role/gitpod-pull/pod-1",
      );
    }));

  it.each([
    [
      "a container's endpoint that is not there",
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://${CLOSED}/x` },
    ],
    ["a container's endpoint that refuses", { AWS_CONTAINER_AUTHORIZATION_TOKEN: "Bearer another" }],
    ["half a web identity", { AWS_ROLE_ARN: ROLE }],
    ["the other half", { AWS_WEB_IDENTITY_TOKEN_FILE: "/nowhere" }],
    ["an ID token that is not there", { AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: "/nowhere" }],
  ])("does not give way to the instance: %s", async (what, more) => {
    await using clouds = await startClouds({
      ecr: {},
      imds: {},
      ...(what.includes("refuses") && { container: {} }),
    });
    const env = { ...clouds.env, ...more };
    const failure = await failureOf(withContext({ env }, (context) => mintEcr(planFor(ECR_EU), context)));
    expect(failure.message).toMatch(
      /AWS_(?:CONTAINER_CREDENTIALS_FULL_URI|ROLE_ARN|WEB_IDENTITY_TOKEN_FILE)/,
    );
    expect(clouds.imds.journal.count() + clouds.ecr.journal.count()).toBe(0);
  });

  it("is the default chain where the machine has no identity", async () => {
    await using clouds = await startClouds({ ecr: {}, imds: { role: null } });
    const env = { ...clouds.env, ...keyEnv(clouds.ring.permanent()) };
    await withContext({ env }, (context) => mintEcr(planFor(ECR_EU), context));
    expect(clouds.ecr.journal.entries[0]?.principal).toBe(DEVELOPER);
  });

  it("never asks a metadata server that is switched off", async () => {
    await using clouds = await startClouds({ ecr: {}, imds: {} });
    const env = { ...clouds.env, ...keyEnv(clouds.ring.permanent()), AWS_EC2_METADATA_DISABLED: "true" };
    await withContext({ env }, (context) => mintEcr(planFor(ECR_EU), context));
    expect(clouds.imds.journal.count()).toBe(0);
  });

  it("asks a metadata server again that is busy or breaks off", async () => {
    await using clouds = await startClouds({ ecr: {}, imds: {} });
    clouds.imds.faults.next({ kind: "unavailable" }, { operation: "token" });
    clouds.imds.faults.next({ kind: "reset" }, { operation: "credentials" });
    await withContext({ env: clouds.env }, (context) => mintEcr(planFor(ECR_EU), context));
    expect(clouds.imds.journal.count()).toBe(5);
  });

  it("asks the metadata server once for a session, a role and its keys, never without a session", async () => {
    await using clouds = await startClouds({ ecr: {}, imds: {} });
    await withContext({ env: clouds.env }, (context) => mintEcr(planFor(ECR_EU), context));
    expect(clouds.imds.journal.entries.map((it) => `${it.operation} ${it.status}`)).toEqual([
      "token 200",
      "roles 200",
      "credentials 200",
    ]);
  });
});

describe("source ecr", () => {
  it("is the variables before the machine", async () => {
    await using clouds = await startClouds({ ecr: {}, imds: {} });
    const env = { ...clouds.env, ...keyEnv(clouds.ring.permanent()) };
    await withContext({ env }, (context) => mintEcr(planFor(ECR_EU, "default-chain"), context));
    expect(clouds.ecr.journal.entries[0]?.principal).toBe(DEVELOPER);
    expect(clouds.imds.journal.count()).toBe(0);
  });

  it("finds the shared files in the home directory", () =>
    withHome(async (home) => {
      await using clouds = await startClouds({ ecr: {}, imds: {} });
      writeAwsHome(home, { credentials: { default: keySection(clouds.ring.permanent()) } });
      await withContext({ env: clouds.env, home }, (context) =>
        mintEcr(planFor(ECR_EU, "default-chain"), context),
      );
      expect(clouds.ecr.journal.entries[0]?.principal).toBe(DEVELOPER);
    }));

  it("is the container's or the instance's in the end", async () => {
    await using clouds = await startClouds({ ecr: {}, imds: {} });
    await withContext({ env: clouds.env }, (context) => mintEcr(planFor(ECR_EU, "default-chain"), context));
    expect(clouds.ecr.journal.entries[0]?.principal).toBe(INSTANCE_ROLE);
  });

  it("does not give way to the machine when AWS_PROFILE names a profile that is not there", async () => {
    await using clouds = await startClouds({ ecr: {}, imds: {} });
    const env = { ...clouds.env, AWS_PROFILE: "nobody" };
    const minted = withContext({ env }, (context) => mintEcr(planFor(ECR_EU, "default-chain"), context));
    const failure = await failureOf(minted);
    expect(failure.code).toBe("aws-no-credentials");
    expect(failure.message).toContain("nobody");
    expect(clouds.imds.journal.count()).toBe(0);
  });
});

describe("an endpoint in the environment", () => {
  it.each([
    ["http://ecr.example/", "http to elsewhere"],
    ["ftp://127.0.0.1/", "another scheme"],
    ["https://user@ecr.example/", "user info"],
  ])("is refused: %s (%s)", async (url) => {
    await using clouds = await startClouds({ ecr: {}, imds: {} });
    const env = { ...clouds.env, AWS_ENDPOINT_URL_ECR: url };
    const failure = await failureOf(withContext({ env }, (context) => mintEcr(planFor(ECR_EU), context)));
    expect(failure.code).toBe("config-invalid");
    expect(clouds.imds.journal.count()).toBe(0);
  });

  it.each([
    ["FULL", "http://10.0.0.1/credentials"],
    ["FULL", "http://169.254.169.254/credentials"],
    ["FULL", "http://user@127.0.0.1/credentials"],
    ["RELATIVE", "@evil.example/credentials"],
    ["RELATIVE", ".evil.example/credentials"],
  ])("does not lead to a container's keys elsewhere: %s %s", async (kind, uri) => {
    await using clouds = await startClouds({ ecr: {}, imds: {} });
    const env = { ...clouds.env, [`AWS_CONTAINER_CREDENTIALS_${kind}_URI`]: uri };
    const failure = await failureOf(withContext({ env }, (context) => mintEcr(planFor(ECR_EU), context)));
    expect(failure.code).toBe("config-invalid");
    expect(clouds.imds.journal.count()).toBe(0);
  });

  it("does not lead a metadata server elsewhere", async () => {
    await using clouds = await startClouds({ ecr: {} });
    const env = { ...clouds.env, AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://10.0.0.1" };
    const failure = await failureOf(withContext({ env }, (context) => mintEcr(planFor(ECR_EU), context)));
    expect(failure.code).toBe("config-invalid");
  });

  it.each(["IPv5", "6", "true", "IPv6,IPv4"])(
    "names no address of a metadata server: mode %s",
    async (mode) => {
      await using clouds = await startClouds({ ecr: {}, imds: {} });
      const env = { ...clouds.env, AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: mode };
      const failure = await failureOf(withContext({ env }, (context) => mintEcr(planFor(ECR_EU), context)));
      expect(failure.code).toBe("config-invalid");
      expect(failure.message).toContain("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
      expect(clouds.imds.journal.count()).toBe(0);
    },
  );
});
