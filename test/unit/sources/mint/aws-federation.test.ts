// A credential file that federates an AWS identity with Google: whose keys sign, where the metadata server may be, and
// that AWS is blamed for what AWS does not give. IPv6 addresses work wherever IPv4 ones do.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseEndpoint } from "../../../../src/core/endpoint.ts";
import type { Http, HttpRequest } from "../../../../src/edge/http.ts";
import { isMetadataAddress } from "../../../../src/edge/proxy.ts";
import { TransportError } from "../../../../src/edge/transport-error.ts";
import { mint } from "../../../../src/sources/mint/mint.ts";
import { type CloudOptions, type Clouds, startClouds } from "../../../stand-ins/clouds/clouds.ts";
import { keyEnv } from "../../../stand-ins/clouds/key-ring.ts";
import { ECR_EU, failureOf, planFor, withContext, withHome } from "./minting.ts";

const GAR = planFor({ kind: "gar" }, "default-chain");
const STS = "https://sts.googleapis.com";
const V6 = "http://[fd00:ec2::254]";

function federation(home: string, imds: string): Record<string, string> {
  const source = {
    environment_id: "aws1",
    region_url: `${imds}/latest/meta-data/placement/availability-zone`,
    url: `${imds}/latest/meta-data/iam/security-credentials`,
    regional_cred_verification_url:
      "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
    imdsv2_session_token_url: `${imds}/latest/api/token`,
  };
  const file = {
    type: "external_account",
    audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/aws",
    subject_token_type: "urn:ietf:params:aws:token-type:aws4_request",
    token_url: `${STS}/v1/token`,
    credential_source: source,
  };
  const path = join(home, "federation.json");
  writeFileSync(path, JSON.stringify(file));
  return { GOOGLE_APPLICATION_CREDENTIALS: path };
}

/** Plays Google's token exchange, and takes `v6` to the stand-in for EC2's metadata server. */
function playing(clouds: Clouds, asked: HttpRequest[]): (http: Http) => Http {
  const imds = parseEndpoint(clouds.env.AWS_EC2_METADATA_SERVICE_ENDPOINT ?? "");
  return (http) => ({
    ...http,
    async send(request) {
      asked.push(request);
      const { origin } = request.endpoint;
      if (origin === V6 && imds !== undefined) return http.send({ ...request, endpoint: imds });
      if (origin !== STS) return http.send(request);
      const body = { access_token: "c4nary", token_type: "Bearer", expires_in: 3600, issued_token_type: "x" };
      return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) };
    },
  });
}

/** The access key that signed what was exchanged. */
function signedBy(asked: readonly HttpRequest[]): string | undefined {
  const body = asked.find((it) => it.endpoint.origin === STS)?.body?.toString() ?? "";
  return /Credential=(\w+)\//.exec(decodeURIComponent(decodeURIComponent(body)))?.[1];
}

async function exchange(
  home: string,
  options: CloudOptions,
  imds?: string,
  more: Record<string, string> = {},
) {
  await using clouds = await startClouds(options);
  const asked: HttpRequest[] = [];
  const at = imds ?? clouds.env.AWS_EC2_METADATA_SERVICE_ENDPOINT ?? "";
  const env = { ...clouds.env, ...federation(home, at), ...more };
  const through = playing(clouds, asked);
  const minted = withContext({ env, home, through }, (context) => mint(GAR, context));
  const failure = await minted.then(
    () => undefined,
    () => failureOf(minted),
  );
  return { failure, key: signedBy(asked), asked: asked.map((it) => it.endpoint.origin), clouds };
}

