// The sources of the platform token: their order, and what each of them may be.

import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DEFAULT_CONFIG, parseConfig } from "../../../../src/core/config.ts";
import { Secret } from "../../../../src/core/secret.ts";
import { tokenSources } from "../../../../src/sources/platform/token-sources.ts";
import type { TokenSeed } from "../../../stand-ins/platform/seed.ts";
import { scratch } from "../../store/scratch.ts";
import { TEAM, type World, world } from "./platform-world.ts";

/** Tokens in the order in which the platform heard them, by label. */
const heard = (w: World): string[] => w.platform.journal.entries.map(({ token }) => token);

const tokens: TokenSeed[] = [{ label: "good", token: "c4nary-good", principal: "environment" }];
const seed = { secrets: [TEAM], tokens };

/** A program that does what `body` says. */
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
      const token = await source.read(async ([, stdout = ""]) => ({ kind: "printed", stdout }));
      if (token instanceof Secret) read.push(token.expose());
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

  it.each(["", "  ", "\n", "Bearer ", "bearer\t\n"])(
    "%j is unset and gives way without a request",
    async (own) => {
      const w = await world({ seed, env: { DOCKER_CREDENTIAL_ONA_TOKEN: own, ONA_TOKEN: "c4nary-good" } });
      expect(await w.get()).toBe("demo:first");
      expect(new Set(heard(w))).toEqual(new Set(["good"]));
    },
  );

  it.each(["two words", "a\nb", "é", "Bearer a b", "c4nary-good\0"])(
    "%j is set and no token: an error, and nobody else's token is used",
    async (own) => {
      const w = await world({ seed, env: { DOCKER_CREDENTIAL_ONA_TOKEN: own, ONA_TOKEN: "c4nary-good" } });
      expect(await w.get()).toBe("failed config-invalid");
      expect(heard(w)).toEqual([]);
    },
  );

  it.each([" c4nary-good\r\n", "Bearer c4nary-good", "bearer  c4nary-good ", "\ufeffc4nary-good"])(
    "%j is the token in it",
    async (own) => {
      const w = await world({ seed, env: { DOCKER_CREDENTIAL_ONA_TOKEN: own } });
      expect(await w.get()).toBe("demo:first");
    },
  );
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
    ["a file of two lines", (dir) => fileOf(dir, "c4nary-good\nx"), "failed config-invalid"],
    ["a file with Bearer", (dir) => fileOf(dir, "Bearer c4nary-good\n"), "demo:first"],
    ["a file that is not there", (dir) => ({ file: join(dir, "none") }), "failed no-token"],
    ["a directory", (dir) => ({ file: dir }), "failed config-invalid"],
    ["a byte-order mark in front of JSON", (dir) => jsonOf(dir, '\ufeff{"a.b":"c4nary-good"}'), "demo:first"],
    ["a key that is null", (dir) => jsonOf(dir, '{"a.b":null}'), "failed no-token"],
    ["a key with two words", (dir) => jsonOf(dir, '{"a.b":"two words"}'), "failed config-invalid"],
    ["a file that is too large", (dir) => fileOf(dir, "x".repeat(70_000)), "failed config-invalid"],
    ["a key of a JSON file", (dir) => jsonOf(dir, '{"a.b":"c4nary-good"}'), "demo:first"],
    ["a key with a number", (dir) => jsonOf(dir, '{"a.b":5}'), "failed config-invalid"],
    ["another key", (dir) => jsonOf(dir, '{"a":{"b":"c4nary-good"}}'), "failed no-token"],
    ["a JSON file of white space", (dir) => jsonOf(dir, "\ufeff \n"), "failed no-token"],
    ["no JSON", (dir) => jsonOf(dir, "c4nary-good"), "failed config-invalid"],
    ["a JSON list", (dir) => jsonOf(dir, '["c4nary-good"]'), "failed config-invalid"],
    ["a command", (dir) => ({ command: [script(dir, "echo c4nary-good")] }), "demo:first"],
    [
      "a command that fails after printing",
      (dir) => ({ command: [script(dir, "echo c4nary-good; exit 1")] }),
      "failed no-token",
    ],
    [
      "a command that prints two words",
      (dir) => ({ command: [script(dir, "echo two words")] }),
      "failed config-invalid",
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

it("the mark of a source tells tokens apart and is no request", () => {
  const marks = (env: Record<string, string>): string[] =>
    tokenSources(DEFAULT_CONFIG, env)
      .filter((s) => s.isPresent())
      .map((s) => s.fingerprint());
  expect(marks({ ONA_TOKEN: "a" })).toEqual(marks({ ONA_TOKEN: " a\n" }));
  expect(marks({ ONA_TOKEN: "a" })).not.toEqual(marks({ ONA_TOKEN: "b" }));
  expect(marks({ ONA_TOKEN: "a" })).not.toEqual(marks({ GITPOD_TOKEN: "a" }));
});
