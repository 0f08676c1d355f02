// What the SDKs would write by themselves: version warnings, notices about several sources, request logs. With every
// switch on that makes them talk, both streams stay empty.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { state } from "@aws-sdk/core/client";
import { describe, expect, it } from "vitest";
import type { MintPlan } from "../../../../src/core/identity.ts";
import { keySection, writeAwsHome } from "../../../stand-ins/clouds/aws-files.ts";
import { startClouds } from "../../../stand-ins/clouds/clouds.ts";
import {
  externalAccountFile,
  impersonatedFile,
  writeGoogleCredentials,
} from "../../../stand-ins/clouds/google-files.ts";
import { newIssuer } from "../../../stand-ins/clouds/issuer.ts";
import { keyEnv } from "../../../stand-ins/clouds/key-ring.ts";
import { ECR_EU, planFor, withHome } from "./minting.ts";

const SWITCHES = {
  NODE_DEBUG: "http,https,gaxios,auth",
  GOOGLE_SDK_NODE_LOGGING: "all",
  DEBUG: "*",
  AWS_SDK_LOAD_CONFIG: "1",
};
const TARGET = "target@project-1234.iam.gserviceaccount.com";
const PROVIDER = "projects/1/locations/global/workloadIdentityPools/p/providers/p";

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function mintOnce(plan: MintPlan, env: Record<string, string>): Promise<Ended> {
  const program = join(import.meta.dirname, "mint-once.ts");
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [program, JSON.stringify(plan)],
      { env: { ...SWITCHES, ...env }, cwd: "/" },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, output: stdout + stderr }),
    );
  });
}

describe("nothing is written", () => {
  it("about an old Node, which only an old Node could show", async () => {
    await import("../../../../src/sources/aws/client-options.ts");
    expect(state.warningEmitted).toBe(true);
  });

  it("by the AWS SDK, with a profile beside keys and an assumed role", () =>
    withHome(async (home) => {
      const role = "arn:aws:iam::111122223333:role/r";
      await using clouds = await startClouds({ ecr: {}, sts: { roles: [{ arn: role }] } });
      const key = clouds.ring.permanent();
      const files = writeAwsHome(home, {
        config: { "profile dev": { role_arn: role, source_profile: "base" } },
        credentials: { base: keySection(key) },
      });
      const env = { ...clouds.env, ...files, ...keyEnv(key), AWS_PROFILE: "dev" };
      expect(await mintOnce(planFor(ECR_EU, "default-chain"), env)).toEqual({ code: 0, output: "" });
    }));

  it("by the AWS SDK when an answer is garbage", async () => {
    await using clouds = await startClouds({ ecr: {}, imds: {} });
    clouds.ecr.faults.always({ kind: "garbage" });
    expect(await mintOnce(planFor(ECR_EU), clouds.env)).toEqual({ code: 1, output: "" });
  });

  it("by Google's library, with federation and an impersonated account", () =>
    withHome(async (home) => {
      const platform = newIssuer();
      const subject = `principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s`;
      await using clouds = await startClouds({
        googleSts: { providers: [{ name: PROVIDER, issuer: platform.issuer, keys: platform.jwks }] },
        googleIam: { accounts: [{ email: TARGET, tokenCreators: [subject] }] },
      });
      const file = writeGoogleCredentials(join(home, "token"), [
        platform.token(`//iam.googleapis.com/${PROVIDER}`, { sub: "s" }),
      ]);
      const source = {
        ...externalAccountFile(clouds, {
          provider: PROVIDER,
          subjectTokenFile: file.GOOGLE_APPLICATION_CREDENTIALS ?? "",
        }),
        credential_source: {
          file: file.GOOGLE_APPLICATION_CREDENTIALS,
          format: { type: "json", subject_token_field_name: "0" },
        },
      };
      const env = writeGoogleCredentials(home, impersonatedFile(clouds, source, TARGET));
      const plan = planFor({ kind: "gar" }, "default-chain");
      expect(await mintOnce(plan, { ...clouds.env, ...env })).toEqual({ code: 0, output: "" });
    }));
});