describe("a Google credential file that federates AWS", () => {
  it.each([undefined, V6])("takes the instance's keys, over IPv6 too (%s)", (imds) =>
    withHome(async (home) => {
      const { failure, key, asked } = await exchange(home, { imds: {} }, imds);
      expect(failure).toBeUndefined();
      expect(key).toMatch(/^ASIA/);
      expect(asked.at(-1)).toBe(STS);
      if (imds !== undefined) expect(new Set(asked)).toEqual(new Set([V6, STS]));
    }),
  );

  it("takes keys in variables first, and then asks no metadata server", () =>
    withHome(async (home) => {
      await using clouds = await startClouds({});
      const key = clouds.ring.permanent();
      const more = { ...keyEnv(key), AWS_REGION: "eu-west-1" };
      const said = await exchange(home, { imds: {} }, undefined, more);
      expect(said.key).toBe(key.accessKeyId);
      expect(said.asked).toEqual([STS]);
    }));

  it.each([
    ["on EC2 without a role", { imds: { role: null } }, {}, "aws-no-credentials", "EC2 instance has no role"],
    [
      "where the server is silent",
      { imds: { silent: true } },
      { AWS_REGION: "eu-west-1" },
      "imds-no-answer",
      "EC2",
    ],
    ["off AWS", {}, { AWS_REGION: "eu-west-1" }, "aws-no-credentials", "EC2 metadata server"],
    ["where nobody knows the region", {}, {}, "aws-no-credentials", "AWS region"],
    [
      "with half of the keys",
      { imds: {} },
      { AWS_ACCESS_KEY_ID: "AKIA1" },
      "aws-no-credentials",
      "AWS_SECRET_ACCESS_KEY",
    ],
  ] as const)("%s blames AWS, and asks Google nothing", (_where, options, more, code, words) =>
    withHome(async (home) => {
      const { failure, asked } = await exchange(home, options, undefined, more);
      expect(failure?.code, failure?.message).toBe(code);
      expect(failure?.message).toContain(words);
      expect(asked).not.toContain(STS);
    }),
  );

  it.each(["http://10.0.0.1", "http://[fd00:ec2::255]", "http://169.254.169.254.evil.example", "nonsense"])(
    "does not lead elsewhere: %s",
    (imds) =>
      withHome(async (home) => {
        const { failure, asked } = await exchange(home, { imds: {} }, imds);
        expect(failure?.code).toBe("config-invalid");
        expect(asked).toEqual([]);
      }),
  );
});

describe("a metadata server of Google at", () => {
  const answer = { status: 200, body: Buffer.from('{"access_token":"c4nary","expires_in":1800}') };
  const headers = { "metadata-flavor": "Google" };

  it.each([
    ["[fd20:ce::254]", "http://[fd20:ce::254]"],
    ["fd20:ce::254", "http://[fd20:ce::254]"],
    ["http://[fd20:ce::254]", "http://[fd20:ce::254]"],
    ["[fd20:ce::254]:8080", "http://[fd20:ce::254]:8080"],
    [" 169.254.169.254\n", "http://169.254.169.254"],
    ["metadata.google.internal", "http://metadata.google.internal"],
    ["[::1]:8080", "http://[::1]:8080"],
  ])("%s is asked", async (GCE_METADATA_HOST, origin) => {
    const asked: string[] = [];
    const through = (http: Http): Http => ({
      ...http,
      async send(request) {
        asked.push(request.endpoint.origin);
        return { ...answer, headers };
      },
    });
    const minted = await withContext({ env: { GCE_METADATA_HOST }, through }, (context) =>
      mint(GAR, context),
    );
    expect(minted.secret.expose()).toBe("c4nary");
    expect(asked).toEqual([origin]);
  });

  it.each([
    "[fd20:ce::255]",
    "fd20:ce::254:80:1",
    "[fd20:ce::254",
    "10.0.0.1",
    "evil.example",
    "[fd00:ec2::254]",
  ])("%s is not", async (GCE_METADATA_HOST) => {
    const minted = withContext({ env: { GCE_METADATA_HOST } }, (context) => mint(GAR, context));
    const failure = await failureOf(minted);
    expect(failure.code).toBe("config-invalid");
    expect(failure.message).toContain("GCE_METADATA_HOST");
  });

  it("its address over IPv6 never takes a proxy", () => {
    expect(isMetadataAddress("fd20:ce::254")).toBe(true);
  });
});

describe("EC2's metadata server over IPv6", () => {
  it.each([
    [{ AWS_EC2_METADATA_SERVICE_ENDPOINT: V6 }, "http://[fd00:ec2::254]"],
    [{ AWS_EC2_METADATA_SERVICE_ENDPOINT: `${V6}/` }, "http://[fd00:ec2::254]"],
    [{ AWS_EC2_METADATA_SERVICE_ENDPOINT: " http://[FD00:EC2:0::254]\n" }, "http://[fd00:ec2::254]"],
    [{ AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "IPv6" }, "http://[fd00:ec2::254]"],
    [{ AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "ipv4" }, "http://169.254.169.254"],
  ])("is where %j says", async (more, origin) => {
    const asked: string[] = [];
    const through = (http: Http): Http => ({
      ...http,
      async send(request) {
        asked.push(request.endpoint.origin);
        throw new TransportError("timeout", request.endpoint.host, "");
      },
    });
    const failure = await failureOf(
      withContext({ env: more, through }, (context) => mint(planFor(ECR_EU), context)),
    );
    expect(failure.code).toBe("imds-no-answer");
    expect(asked).toEqual([origin]);
  });
});
