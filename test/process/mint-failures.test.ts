// The ways in which minting fails, through the program itself: ten of them, ten codes, one line each with a next
// step, the same on both streams, and nothing secret in it, in the failure log or in any file.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeExpiredSso } from "../stand-ins/clouds/aws-files.ts";
import type { CloudOptions, Clouds } from "../stand-ins/clouds/clouds.ts";
import type { Fault } from "../stand-ins/clouds/faults.ts";
import { INSTANCE_ROLE, keyEnv } from "../stand-ins/clouds/key-ring.ts";
import { buildsUnderTest, executables } from "../support/builds.ts";
import {
  cloudSecrets,
  ECR,
  failureIn,
  GAR,
  type MintMachine,
  mintMachine,
  PLATFORM_TOKEN,
} from "./mint-machine.ts";

const DAY_MS = 24 * 3600_000;
const EC2: CloudOptions = { ecr: {}, imds: {} };

interface Way {
  readonly clouds: CloudOptions;
  readonly before?: (clouds: Clouds) => void;
  readonly config?: object;
  readonly env?: (at: MintMachine) => Record<string, string>;
  readonly host?: string;
}

const NONSENSE: Fault = {
  kind: "answer",
  status: 200,
  body: '{"access_token":5}',
  headers: { "metadata-flavor": "Google" },
};

const fault =
  (kind: Fault["kind"]) =>
  (clouds: Clouds): void =>
    clouds.ecr.faults.always({ kind } as Fault);

const TEN: readonly (readonly [what: string, code: string, way: Way])[] = [
  ["no credentials", "aws-no-credentials", { clouds: { ecr: {} } }],
  [
    "access denied",
    "aws-denied",
    { clouds: EC2, before: (clouds) => clouds.ring.deny(INSTANCE_ROLE, "ecr:GetAuthorizationToken") },
  ],
  ["throttled", "aws-throttled", { clouds: EC2, before: fault("throttled") }],
  [
    "expired SSO",
    "aws-sso-expired",
    {
      clouds: EC2,
      config: { registries: { [ECR]: { identity: { profile: "dev" } } } },
      env: ({ home }) =>
        writeExpiredSso(home, { profile: "dev", endedAtMs: Date.now() - DAY_MS, session: "s" }),
    },
  ],
  ["wrong cloud", "wrong-cloud", { clouds: { ecr: {}, gce: {} } }],
  ["hop limit of 1", "imds-no-answer", { clouds: { ecr: {}, imds: { silent: true } } }],
  ["clock off by a day", "aws-clock-skew", { clouds: EC2, before: (clouds) => clouds.clock.advance(DAY_MS) }],
  ["garbage from the API", "aws-bad-answer", { clouds: EC2, before: fault("garbage") }],
  ["an expired token from the API", "token-expired", { clouds: EC2, before: fault("expired") }],
  [
    "deadline",
    "deadline",
    { clouds: EC2, before: fault("silence"), env: () => ({ DOCKER_CREDENTIAL_ONA_DEADLINE_MS: "1500" }) },
  ],
];

const MORE: typeof TEN = [
  [
    "a clock a day ahead, keys in variables",
    "aws-clock-skew",
    {
      clouds: { ecr: {} },
      env: ({ clouds }) => keyEnv(clouds.ring.permanent()),
      before: (clouds) => clouds.clock.advance(-DAY_MS),
    },
  ],
  ["an instance without a role", "aws-no-credentials", { clouds: { ecr: {}, imds: { role: null } } }],
  ["an API that is down", "aws-unreachable", { clouds: EC2, before: fault("unavailable") }],
  ["a Google registry on AWS", "wrong-cloud", { clouds: { imds: {} }, host: GAR }],
  ["no metadata server of Google", "google-unreachable", { clouds: {}, host: GAR }],
  [
    "a VM without an account",
    "google-no-credentials",
    { clouds: { gce: { serviceAccount: null } }, host: GAR },
  ],
  [
    "a metadata server of Google that refuses",
    "google-denied",
    { clouds: { gce: {} }, host: GAR, before: (clouds) => clouds.gce.faults.always({ kind: "denied" }) },
  ],
  [
    "a metadata server of Google that throttles",
    "google-throttled",
    { clouds: { gce: {} }, host: GAR, before: (clouds) => clouds.gce.faults.always({ kind: "throttled" }) },
  ],
  [
    "garbage from Google's metadata server",
    "google-bad-answer",
    { clouds: { gce: {} }, host: GAR, before: (clouds) => clouds.gce.faults.always(NONSENSE) },
  ],
  [
    "an expired token of Google",
    "token-expired",
    { clouds: { gce: {} }, host: GAR, before: (clouds) => clouds.gce.faults.always({ kind: "expired" }) },
  ],
];

