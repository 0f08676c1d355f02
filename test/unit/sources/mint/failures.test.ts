// The ways in which minting fails: each has a code of its own, one line, a next step, and no secret in it.

import { describe, expect, it } from "vitest";
import type { Failure } from "../../../../src/core/failures.ts";
import type { MintTarget } from "../../../../src/core/identity.ts";
import { mint } from "../../../../src/sources/mint/mint.ts";
import { writeAwsHome, writeExpiredSso } from "../../../stand-ins/clouds/aws-files.ts";
import { CLOSED, type CloudOptions, type Clouds, startClouds } from "../../../stand-ins/clouds/clouds.ts";
import type { Fault } from "../../../stand-ins/clouds/faults.ts";
import { INSTANCE_ROLE, keyEnv } from "../../../stand-ins/clouds/key-ring.ts";
import { withEnv } from "../../../stand-ins/clouds/sdk-env.ts";
import { ECR_EU, failureOf, planFor, withContext } from "./minting.ts";

const DAY_MS = 24 * 3600_000;
const GAR: MintTarget = { kind: "gar" };

interface Way {
  readonly clouds: CloudOptions;
  readonly before?: (clouds: Clouds) => void;
  readonly env?: (home: string, clouds: Clouds) => Record<string, string>;
  readonly target?: MintTarget;
  readonly base?: "machine" | "default-chain";
  readonly deadlineMs?: number;
}

const fault =
  (kind: Fault["kind"]) =>
  (clouds: Clouds): void =>
    clouds.ecr.faults.always({ kind } as Fault);
const EC2: CloudOptions = { ecr: {}, imds: {} };

