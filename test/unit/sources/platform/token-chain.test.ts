// What happens when the platform refuses a token: the next source, the same source once more, and what the failure says.
// No message may show a token.

import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failureLine } from "../../../../src/core/failures.ts";
import type { TokenSeed } from "../../../stand-ins/platform/seed.ts";
import { scratch } from "../../store/scratch.ts";
import { HOST, MINUTE_MS, refOf, TEAM, type World, world } from "./platform-world.ts";

/** Tokens in the order in which the platform heard them, by label. */
const heard = (w: World): string[] => w.platform.journal.entries.map(({ token }) => token);

const tokens: TokenSeed[] = [
  { label: "good", token: "c4nary-good", principal: "environment" },
  { label: "user", token: "c4nary-user", principal: "user" },
];
const seed = { secrets: [TEAM], tokens };

async function lineOf(w: World): Promise<string> {
  const result = await w.remote().platform(refOf(HOST));
  if (result.kind !== "failed") return result.kind;
  const line = failureLine("r", result.failure);
  expect(line).not.toContain("c4nary");
  return line;
}

/** A script that prints `text`, or what `body` does. */
function script(dir: string, body: string): string {
  const path = join(dir, `token-${Math.random().toString(36).slice(2)}`);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o700);
  return path;
}

describe("a token that is refused", () => {
  it("gives way to the next source, for the whole run", async () => {
    const w = await world({
      seed,
      env: { DOCKER_CREDENTIAL_ONA_TOKEN: "c4nary-old", GITPOD_TOKEN: "c4nary-good" },
    });
    expect(await w.get()).toBe("demo:first");
    expect(heard(w)).toEqual(["unknown-1", "good", "good"]);
  });

  it("is read again once, since tokens rotate; the same one is not tried twice", async () => {
    const dir = scratch();
    const count = join(dir, "count");
    const command = [
      script(dir, `echo x >> ${count}; [ $(wc -l < ${count}) -gt 1 ] && echo c4nary-good || echo c4nary-old`),
    ];
    const w = await world({ seed, env: { DOCKER_CREDENTIAL_ONA_TOKEN: "" }, config: { token: { command } } });
    expect(await w.get()).toBe("demo:first");
    expect(heard(w)).toEqual(["unknown-1", "good", "good"]);

    const stubborn = await world({ seed, env: { DOCKER_CREDENTIAL_ONA_TOKEN: "c4nary-old" } });
    expect(await stubborn.get()).toBe("failed token-refused");
    expect(heard(stubborn)).toEqual(["unknown-1"]);
  });

  it("and a new one that is refused as well: once, not for ever", async () => {
    const dir = scratch();
    const count = join(dir, "count");
    const command = [script(dir, `echo x >> ${count}; echo c4nary-$(wc -l < ${count})`)];
    const w = await world({ seed, env: { DOCKER_CREDENTIAL_ONA_TOKEN: "" }, config: { token: { command } } });
    expect(await lineOf(w)).toMatch(/the command .*\[token-refused\]$/);
    expect(heard(w)).toEqual(["unknown-1", "unknown-2"]);
  });

  it("the failure names the first source that was refused", async () => {
    const w = await world({ seed, env: { DOCKER_CREDENTIAL_ONA_TOKEN: "c4nary-a", ONA_TOKEN: "c4nary-b" } });
    expect(await lineOf(w)).toMatch(/the token from DOCKER_CREDENTIAL_ONA_TOKEN; .*\[token-refused\]$/);
    expect(heard(w)).toEqual(["unknown-1", "unknown-2"]);
  });

  it("a token that is revoked between two requests of a run", async () => {
    const w = await world({
      seed,
      env: { DOCKER_CREDENTIAL_ONA_TOKEN: "c4nary-good", ONA_TOKEN: "c4nary-also" },
    });
    await w.change(
      { do: "addToken", token: { label: "also", token: "c4nary-also", principal: "environment" } },
      {
        do: "fault",
        fault: { method: "GetSecretValue", token: "good", kind: "error", code: "unauthenticated" },
      },
    );
    expect(await w.get()).toBe("demo:first");
    expect(heard(w)).toEqual(["good", "good", "also"]);
  });

  it("an outage is no refusal: no other token is tried", async () => {
    const w = await world({
      seed,
      env: { DOCKER_CREDENTIAL_ONA_TOKEN: "c4nary-good", ONA_TOKEN: "c4nary-user" },
    });
    await w.fail({ kind: "answer", status: 401, html: "<p>sign in</p>" });
    expect(await w.get()).toBe("failed platform-unreachable");
    expect(heard(w)).toEqual(["good"]);
  });
});