/** Asks twice: a failure that is remembered says so and the same. That our own time was too short is no news to others. */
async function expectFailure(code: string, way: Way, at: MintMachine): Promise<void> {
  const host = way.host ?? ECR;
  const trace = join(at.tmp, "trace");
  const env = { DOCKER_CREDENTIAL_ONA_TRACE: trace, ...way.env?.(at) };
  way.before?.(at.clouds);
  const line = await at.failure(host, code, env);
  const log = readFileSync(join(at.stateDir, "failures.log"), "utf8");
  expect(log.replace(/^\S+ /, "")).toBe(`get ${line}\n`);
  const again = failureIn(host, code, await at.get(host, env));
  expect(again.includes("(remembered, asked ")).toBe(code !== "deadline");
  expect(again.replace(/ \(remembered, asked [0-9]+ s ago\)/, "")).toBe(line);
  const secrets = [PLATFORM_TOKEN, ...Object.values(keysOf(env)), ...(await cloudSecrets(at.clouds))];
  for (const secret of secrets) expect(`${line}\n${at.traces()}`).not.toContain(secret);
}

const keysOf = ({
  AWS_ACCESS_KEY_ID: id = "",
  AWS_SECRET_ACCESS_KEY: secret = "",
}: Record<string, string>) => (id === "" ? {} : { id, secret });

for (const build of buildsUnderTest()) {
  describe(`${build.name}: minting fails with`, () => {
    it.each(TEN)("%s: %s", async (_what, code, way) => {
      const { clouds, config } = way;
      const at = await mintMachine({ build, clouds, ...(config === undefined ? {} : { config }) });
      await expectFailure(code, way, at);
    });
  });
}

it("ten ways, ten codes", () => {
  expect(new Set(TEN.map(([, code]) => code)).size).toBe(10);
});

for (const build of executables()) {
  describe(`${build.name}: minting also fails with`, () => {
    it.each(MORE)("%s: %s", async (_what, code, way) => {
      await expectFailure(code, way, await mintMachine({ build, clouds: way.clouds }));
    });
  });
}

for (const build of executables()) {
  it(`${build.name}: a failure to mint is remembered, and none any more once the user has changed something`, async () => {
    const at = await mintMachine({ build, clouds: EC2 });
    at.clouds.ring.deny(INSTANCE_ROLE, "ecr:GetAuthorizationToken");
    const isRemembered = async (env: Record<string, string>): Promise<boolean> =>
      failureIn(ECR, "aws-denied", await at.get(ECR, env)).includes("(remembered, asked ");
    const ca = join(at.root, "some-ca.pem");
    writeFileSync(ca, "one");
    for (const env of [
      {},
      { NO_PROXY: "elsewhere.example" },
      { HTTPS_PROXY: "http://127.0.0.1:9" },
      { SSL_CERT_FILE: ca },
    ]) {
      expect(await isRemembered(env), JSON.stringify(env)).toBe(false);
      expect(await isRemembered(env), JSON.stringify(env)).toBe(true);
    }
    writeFileSync(ca, "another one in the same place");
    expect(await isRemembered({ SSL_CERT_FILE: ca })).toBe(false);
  });
}