const WAYS: readonly (readonly [code: Failure["code"], what: string, way: Way])[] = [
  ["aws-no-credentials", "no credentials", { clouds: { ecr: {} } }],
  ["aws-no-credentials", "an instance without a role", { clouds: { ecr: {}, imds: { role: null } } }],
  [
    "aws-denied",
    "access denied",
    { clouds: EC2, before: (clouds) => clouds.ring.deny(INSTANCE_ROLE, "ecr:GetAuthorizationToken") },
  ],
  [
    "aws-denied",
    "access denied at ECR Public",
    {
      clouds: { ecrPublic: {}, imds: {} },
      before: (clouds) => clouds.ring.deny(INSTANCE_ROLE, "sts:GetServiceBearerToken"),
      target: { kind: "ecr-public" },
    },
  ],
  [
    "aws-denied",
    "keys that were revoked",
    {
      clouds: { ecr: {} },
      env: (_home, clouds) => {
        const key = clouds.ring.permanent();
        clouds.ring.revoke(key.accessKeyId);
        return keyEnv(key);
      },
    },
  ],
  ["aws-throttled", "throttled", { clouds: EC2, before: fault("throttled") }],
  [
    "aws-sso-expired",
    "expired SSO",
    {
      clouds: { ecr: {} },
      base: "default-chain",
      env: (home) => writeExpiredSso(home, { profile: "dev", endedAtMs: Date.now() - DAY_MS, session: "s" }),
    },
  ],
  ["wrong-cloud", "ECR on a machine of Google", { clouds: { ecr: {}, gce: {} } }],
  ["wrong-cloud", "Google on a machine of AWS", { clouds: { imds: {} }, target: GAR }],
  ["imds-no-answer", "a hop limit of 1", { clouds: { ecr: {}, imds: { silent: true } } }],
  [
    "aws-clock-skew",
    "a clock that is a day behind",
    {
      clouds: { ecr: {}, sts: {} },
      env: (_home, clouds) => keyEnv(clouds.ring.permanent()),
      before: (clouds) => clouds.clock.advance(DAY_MS),
    },
  ],
  [
    "aws-clock-skew",
    "a clock that is a day ahead",
    {
      clouds: { ecr: {}, sts: {} },
      env: (_home, clouds) => keyEnv(clouds.ring.permanent()),
      before: (clouds) => clouds.clock.advance(-DAY_MS),
    },
  ],
  [
    "aws-clock-skew",
    "a clock that is a day behind, seen only at the second attempt",
    {
      clouds: { ecr: {}, sts: {} },
      env: (_home, clouds) => keyEnv(clouds.ring.permanent()),
      before: (clouds) => {
        clouds.clock.advance(DAY_MS);
        clouds.ecr.faults.next({ kind: "throttled" });
      },
    },
  ],
  ["aws-bad-answer", "garbage", { clouds: EC2, before: fault("garbage") }],
  [
    "aws-bad-answer",
    "more than 1 MiB",
    { clouds: EC2, before: (clouds) => clouds.ecr.faults.always({ kind: "huge", bytes: 2 ** 21 }) },
  ],
  [
    "aws-bad-answer",
    "a redirect",
    {
      clouds: EC2,
      before: (clouds) => clouds.ecr.faults.always({ kind: "redirect", to: clouds.sts.url }),
    },
  ],
  [
    "aws-bad-answer",
    "a page of a proxy",
    {
      clouds: EC2,
      before: (clouds) => clouds.ecr.faults.always({ kind: "answer", status: 403, body: "<html>no</html>" }),
    },
  ],
  ["token-expired", "an expired token", { clouds: EC2, before: fault("expired") }],
  ["deadline", "the deadline", { clouds: EC2, before: fault("silence"), deadlineMs: 400 }],
  ["deadline", "a drip", { clouds: EC2, before: fault("drip"), deadlineMs: 400 }],
  [
    "aws-unreachable",
    "nobody at the endpoint",
    { clouds: EC2, env: () => ({ AWS_ENDPOINT_URL_ECR: `http://${CLOSED}` }) },
  ],
  ["aws-unreachable", "an API that is down", { clouds: EC2, before: fault("unavailable") }],
  [
    "aws-unreachable",
    "a container's endpoint that is silent",
    { clouds: { ecr: {}, imds: { role: null }, container: { silent: true } } },
  ],
  [
    "aws-unreachable",
    "a container's endpoint that is down",
    {
      clouds: { ecr: {}, imds: { role: null }, container: {} },
      before: (clouds) => clouds.container.faults.always({ kind: "unavailable" }),
    },
  ],
  [
    "aws-unreachable",
    "a metadata server that is down",
    { clouds: EC2, before: (clouds) => clouds.imds.faults.always({ kind: "unavailable" }) },
  ],
  [
    "aws-bad-answer",
    "a metadata server that answers garbage",
    {
      clouds: EC2,
      before: (clouds) => clouds.imds.faults.always({ kind: "garbage" }, { operation: "credentials" }),
    },
  ],
  ...["null", "5", "[]", '"x"', "{}", '{"Code":"Success"}'].map((body): (typeof WAYS)[number] => [
    "aws-bad-answer",
    `a metadata server that answers ${body}`,
    {
      clouds: EC2,
      before: (clouds) =>
        clouds.imds.faults.always({ kind: "answer", status: 200, body }, { operation: "credentials" }),
    },
  ]),
  [
    "aws-no-credentials",
    "a metadata server that is switched off",
    { clouds: EC2, before: (clouds) => clouds.imds.faults.always({ kind: "denied" }) },
  ],
  ["google-unreachable", "no metadata server of Google", { clouds: {}, target: GAR }],
  ["google-unreachable", "a silent one", { clouds: { gce: { silent: true } }, target: GAR }],
  [
    "google-no-credentials",
    "a VM without an account",
    { clouds: { gce: { serviceAccount: null } }, target: GAR },
  ],
  [
    "google-denied",
    "a metadata server that refuses",
    { clouds: { gce: {} }, target: GAR, before: (clouds) => clouds.gce.faults.always({ kind: "denied" }) },
  ],
  [
    "google-throttled",
    "a metadata server that throttles",
    { clouds: { gce: {} }, target: GAR, before: (clouds) => clouds.gce.faults.always({ kind: "throttled" }) },
  ],
  [
    "token-expired",
    "an expired token of Google",
    { clouds: { gce: {} }, target: GAR, before: (clouds) => clouds.gce.faults.always({ kind: "expired" }) },
  ],
];

