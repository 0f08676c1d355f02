// What a mint is given, over real loopback HTTP: an environment of the test's own, a home directory of its own, and
// an ID token when the test says so. Nothing is taken from this machine.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect } from "vitest";
import type { IdentityChoice } from "../../../../src/core/clouds/clouds.ts";
import { parseEndpoint } from "../../../../src/core/endpoint.ts";
import { Failure, failureLine } from "../../../../src/core/failures.ts";
import type { MintPlan, MintTarget } from "../../../../src/core/identity.ts";
import { Secret } from "../../../../src/core/secret.ts";
import { type Clock, deadlineAfter, systemClock } from "../../../../src/edge/clock.ts";
import { createHttp, type Http } from "../../../../src/edge/http.ts";
import type { MintContext } from "../../../../src/sources/cloud/context.ts";
import { OTHER_CLOUDS } from "../../../../src/sources/mint/other-clouds.ts";
import { portFor } from "../../../stand-ins/clouds/cloud-hosts.ts";
import type { Clouds } from "../../../stand-ins/clouds/clouds.ts";

export interface Minting {
  readonly env: Record<string, string>;
  readonly deadlineMs?: number;
  readonly clock?: Clock;
  readonly home?: string;
  readonly idToken?: (audience: string) => string;
  /** Stands between the mint and the network. */
  readonly through?: (http: Http) => Http;
}

/** A home that is empty unless the test fills it; gone after `run`. */
export async function withHome<T>(run: (home: string) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), "minting-"));
  try {
    return await run(home);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Takes what is meant for Google's real hosts to their stand-ins; everything else goes where it wants. */
export function toStandIns(clouds: Clouds): (http: Http) => Http {
  return (http) => ({
    ...http,
    send(request) {
      const { scheme, host } = request.endpoint;
      const port = scheme === "https" ? portFor(clouds, host) : undefined;
      if (scheme === "https" && port === undefined) throw new Error(`no stand-in for ${host}`);
      const endpoint = parseEndpoint(`http://127.0.0.1:${port}`);
      return http.send(endpoint === undefined ? request : { ...request, endpoint });
    },
  });
}

/** `run` gets a context whose connections are closed afterwards. */
export async function withContext<T>(
  minting: Minting,
  run: (context: MintContext) => Promise<T>,
): Promise<T> {
  const clock = minting.clock ?? systemClock;
  const deadline = deadlineAfter(clock, minting.deadlineMs ?? 10_000);
  const real = createHttp({ env: minting.env, deadline, trace: () => undefined });
  const http = minting.through?.(real) ?? real;
  const idToken = async (audience: string) => {
    if (minting.idToken === undefined)
      throw new Failure("id-token-failed", "no ID token in this test", { hint: "give it one" });
    return new Secret(minting.idToken(audience));
  };
  const { env, home } = minting;
  try {
    return await run({
      env,
      home,
      clock,
      deadline,
      http,
      trace: () => undefined,
      idToken,
      others: OTHER_CLOUDS,
    });
  } finally {
    real.close();
  }
}

export const ECR_EU: MintTarget & { readonly kind: "ecr" } = {
  kind: "ecr",
  region: "eu-central-1",
  partition: "aws",
  fips: false,
  dualStack: false,
};

export const CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform";

export function planFor(
  cloud: MintTarget,
  base: MintPlan["base"] = "machine",
  identity?: IdentityChoice,
): MintPlan {
  return { cloud, base, googleScopes: [CLOUD_PLATFORM], ...(identity === undefined ? {} : { identity }) };
}

/** The failure that `minted` ends in, checked: one printable line with a next step, and none of `secrets` anywhere. */
export async function failureOf(minted: Promise<unknown>, secrets: readonly string[] = []): Promise<Failure> {
  const error = await minted.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Failure)) throw new Error(`no Failure: ${inspect(error)}`);
  expect(error.hint, error.message).toMatch(/^[\x20-\x7e]+$/);
  expect(error.message).toMatch(/^[\x20-\x7e]+[^.]$/);
  const everything = [failureLine("r", error), inspect(error, { depth: 10 }), JSON.stringify(error)].join(
    "\n",
  );
  for (const secret of secrets) expect(everything).not.toContain(secret);
  return error;
}
