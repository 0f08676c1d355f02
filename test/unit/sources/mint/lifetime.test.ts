// Lifetimes are believed up to what the clouds document: 12 h for ECR, 1 h for Google; what cannot be read counts as that.

import { describe, expect, it } from "vitest";
import type { MintTarget } from "../../../../src/core/identity.ts";
import { mint } from "../../../../src/sources/mint/mint.ts";
import { type Clouds, startClouds } from "../../../stand-ins/clouds/clouds.ts";
import { ECR_EU, failureOf, planFor, withContext } from "./minting.ts";

const HOUR_MS = 3_600_000;
const TOKEN = Buffer.from("AWS:c4nary").toString("base64");

/** JSON as it stands on the wire; undefined: the field is missing. */
type Wire = string | undefined;

async function lifeOf(clouds: Clouds, target: MintTarget): Promise<number> {
  const token = await withContext({ env: clouds.env }, (context) => mint(planFor(target), context));
  expect(token.refreshAtMs).toBeLessThan(token.expiresAtMs);
  return token.expiresAtMs - token.obtainedAtMs;
}

const field = (name: string, value: Wire): string => (value === undefined ? "" : `,"${name}":${value}`);
const inSeconds = (ms: number): string => String((Date.now() + ms) / 1000);

describe("a token of ECR whose end is", () => {
  const full: readonly (readonly [string, Wire])[] = [
    ["in milliseconds", String(Date.now() + HOUR_MS)],
    ["a day ahead", inSeconds(24 * HOUR_MS)],
    ["beyond every calendar", "1e300"],
    ["beyond every number", "1e999"],
    ["missing", undefined],
    ["null", "null"],
    ["a word", '"soon"'],
    ["an object", "{}"],
    ["true", "true"],
    ["NaN as text", '"NaN"'],
    ["Infinity as text", '"Infinity"'],
  ];
  for (const target of [ECR_EU, { kind: "ecr-public" }] as const) {
    it.each(full)(`%s serves for 12 hours (${target.kind})`, async (_what, expiresAt) => {
      await using clouds = await startClouds({ ecr: {}, ecrPublic: {}, imds: {} });
      const data = `{"authorizationToken":"${TOKEN}"${field("expiresAt", expiresAt)}}`;
      const body = `{"authorizationData":${target.kind === "ecr" ? `[${data}]` : data}}`;
      const service = target.kind === "ecr" ? clouds.ecr : clouds.ecrPublic;
      service.faults.always({ kind: "answer", status: 200, body });
      expect(await lifeOf(clouds, target)).toBe(12 * HOUR_MS);
    });
  }

  it("earlier is believed, and one that is over is refused", async () => {
    await using clouds = await startClouds({ ecr: {}, imds: {} });
    clouds.ecr.settings.lifetimeMs = 2 * HOUR_MS;
    expect(Math.abs((await lifeOf(clouds, ECR_EU)) - 2 * HOUR_MS)).toBeLessThan(10_000);
    for (const over of ["0", "-1", inSeconds(-HOUR_MS)]) {
      const body = `{"authorizationData":[{"authorizationToken":"${TOKEN}","expiresAt":${over}}]}`;
      clouds.ecr.faults.clear();
      clouds.ecr.faults.always({ kind: "answer", status: 200, body });
      expect((await failureOf(lifeOf(clouds, ECR_EU))).code, over).toBe("token-expired");
    }
  });
});

describe("a token of Google's metadata server whose life is", () => {
  const answer = (seconds: Wire) => ({
    kind: "answer" as const,
    status: 200,
    body: `{"access_token":"c4nary","token_type":"Bearer"${field("expires_in", seconds)}}`,
    headers: { "metadata-flavor": "Google" },
  });

  it.each([
    ["longer than an hour", "7200"],
    ["in milliseconds", "3599000"],
    ["beyond every calendar", "1e300"],
    ["beyond every number", "1e999"],
    ["missing", undefined],
    ["null", "null"],
    ["a word", '"soon"'],
    ["an empty word", '""'],
    ["true", "true"],
    ["a list", "[60]"],
  ])("%s serves for an hour", async (_what, seconds) => {
    await using clouds = await startClouds({ gce: {} });
    clouds.gce.faults.always(answer(seconds));
    expect(await lifeOf(clouds, { kind: "gar" })).toBe(HOUR_MS);
  });

  it("shorter is believed, as a number or as text, and one that is over is refused", async () => {
    await using clouds = await startClouds({ gce: {} });
    for (const said of ["1800", '"1800"']) {
      clouds.gce.faults.clear();
      clouds.gce.faults.always(answer(said));
      expect(Math.abs((await lifeOf(clouds, { kind: "gar" })) - HOUR_MS / 2)).toBeLessThan(10_000);
    }
    for (const said of ["0", "-5", '"59"']) {
      clouds.gce.faults.clear();
      clouds.gce.faults.always(answer(said));
      expect((await failureOf(lifeOf(clouds, { kind: "gar" }))).code, said).toBe("token-expired");
    }
  });
});
