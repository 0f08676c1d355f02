// ID tokens: from the platform or from the command that the configuration names; a failure says why without showing
// anything.

import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { Failure, failureLine } from "../../../../src/core/failures.ts";
import { deadlineAfter, systemClock } from "../../../../src/edge/clock.ts";
import { requestIdToken } from "../../../../src/sources/platform/id-token.ts";
import { scratch } from "../../store/scratch.ts";
import { world } from "./platform-world.ts";

const AUDIENCE = "sts.amazonaws.com";
const JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJlIn0.c2ln";
const deadline = deadlineAfter(systemClock, 60_000);
const nobody = (): never => {
  throw new Error("the platform was asked");
};

function script(body: string): string {
  const path = join(scratch(), "id-token");
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o700);
  return path;
}

async function lineOf(token: Promise<unknown>): Promise<string> {
  const error = await token.then(
    () => new Error("it succeeded"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Failure)) throw error;
  expect(inspect(error, { depth: 5 })).not.toContain("c4nary");
  return failureLine("r", error);
}

describe("from the command", () => {
  it("the audience stands in its arguments wherever they say so, and in no shell", async () => {
    const dir = scratch();
    const program = script(`printf '%s\\n' "$@" > ${dir}/args; echo ' ${JWT} '`);
    const command = [program, "--audience={audience}", "{audience}", "$(id)", "{audience}{audience}"];
    const token = await requestIdToken("//iam.example/a b;$x", command, {}, deadline, nobody);
    expect(token.expose()).toBe(JWT);
    const aud = "//iam.example/a b;$x";
    expect(readFileSync(join(dir, "args"), "utf8")).toBe(`--audience=${aud}\n${aud}\n$(id)\n${aud}${aud}\n`);
  });

  it.each<[string, string, RegExp]>([
    ["prints words", "echo no c4nary", /printed no token/],
    ["prints what is no ASCII", "printf 'c4nary\\303\\251'", /printed no token/],
    ["prints a token with something after it", `echo '${JWT} c4nary'`, /printed no token/],
    ["prints two", `echo ${JWT}; echo ${JWT}`, /printed no token/],
    ["prints nothing", "true", /printed no token/],
    ["fails", "echo c4nary; exit 7", /idToken\.command failed/],
    ["prints too much", "head -c 70000 /dev/zero", /printed more than 64 KiB/],
  ])("one that %s", async (_, body, reason) => {
    const line = await lineOf(requestIdToken(AUDIENCE, [script(body)], {}, deadline, nobody));
    expect(line).toMatch(reason);
    expect(line).toMatch(/; [ -~]+ \[id-token-failed\]$/);
  });

  it("one that is not there", async () => {
    expect(await lineOf(requestIdToken(AUDIENCE, ["/no/such/program"], {}, deadline, nobody))).toMatch(
      /could not be started/,
    );
  });
});

describe("from the platform", () => {
  it("with the audience that was asked for", async () => {
    const w = await world();
    const token = await requestIdToken(
      AUDIENCE,
      undefined,
      {},
      deadline,
      async () => (await w.remote().askOptions()).client,
    );
    const claims = JSON.parse(Buffer.from(token.expose().split(".")[1] ?? "", "base64url").toString()) as {
      aud: unknown;
    };
    expect(claims.aud).toEqual([AUDIENCE]);
    expect(`${token}`).toBe("[redacted]");
  });

  it.each<[string, Parameters<Awaited<ReturnType<typeof world>>["fail"]>[0], RegExp]>([
    [
      "does not offer it",
      { kind: "error", code: "failed_precondition", message: "c4nary" },
      /failed_precondition.*OIDC is enabled/,
    ],
    ["is down", { kind: "error", code: "internal" }, /HTTP 500/],
    [
      "gives an empty one",
      { kind: "answer", status: 200, json: { token: "" } },
      /did not answer as the platform does/,
    ],
    ["gives none", { kind: "answer", status: 200, json: {} }, /did not answer as the platform does/],
  ])("one that %s", async (_, fault, reason) => {
    const w = await world();
    await w.fail(fault);
    const token = requestIdToken(
      AUDIENCE,
      undefined,
      {},
      deadline,
      async () => (await w.remote().askOptions()).client,
    );
    const line = await lineOf(token);
    expect(line).toMatch(reason);
    expect(line).toMatch(/\[id-token-failed\]$/);
  });
});