describe("minting fails with", () => {
  it.each(WAYS)("%s: %s", (code, _what, way) =>
    withEnv({}, async (home) => {
      await using clouds = await startClouds(way.clouds);
      const env = { ...clouds.env, ...(way.env?.(home, clouds) ?? writeAwsHome(home, {})) };
      way.before?.(clouds);
      const minted = withContext({ env, home, deadlineMs: way.deadlineMs ?? 10_000 }, (context) =>
        mint(planFor(way.target ?? ECR_EU, way.base), context),
      );
      const failure = await failureOf(minted, [env.AWS_SECRET_ACCESS_KEY ?? "nothing-of-this"]);
      expect(failure.code, failure.message).toBe(code);
      expect(clouds.sts.journal.count()).toBe(0);
    }),
  );

  it("ten ways, ten codes", () => {
    const ten = ["no credentials", "access denied", "throttled", "expired SSO", "ECR on a machine of Google"];
    ten.push(
      "a hop limit of 1",
      "a clock that is a day behind",
      "garbage",
      "an expired token",
      "the deadline",
    );
    const codes = WAYS.filter(([, what]) => ten.includes(what)).map(([code]) => code);
    expect(new Set(codes).size).toBe(10);
  });

  it("a reason that names the hop limit and how to raise it", async () => {
    await using clouds = await startClouds({ ecr: {}, imds: { silent: true } });
    const failure = await failureOf(
      withContext({ env: clouds.env }, (context) => mint(planFor(ECR_EU), context)),
    );
    expect(failure.message).toBe("the EC2 metadata server did not answer");
    expect(failure.hint).toMatch(/hop limit of 1 .* --http-put-response-hop-limit 2/);
  });

  it("one question when the metadata server is silent, and none to the other cloud's", async () => {
    await using clouds = await startClouds({ ecr: {}, imds: { silent: true }, gce: { silent: true } });
    await failureOf(withContext({ env: clouds.env }, (context) => mint(planFor(ECR_EU), context)));
    expect(clouds.imds.journal.count()).toBe(1);
    expect(clouds.gce.journal.count()).toBe(0);
  });

  it.each([
    ["has no role", "roles", 404, ""],
    ["names a role that it does not know", "credentials", 404, ""],
    ["has a role that gives nothing", "credentials", 200, '{"Code":"Failed"}'],
  ])("no question to another cloud's server when EC2 itself %s", async (_what, operation, status, body) => {
    await using clouds = await startClouds({ ecr: {}, imds: {}, gce: {} });
    clouds.imds.faults.always({ kind: "answer", status, body }, { operation });
    for (const base of ["machine", "default-chain"] as const) {
      const minted = withContext({ env: clouds.env }, (context) => mint(planFor(ECR_EU, base), context));
      expect((await failureOf(minted)).message).toBe("this EC2 instance has no role that gives keys");
    }
    expect(clouds.gce.journal.count()).toBe(0);
  });

  it("nothing asked of a metadata server when the identity is configured", async () => {
    await using clouds = await startClouds({ ecr: {}, imds: {}, gce: {} });
    const oidc = { kind: "oidc-aws", roleArn: "arn:aws:iam::111122223333:role/r" } as const;
    const minted = withContext({ env: clouds.env }, (context) =>
      mint(planFor(ECR_EU, "machine", oidc), context),
    );
    expect((await failureOf(minted)).code).toBe("id-token-failed");
    expect(clouds.imds.journal.count() + clouds.gce.journal.count()).toBe(0);
  });
});