describe("a token that may not read values", () => {
  it("gives way to the next source", async () => {
    const w = await world({
      seed,
      env: { DOCKER_CREDENTIAL_ONA_TOKEN: "c4nary-user", ONA_TOKEN: "c4nary-good" },
    });
    expect(await w.get()).toBe("demo:first");
    expect(heard(w).at(-1)).toBe("good");
  });

  it("alone: the failure names source and principal, never the token", async () => {
    const w = await world({ seed, env: { DOCKER_CREDENTIAL_ONA_TOKEN: "c4nary-user" } });
    expect(await lineOf(w)).toMatch(
      /the token from DOCKER_CREDENTIAL_ONA_TOKEN \(user [0-9a-f-]+\); .*\[permission-denied\]$/,
    );
  });

  it("for one secret: the next secret is tried with the first token again", async () => {
    const other = { name: "OTHER", host: HOST, value: "other:one", scope: "organization" } as const;
    const w = await world({
      seed: { ...seed, secrets: [TEAM, other] },
      env: { DOCKER_CREDENTIAL_ONA_TOKEN: "c4nary-good", ONA_TOKEN: "c4nary-user" },
    });
    await w.fail({ method: "GetSecretValue", secret: "TEAM", kind: "error", code: "permission_denied" });
    expect(await w.get()).toBe("other:one");
    expect(heard(w).at(-1)).toBe("good");
  });

  it("when the platform does not even say who it is: the failure is the same", async () => {
    const w = await world({ seed, env: { DOCKER_CREDENTIAL_ONA_TOKEN: "c4nary-user" } });
    await w.fail({ method: "GetAuthenticatedIdentity", kind: "error", code: "unauthenticated" });
    expect(await lineOf(w)).toMatch(/\[permission-denied\]$/);
    w.clock.advance(MINUTE_MS);
    await w.fail({ method: "GetAuthenticatedIdentity", kind: "hang" });
    expect(await lineOf(w)).toMatch(/of unknown principal.*\[permission-denied\]$/);
  });

  it("when the platform refuses to say who it is, the next source is still tried for the value", async () => {
    const w = await world({
      seed,
      env: { DOCKER_CREDENTIAL_ONA_TOKEN: "c4nary-user", ONA_TOKEN: "c4nary-good" },
    });
    await w.fail({
      method: "GetAuthenticatedIdentity",
      token: "user",
      kind: "error",
      code: "unauthenticated",
    });
    expect(await w.get()).toBe("demo:first");
  });
});

describe("without an environment id", () => {
  it("answers of different tokens are never each other's", async () => {
    const two: TokenSeed[] = [
      ...tokens,
      {
        label: "other",
        token: "c4nary-other",
        principal: "environment",
        id: "0199a000-0000-7000-8000-0000000000e2",
      },
    ];
    const environments = [{}, { id: "0199a000-0000-7000-8000-0000000000e2" }];
    const secrets = [
      { ...TEAM, inSpec: ["0199a000-0000-7000-8000-000000000010"] },
      { ...TEAM, name: "TWO", value: "demo:other", inSpec: ["0199a000-0000-7000-8000-0000000000e2"] },
    ];
    const w = await world({ seed: { secrets, environments, tokens: two }, env: { ONA_ENVIRONMENT_ID: "" } });
    const as = (token: string) => w.get(HOST, w.remote({ DOCKER_CREDENTIAL_ONA_TOKEN: token }));
    expect(await as("c4nary-good")).toBe("demo:first");
    expect(await as("c4nary-other")).toBe("demo:other");
    expect(await as("c4nary-good")).toBe("demo:first");
  });

  it("an id that is no identifier is an error, and nobody is asked", async () => {
    const w = await world({
      seed,
      env: { ONA_ENVIRONMENT_ID: "a/../b", DOCKER_CREDENTIAL_ONA_TOKEN: "c4nary-good" },
    });
    expect(await w.get()).toBe("failed config-invalid");
    expect(w.platform.journal.methods()).toEqual([]);
  });
});

describe("a token that is over is told apart from a wrong one", () => {
  const jwt = (endS: number): string =>
    ["{}", JSON.stringify({ exp: endS }), "s"]
      .map((part) => Buffer.from(part).toString("base64url"))
      .join(".");
  const messageOf = async (token: string): Promise<string> => {
    const w = await world({ seed, env: { DOCKER_CREDENTIAL_ONA_TOKEN: token } });
    const result = await w.remote().platform(refOf(HOST));
    return result.kind === "failed" ? `${result.failure.message}; ${result.failure.hint}` : result.kind;
  };
  const HINT =
    "put the environment's current token into DOCKER_CREDENTIAL_ONA_TOKEN, or take it away so that the environment's own is used";

  it.each([
    ["an old one", jwt(1_000_000_000), `the token from DOCKER_CREDENTIAL_ONA_TOKEN has expired; ${HINT}`],
    [
      "a wrong one",
      "c4nary-wrong",
      `the platform refused the token from DOCKER_CREDENTIAL_ONA_TOKEN; ${HINT}`,
    ],
    [
      "a wrong one whose end is far",
      jwt(99_000_000_000),
      `the platform refused the token from DOCKER_CREDENTIAL_ONA_TOKEN; ${HINT}`,
    ],
  ])("%s", async (_, token, message) => {
    expect(await messageOf(token)).toBe(message);
  });
});
