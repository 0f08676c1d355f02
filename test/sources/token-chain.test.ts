// The platform token: the order of its sources, what each of them may be, and what happens when the platform refuses
// one. No message may show a token.

import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DEFAULT_CONFIG, parseConfig } from "../../src/core/config.ts";
import { failureLine } from "../../src/core/errors.ts";
import { tokenSources } from "../../src/sources/token-sources.ts";
import type { TokenSeed } from "../platform/seed.ts";
import { scratch } from "../store/scratch.ts";
import { HOST, MINUTE_MS, refOf, TEAM, type World, world } from "./platform-world.ts";

/** Tokens in the order in which the platform heard them, by label. */
const heard = (w: World): string[] => w.platform.journal.entries.map(({ token }) => token);

const tokens: TokenSeed[] = [
  { label: "good", token: "c4nary-good", principal: "environment" },
  { label: "user", token: "c4nary-user", principal: "user" },
];
const seed = { secrets: [TEAM], tokens };

async function lineOf(w: World): Promise<string> {
  const result = await w.session().platform(refOf(HOST));
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

describe("the order", () => {
  it("is the contract's", async () => {
    const dir = scratch();
    const file = join(dir, "file");
    const json = join(dir, "json");
    writeFileSync(file, "from-file\n");
    writeFileSync(json, '{"a":"from-json"}');
    const config = parseConfig(
      JSON.stringify({ token: { file, jsonFile: json, key: "a", command: ["/bin/echo", "from-command"] } }),
    );
    const env: Record<string, string> = { DOCKER_CREDENTIAL_ONA_TOKEN: "from-own" };
    for (const name of ["ONA_TOKEN", "GITPOD_TOKEN", "ONA_API_KEY", "GITPOD_API_KEY"])
      env[name] = `from-${name}`;
    const read: string[] = [];
    for (const source of tokenSources(config, env)) {
      const token = await source.read(async ([, text = ""]) => text);
      if (token !== undefined) read.push(token.expose());
    }
    expect(read.filter((text) => text !== "from-initial-spec")).toEqual([
      "from-own",
      "from-file",
      "from-json",
      "from-command",
      "from-ONA_TOKEN",
      "from-GITPOD_TOKEN",
      "from-ONA_API_KEY",
      "from-GITPOD_API_KEY",
    ]);
  });

  it("one that is empty or no token gives way without a request", async () => {
    for (const own of ["", "  ", "two words", "a\nb", "é", "\u200b"]) {
      const w = await world({ seed, env: { DOCKER_CREDENTIAL_ONA_TOKEN: own, ONA_TOKEN: "c4nary-good" } });
      expect(await w.get()).toBe("demo:first");
      expect(new Set(heard(w))).toEqual(new Set(["good"]));
    }
  });
});

describe("a source", () => {
  const fileOf = (dir: string, text: string): object => {
    writeFileSync(join(dir, "t"), text);
    return { file: join(dir, "t") };
  };
  const jsonOf = (dir: string, text: string): object => {
    writeFileSync(join(dir, "t"), text);
    return { jsonFile: join(dir, "t"), key: "a.b" };
  };

  it.each<[string, (dir: string) => object, string]>([
    ["a file", (dir) => fileOf(dir, "c4nary-good"), "demo:first"],
    ["a file with space around", (dir) => fileOf(dir, "\n c4nary-good \r\n"), "demo:first"],
    ["an empty file", (dir) => fileOf(dir, ""), "failed no-token"],
    ["a file of two lines", (dir) => fileOf(dir, "c4nary-good\nx"), "failed no-token"],
    ["a file that is too large", (dir) => fileOf(dir, "x".repeat(70_000)), "failed no-token"],
    ["a key of a JSON file", (dir) => jsonOf(dir, '{"a.b":"c4nary-good"}'), "demo:first"],
    ["a key with a number", (dir) => jsonOf(dir, '{"a.b":5}'), "failed no-token"],
    ["another key", (dir) => jsonOf(dir, '{"a":{"b":"c4nary-good"}}'), "failed no-token"],
    ["no JSON", (dir) => jsonOf(dir, "c4nary-good"), "failed no-token"],
    ["a JSON list", (dir) => jsonOf(dir, '["c4nary-good"]'), "failed no-token"],
    ["a command", (dir) => ({ command: [script(dir, "echo c4nary-good")] }), "demo:first"],
    [
      "a command that fails after printing",
      (dir) => ({ command: [script(dir, "echo c4nary-good; exit 1")] }),
      "failed no-token",
    ],
    ["a command that prints nothing", (dir) => ({ command: [script(dir, "true")] }), "failed no-token"],
    ["a command that is not there", () => ({ command: ["/no/such/program"] }), "failed no-token"],
  ])("%s", async (_, tokenOf, expected) => {
    const w = await world({
      seed,
      env: { DOCKER_CREDENTIAL_ONA_TOKEN: "" },
      config: { token: tokenOf(scratch()) },
    });
    expect(await w.get()).toBe(expected);
  });

  it("an inherited key is none", async () => {
    const dir = scratch();
    writeFileSync(join(dir, "t"), "{}");
    const w = await world({
      seed,
      env: { DOCKER_CREDENTIAL_ONA_TOKEN: "" },
      config: { token: { jsonFile: join(dir, "t"), key: "constructor" } },
    });
    expect(await w.get()).toBe("failed no-token");
  });
});

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
    await w.fail({ method: "GetAuthenticatedIdentity", kind: "error", code: "unauthenticated" });
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
    const as = (token: string) => w.get(HOST, w.session({ DOCKER_CREDENTIAL_ONA_TOKEN: token }));
    expect(await as("c4nary-good")).toBe("demo:first");
    expect(await as("c4nary-other")).toBe("demo:other");
    expect(await as("c4nary-good")).toBe("demo:first");
  });

  it("an id that is no identifier is none", async () => {
    const w = await world({
      seed,
      env: { ONA_ENVIRONMENT_ID: "a/../b", DOCKER_CREDENTIAL_ONA_TOKEN: "c4nary-good" },
    });
    expect(await w.get()).toBe("demo:first");
    expect(w.platform.journal.methods()[0]).toBe("GetAuthenticatedIdentity");
  });
});

it("the mark of a source tells tokens apart and is no request", () => {
  const marks = (env: Record<string, string>): string[] =>
    tokenSources(DEFAULT_CONFIG, env)
      .filter((s) => s.isPresent())
      .map((s) => s.mark());
  expect(marks({ ONA_TOKEN: "a" })).toEqual(marks({ ONA_TOKEN: " a\n" }));
  expect(marks({ ONA_TOKEN: "a" })).not.toEqual(marks({ ONA_TOKEN: "b" }));
  expect(marks({ ONA_TOKEN: "a" })).not.toEqual(marks({ GITPOD_TOKEN: "a" }));
});
