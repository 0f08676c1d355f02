// Which API a registry's host leads to: mints for the host with a network that only notes what it is asked for and
// answers like AWS. Run by itself it prints the whole table for people: node test/unit/sources/aws/called-endpoint.ts

import { recognizeCloud } from "../../../../src/core/clouds/clouds.ts";
import type { MintTarget } from "../../../../src/core/identity.ts";
import { parseRegistry } from "../../../../src/core/registry.ts";
import { Secret } from "../../../../src/core/secret.ts";
import { deadlineAfter, systemClock } from "../../../../src/edge/clock.ts";
import type { Http, HttpRequest } from "../../../../src/edge/http.ts";
import { mintEcr } from "../../../../src/sources/aws/ecr.ts";
import { OTHER_CLOUDS } from "../../../../src/sources/mint/other-clouds.ts";

export interface Called {
  /** `https://host` */
  readonly origin: string;
  readonly path: string;
  /** Region and service of the signature. */
  readonly signedFor: string;
  readonly action: string;
}

const KEYS = { AWS_ACCESS_KEY_ID: "AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY: "example" };

/** Throws what the mint throws; undefined when nothing was asked. */
export async function calledFor(host: string, env: Record<string, string> = {}): Promise<Called | undefined> {
  const requests: HttpRequest[] = [];
  await mintEcr(
    { cloud: targetOf(host), base: "default-chain", googleScopes: [] },
    {
      env: { ...KEYS, ...env },
      home: undefined,
      clock: systemClock,
      deadline: deadlineAfter(systemClock, 5000),
      http: noting(requests),
      trace: () => undefined,
      idToken: async () => new Secret(""),
      others: OTHER_CLOUDS,
    },
  );
  const [request] = requests;
  if (request === undefined || requests.length > 1) return undefined;
  const scope = /Credential=[^/]+\/\d{8}\/([^/]+)\/([^/]+)\//.exec(request.headers.authorization ?? "");
  return {
    origin: request.endpoint.origin,
    path: request.path,
    signedFor: `${scope?.[1]} ${scope?.[2]}`,
    action: request.headers["x-amz-target"]?.split(".")[1] ?? "",
  };
}

function targetOf(host: string): MintTarget {
  const ref = parseRegistry(host);
  const cloud = ref === undefined ? undefined : recognizeCloud(ref);
  if (cloud === undefined) throw new Error(`${host} is no registry of a cloud`);
  return cloud;
}

function noting(requests: HttpRequest[]): Http {
  return {
    async send(request) {
      requests.push(request);
      const datum = {
        authorizationToken: Buffer.from("AWS:password").toString("base64"),
        expiresAt: Date.now() / 1000 + 43_200,
      };
      const isPublic = request.headers["x-amz-target"]?.startsWith("SpencerFrontendService") === true;
      const body = JSON.stringify({ authorizationData: isPublic ? datum : [datum] });
      return {
        status: 200,
        headers: { "content-type": "application/x-amz-json-1.1" },
        body: Buffer.from(body),
      };
    },
    close: () => undefined,
  };
}

const ACCOUNT = "111122223333";
const CLASSIC: readonly (readonly [region: string, suffix: string])[] = [
  ["us-east-1", "amazonaws.com"],
  ["eu-central-1", "amazonaws.com"],
  ["us-gov-west-1", "amazonaws.com"],
  ["cn-north-1", "amazonaws.com.cn"],
  ["eusc-de-east-1", "amazonaws.eu"],
  ["us-iso-east-1", "c2s.ic.gov"],
  ["us-isob-east-1", "sc2s.sgov.gov"],
  ["eu-isoe-west-1", "cloud.adc-e.uk"],
  ["us-isof-south-1", "csp.hci.ic.gov"],
];
const DUAL_STACK: readonly (readonly [region: string, suffix: string])[] = [
  ["us-east-1", "on.aws"],
  ["us-gov-west-1", "on.aws"],
  ["cn-north-1", "on.amazonwebservices.com.cn"],
];

/** Every form of host in every partition. */
export const ALL_HOSTS: readonly string[] = [
  ...CLASSIC.flatMap(([region, suffix]) =>
    ["", "-fips"].map((fips) => `${ACCOUNT}.dkr.ecr${fips}.${region}.${suffix}`),
  ),
  ...DUAL_STACK.flatMap(([region, suffix]) =>
    ["", "-fips"].map((fips) => `${ACCOUNT}.dkr-ecr${fips}.${region}.${suffix}`),
  ),
  "public.ecr.aws",
  "ecr-public.aws.com",
];

export const TOGGLES: readonly (readonly [name: string, env: Record<string, string>])[] = [
  ["", {}],
  ["FIPS", { AWS_USE_FIPS_ENDPOINT: "true" }],
  ["dual-stack", { AWS_USE_DUALSTACK_ENDPOINT: "true" }],
  ["FIPS, dual-stack", { AWS_USE_FIPS_ENDPOINT: "true", AWS_USE_DUALSTACK_ENDPOINT: "true" }],
];

if (process.argv[1] === import.meta.filename) {
  const lines = ["| host | variables turn on | endpoint called | signed for |", "|---|---|---|---|"];
  for (const host of ALL_HOSTS) {
    for (const [name, env] of TOGGLES) {
      const called = await calledFor(host, env).catch((error: Error) => error.message);
      const cells = typeof called === "string" ? `${called} | ` : `${called?.origin} | ${called?.signedFor}`;
      lines.push(`| ${host} | ${name || "-"} | ${cells} |`);
    }
  }
  process.stdout.write(`${lines.join("\n")}\n`);
}
