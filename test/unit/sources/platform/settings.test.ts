// Which platform and which environment, as set by variables: blank is unset, white space is dropped, and what is of no use
// is an error that names the very variable, never a reason to take the next one.

import { describe, expect, it } from "vitest";
import { ids } from "../../../stand-ins/platform/ids.ts";
import { HOST, refOf, TEAM, world } from "./platform-world.ts";

const seed = { secrets: [TEAM] };
const ID = ids.environment;

async function line(env: Record<string, string>): Promise<string> {
  const w = await world({ seed, env });
  const result = await w.remote().platform(refOf(HOST));
  const requests = w.requests().length;
  if (result.kind !== "failed") return result.kind;
  return `${result.failure.code}: ${result.failure.message}; ${result.failure.hint} (${requests} requests)`;
}

describe("the environment", () => {
  it.each([
    ["with a line end", { ONA_ENVIRONMENT_ID: `${ID}\n` }],
    ["with white space around", { ONA_ENVIRONMENT_ID: ` ${ID} ` }],
    ["blank, and the older variable", { ONA_ENVIRONMENT_ID: " \n", GITPOD_ENVIRONMENT_ID: ID }],
  ])("%s", async (_, env) => {
    expect(await line(env)).toBe("credential");
  });

  it.each([
    ["ONA_ENVIRONMENT_ID", { ONA_ENVIRONMENT_ID: "my env", GITPOD_ENVIRONMENT_ID: ID }],
    ["ONA_ENVIRONMENT_ID", { ONA_ENVIRONMENT_ID: `${ID}\u0000`, GITPOD_ENVIRONMENT_ID: ID }],
    ["GITPOD_ENVIRONMENT_ID", { ONA_ENVIRONMENT_ID: "", GITPOD_ENVIRONMENT_ID: "a/b" }],
  ])("%s that is no id: %j", async (name, env) => {
    expect(await line(env)).toBe(
      `config-invalid: ${name} is not an environment's id; correct ${name} (0 requests)`,
    );
  });
});

describe("the address", () => {
  it.each([
    ["ONA_BASE_URL", { ONA_BASE_URL: "nonsense" }],
    [
      "ONA_BASE_URL",
      { ONA_BASE_URL: "https://app.gitpod.io/api\nx", GITPOD_BASE_URL: "https://app.gitpod.io/api" },
    ],
    ["ONA_BASE_URL", { ONA_BASE_URL: "http://192.0.2.1/api" }],
    ["GITPOD_BASE_URL", { ONA_BASE_URL: " ", GITPOD_BASE_URL: "nonsense" }],
  ])("%s of no use: %j", async (name, env) => {
    expect(await line(env)).toBe(
      `config-invalid: ${name} is not an https URL (or http to loopback); correct ${name} (0 requests)`,
    );
  });

  it("white space around it is dropped", async () => {
    const w = await world({ seed });
    w.env.ONA_BASE_URL = ` ${w.platform.baseUrl}\r\n`;
    expect((await w.remote().platform(refOf(HOST))).kind).toBe("credential");
  });
});
