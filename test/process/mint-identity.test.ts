// Whose identity mints, through the program: ID tokens of the platform and of a command, roles, machines without a
// platform; and what must not happen on the way, such as an ID token in a file.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fullProviderName } from "../stand-ins/clouds/google-sts.ts";
import { newIssuer } from "../stand-ins/clouds/issuer.ts";
import { INSTANCE_ROLE } from "../stand-ins/clouds/key-ring.ts";
import { jwksPath } from "../stand-ins/platform/id-token.ts";
import { executables } from "../support/builds.ts";
import { NOT_FOUND } from "../support/machine.ts";
import {
  behindProxy,
  ECR,
  failureIn,
  GAR,
  type MintMachine,
  mintMachine,
  PLATFORM_TOKEN,
} from "./mint-machine.ts";

const PULL = "arn:aws:iam::111122223333:role/pull";
const PROVIDER = "projects/123456789/locations/global/workloadIdentityPools/ona/providers/ona";
const ID_TOKEN = /eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+/;
const oidcRole = { [ECR]: { identity: { oidc: { roleArn: PULL } } } };

/** STS and Google's token exchange trust the platform of `at`. */
function trustPlatform(at: MintMachine): void {
  const trusted = { issuer: at.platform.origin, keys: at.platform.origin + jwksPath };
  Object.assign(at.clouds.sts.settings, { roles: [{ arn: PULL }], oidc: [trusted] });
  Object.assign(at.clouds.googleSts.settings, { providers: [{ name: PROVIDER, ...trusted }] });
}

/** A command that prints `token`, and notes its arguments and its environment. */
function tokenCommand(at: MintMachine, token: string): readonly string[] {
  const path = at.path("print-id-token");
  const lines = ["#!/bin/sh", `echo "$@" > ${path}.args`, `env > ${path}.env`, `printf '%s\\n' '${token}'`];
  at.write(path, `${lines.join("\n")}\n`, 0o700);
  return [path, "idp", "token", "--audience", "{audience}"];
}

for (const build of executables()) {
  describe(`${build.name}: an ID token`, () => {
    it("of the platform becomes a role's keys, and then a token of ECR", async () => {
      const clouds = { ecr: {}, sts: {}, imds: {} };
      const at = await mintMachine({ build, clouds, config: { registries: oidcRole } });
      trustPlatform(at);
      const password = await at.password(ECR);
      expect(at.clouds.isValidEcrPassword("AWS", password)).toBe(true);
      expect(at.clouds.ecr.journal.last()?.principal).toMatch(/:assumed-role\/pull\//);
      expect(at.clouds.sts.journal.entries.map((it) => it.operation)).toEqual(["AssumeRoleWithWebIdentity"]);
      expect(at.platform.journal.of("GetIDToken").map((it) => it.body)).toEqual([
        { audience: ["sts.amazonaws.com"] },
      ]);
      expect(at.clouds.imds.journal.count()).toBe(0);
      expect(await at.password(ECR)).toBe(password);
      expect(at.platform.journal.count("GetIDToken")).toBe(1);
      expect(at.traces()).toContain(password);
      expect(at.traces()).not.toMatch(ID_TOKEN);
    });

    it("of the platform goes to the STS of the registry's region under its real name", async () => {
      const at = await mintMachine({ build, clouds: { ecr: {}, sts: {} }, config: { registries: oidcRole } });
      trustPlatform(at);
      const { env, connects } = await behindProxy(at);
      await at.password(ECR, env);
      const hosts = ["sts.eu-central-1.amazonaws.com:443", "api.ecr.eu-central-1.amazonaws.com:443"];
      expect(connects).toEqual(hosts);
    });

    it("of the platform becomes a token of Google", async () => {
      const identity = { oidc: { workloadIdentityProvider: PROVIDER } };
      const at = await mintMachine({
        build,
        clouds: { gce: {} },
        config: { registries: { [GAR]: { identity } } },
      });
      trustPlatform(at);
      const { env, connects } = await behindProxy(at);
      expect(at.clouds.isValidGoogleToken(await at.password(GAR, env))).toBe(true);
      expect(connects).toEqual(["sts.googleapis.com:443"]);
      expect(at.platform.journal.of("GetIDToken").map((it) => it.body)).toEqual([
        { audience: [fullProviderName(PROVIDER)] },
      ]);
      expect(at.clouds.gce.journal.count()).toBe(0);
      expect(at.traces()).not.toMatch(ID_TOKEN);
    });

    it("of a command serves without the platform's, and the command learns no secret", async () => {
      const issuer = newIssuer();
      const oidc = [{ issuer: issuer.issuer, keys: issuer.jwks }];
      const at = await mintMachine({ build, clouds: { ecr: {}, sts: { roles: [{ arn: PULL }], oidc } } });
      const token = issuer.token("sts.amazonaws.com");
      const command = tokenCommand(at, token);
      at.configure({ idToken: { command }, registries: oidcRole });
      expect(at.clouds.isValidEcrPassword("AWS", await at.password(ECR))).toBe(true);
      expect(readFileSync(`${command[0]}.args`, "utf8")).toBe("idp token --audience sts.amazonaws.com\n");
      expect(readFileSync(`${command[0]}.env`, "utf8")).not.toContain(PLATFORM_TOKEN);
      expect(at.platform.journal.count("GetIDToken")).toBe(0);
      expect(at.traces()).not.toContain(token);
    });

    it("that the role does not accept is shown nowhere", async () => {
      const issuer = newIssuer();
      const at = await mintMachine({ build, clouds: { ecr: {}, sts: { roles: [{ arn: PULL }] } } });
      const token = issuer.token("sts.amazonaws.com");
      at.configure({ idToken: { command: tokenCommand(at, token) }, registries: oidcRole });
      const trace = join(at.tmp, "trace");
      const line = await at.failure(ECR, "aws-role-denied", { DOCKER_CREDENTIAL_ONA_TRACE: trace });
      expect(readFileSync(trace, "utf8")).toContain("POST 127.0.0.1");
      expect(`${line}\n${at.traces()}`).not.toContain(token.split(".")[1]);
    });

    it.each([
      ["prints nothing", ["/bin/true"]],
      ["prints no token", ["/bin/echo", "c4nary-no-token {audience}"]],
      ["fails", ["/bin/false"]],
      ["is not there", ["/no/such/program"]],
    ])("whose command %s is a failure of its own", async (_how, command) => {
      const at = await mintMachine({ build, clouds: { ecr: {}, sts: {}, imds: {} } });
      at.configure({ idToken: { command }, registries: oidcRole });
      expect(await at.failure(ECR, "id-token-failed")).not.toContain("c4nary");
      expect(at.clouds.sts.journal.count() + at.clouds.imds.journal.count()).toBe(0);
    });
  });

  describe(`${build.name}: a role`, () => {
    it("of another partition is a broken configuration, and nobody is asked", async () => {
      const china = PULL.replace("arn:aws:", "arn:aws-cn:");
      const at = await mintMachine({ build, clouds: { ecr: {}, sts: {}, imds: {} } });
      at.configure({ registries: { [ECR]: { identity: { oidc: { roleArn: china } } } } });
      at.giveToUs([ECR]);
      expect(await at.failure(ECR, "config-invalid")).toContain("partition");
      expect(at.platform.journal.count("GetIDToken")).toBe(0);
      expect(at.clouds.sts.journal.count()).toBe(0);
    });

    it("under a pattern that covers several partitions holds for its own only", async () => {
      const gov = "111122223333.dkr.ecr.us-gov-west-1.amazonaws.com";
      const rule = { identity: { oidc: { roleArn: PULL } } };
      const registries = { "*.dkr.ecr.*.amazonaws.com": rule };
      const clouds = { ecr: {}, sts: {}, imds: {} };
      const at = await mintMachine({ build, clouds, native: [ECR, gov], config: { registries } });
      trustPlatform(at);
      expect(await at.failure(gov, "config-invalid")).toContain("aws-us-gov");
      expect(at.platform.journal.count("GetIDToken")).toBe(0);
      await at.password(ECR);
    });

    it("that is refused names both sides, and the permissions boundary where AWS does", async () => {
      const registries = { [ECR]: { identity: { roleArn: PULL, externalId: "e" } } };
      const at = await mintMachine({ build, clouds: { ecr: {}, sts: {}, imds: {} }, config: { registries } });
      const line = await at.failure(ECR, "aws-role-denied");
      expect(line).toContain(`on ${PULL} to arn:aws:sts::111122223333:assumed-role/environment; `);
      expect(line).not.toContain("boundary");
      const bound = await mintMachine({
        build,
        clouds: { ecr: {}, sts: {}, imds: {} },
        config: { registries },
      });
      bound.clouds.ring.deny(INSTANCE_ROLE, "sts:AssumeRole");
      expect(await bound.failure(ECR, "aws-role-denied")).toMatch(/permissions boundary; use identity\.oidc/);
    });
  });

  describe(`${build.name}: onFailure anonymous`, () => {
    it("is not found on stdout, and the reason on stderr", async () => {
      const registries = { [ECR]: { onFailure: "anonymous" } };
      const at = await mintMachine({ build, clouds: { ecr: {}, imds: {} }, config: { registries } });
      at.clouds.ecr.faults.always({ kind: "denied" });
      const { stdout, stderr, code } = await at.get(ECR);
      expect({ stdout, code }).toEqual({ stdout: NOT_FOUND, code: 1 });
      failureIn(ECR, "aws-denied", { stdout: stderr, stderr, code });
    });
  });

  describe(`${build.name}: a machine without the platform`, () => {
    const none = { build, native: false } as const;

    it.each([ECR, "*.dkr.ecr.*.amazonaws.com"])("on EC2 mints for %s", async (key) => {
      const config = { registries: { [key]: { source: "ecr" } } };
      const at = await mintMachine({ ...none, clouds: { ecr: {}, imds: {} }, config });
      const { env, connects } = await behindProxy(at, { direct: at.clouds.env });
      expect(at.clouds.isValidEcrPassword("AWS", await at.password(ECR, env))).toBe(true);
      expect(await at.get("registry.example.test", env)).toMatchObject({
        stdout: NOT_FOUND,
        stderr: "",
        code: 1,
      });
      expect(connects).toEqual([]);
    });

    it("on GCE mints for Artifact Registry and gcr.io with one token", async () => {
      const registries = { "*.pkg.dev": { source: "gar" }, "gcr.io": { source: "gar" } };
      const at = await mintMachine({ ...none, clouds: { gce: {} }, config: { registries } });
      const token = await at.password(GAR);
      expect(at.clouds.isValidGoogleToken(token)).toBe(true);
      expect(await at.password("gcr.io")).toBe(token);
      expect(at.clouds.gce.journal.count()).toBe(1);
    });

    it("mints ECR Public from the chain of a developer", async () => {
      const config = { registries: { "public.ecr.aws": { source: "ecr" } } };
      const at = await mintMachine({ ...none, clouds: { ecrPublic: {} }, config });
      const { accessKeyId, secretAccessKey } = at.clouds.ring.permanent();
      const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
      const password = await at.password("public.ecr.aws", keys);
      expect(at.clouds.isValidEcrPassword("AWS", password, { service: "ecr-public" })).toBe(true);
    });
  });
}
