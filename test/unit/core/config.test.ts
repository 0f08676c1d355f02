// The configuration, key by key: right, wrong type, out of range, unknown. Every mistake names its key, and a broken
// file is broken as a whole.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Config, DEFAULT_CONFIG, parseConfig } from "../../../src/core/config.ts";
import { anyText, numRuns } from "./runs.ts";

const parse = (value: unknown): Config => parseConfig(JSON.stringify(value));

function mistakeIn(text: string): string {
  try {
    parseConfig(text);
  } catch (error) {
    if (error instanceof Error) return `${error.name}: ${error.message}`;
  }
  return "accepted";
}

/** `{"a": {"b": value}}` from `a.b`. */
const at = (path: string, value: unknown): unknown =>
  path.split(".").reduceRight((inner, key) => ({ [key]: inner }), value);

it("the defaults are those of the contract, for {} as for no file", () => {
  expect(parse({})).toEqual(DEFAULT_CONFIG);
  expect(DEFAULT_CONFIG).toEqual({
    baseUrl: undefined,
    environmentId: undefined,
    tokenFile: undefined,
    tokenJson: undefined,
    tokenCommand: undefined,
    idTokenCommand: undefined,
    audience: undefined,
    lookup: "auto",
    scopeIds: {},
    precedence: undefined,
    valueFormat: "auto",
    watch: "auto",
    deadlineMs: 10_000,
    freshMs: 60_000,
    staleMs: 86_400_000,
    googleScopes: ["https://www.googleapis.com/auth/cloud-platform"],
    rules: [],
  });
});

describe("right", () => {
  it.each<[string, unknown, Partial<Config>]>([
    ["api.baseUrl", "https://ona.example/api", { baseUrl: "https://ona.example/api" }],
    ["api.baseUrl", "http://127.0.0.1:8080/api", { baseUrl: "http://127.0.0.1:8080/api" }],
    [
      "environmentId",
      "0199a000-0000-7000-8000-000000000010",
      { environmentId: "0199a000-0000-7000-8000-000000000010" },
    ],
    ["token.file", "/run/token", { tokenFile: "/run/token" }],
    ["token", { jsonFile: "/run/t.json", key: "a" }, { tokenJson: { file: "/run/t.json", key: "a" } }],
    ["token.command", ["/bin/cat", "/run/token"], { tokenCommand: ["/bin/cat", "/run/token"] }],
    [
      "idToken.command",
      ["/bin/x", "--aud={audience}", ""],
      { idTokenCommand: ["/bin/x", "--aud={audience}", ""] },
    ],
    ["auth.audience", "//iam.googleapis.com/projects/1", { audience: "//iam.googleapis.com/projects/1" }],
    ["lookup", "list", { lookup: "list" }],
    ["lookup", "environment", { lookup: "environment" }],
    ["scopes.projectId", "p", { scopeIds: { project: "p" } }],
    [
      "scopes",
      { userId: "u", serviceAccountId: "s", organizationId: "o" },
      { scopeIds: { user: "u", serviceAccount: "s", organization: "o" } },
    ],
    ["precedence", ["runner", "user"], { precedence: ["runner", "user"] }],
    ["valueFormat", "base64", { valueFormat: "base64" }],
    ["deadlineMs", 1, { deadlineMs: 1 }],
    ["deadlineMs", 25_000, { deadlineMs: 25_000 }],
    ["freshSeconds", 0, { freshMs: 0 }],
    ["freshSeconds", 110, { freshMs: 110_000 }],
    ["staleSeconds", 0, { staleMs: 0 }],
    ["google.scopes", ["https://a", "https://b"], { googleScopes: ["https://a", "https://b"] }],
    ["watch", "auto", { watch: "auto" }],
    ["watch", "events", { watch: "events" }],
    ["watch", "poll", { watch: "poll" }],
  ])("%s: %j", (path, value, expected) => {
    expect(parse(at(path, value))).toEqual({ ...DEFAULT_CONFIG, ...expected });
  });

  it("all of it at once", () => {
    const config = parse({
      api: { baseUrl: "https://ona.example" },
      token: { file: "/a", jsonFile: "/b", key: "k", command: ["/c"] },
      registries: { "ghcr.io": {} },
    });
    expect(config.tokenFile).toBe("/a");
    expect(config.tokenJson).toEqual({ file: "/b", key: "k" });
    expect(config.tokenCommand).toEqual(["/c"]);
    expect(config.rules).toHaveLength(1);
  });
});

describe("wrong: the mistake names the key", () => {
  const notText: unknown[] = [1, true, null, [], {}, ["x"]];
  const notNumber: unknown[] = ["60", true, null, [], {}, 1.5, -1, 1e300];
  const rows: [string, unknown[]][] = [
    [
      "api.baseUrl",
      [...notText, "", "ona.example", "http://ona.example", "https://u@ona.example", "https://a?b"],
    ],
    ["environmentId", [...notText, "", "a b", "a/b", "x".repeat(201), "a\n"]],
    ["token.file", [...notText, "", "token", "../../core/token", "~/token", "/a\0b"]],
    [
      "token.command",
      [
        1,
        true,
        null,
        {},
        "/bin/cat",
        [],
        [1],
        ["/bin/cat", 1],
        ["cat"],
        ["../../core/cat"],
        [""],
        ["/"],
        ["/a", "b\0"],
      ],
    ],
    ["idToken.command", [1, "x", [], ["x"], {}, null, [null]]],
    ["auth.audience", [...notText, "", "a b", "a\n", "é"]],
    ["lookup", [...notText, "", "Auto", "auto ", "spec"]],
    ["scopes.projectId", [...notText, "", "a b"]],
    ["scopes.userId", [...notText, ""]],
    ["scopes.serviceAccountId", [...notText, ""]],
    ["scopes.organizationId", [...notText, ""]],
    ["precedence", [1, "user", {}, null, [], ["me"], ["user", "user"], ["user", 1], [["user"]], ["User"]]],
    ["valueFormat", [...notText, "", "hex", "BASE64"]],
    ["deadlineMs", [...notNumber, 0, 25_001]],
    ["freshSeconds", [...notNumber, 111]],
    ["staleSeconds", [...notNumber, 1e12]],
    ["google.scopes", [1, "x", [], [1], [""], {}, null, ["a b"]]],
    ["watch", [...notText, "", "Events", "stream", "poll "]],
  ];
  const cases = rows.flatMap(([path, values]) => values.map((value) => [path, value] as const));
  it.each(cases)("%s: %j", (path, value) => {
    expect(mistakeIn(JSON.stringify(at(path, value)))).toContain(`InvalidInput: ${path}`);
  });

  it.each(["api", "token", "auth", "idToken", "google", "scopes", "registries"])(
    "%s that is no object",
    (key) => {
      for (const value of [1, "x", [], null, true]) {
        expect(mistakeIn(JSON.stringify({ [key]: value }))).toBe(`InvalidInput: ${key} must be an object`);
      }
    },
  );

  it.each(["[]", "1", "null", '"x"', "true"])("the whole file is %s", (text) => {
    expect(mistakeIn(text)).toBe("InvalidInput: the file must be an object");
  });

  it("half of a pair", () => {
    for (const token of [{ jsonFile: "/a" }, { key: "k" }]) {
      expect(mistakeIn(JSON.stringify({ token }))).toContain("token.jsonFile and token.key");
    }
  });

  it("an infinite number", () => {
    expect(mistakeIn('{"deadlineMs":1e999}')).toContain("deadlineMs");
    expect(mistakeIn('{"freshSeconds":-0.0}')).toBe("accepted");
  });
});

describe("a key that nobody knows", () => {
  it.each([
    "x",
    "Lookup",
    "deadlineMS",
    "api.baseurl",
    "api.x",
    "token.path",
    "auth.audiences",
    "idToken.file",
    "scopes.runnerId",
    "google.scope",
    "google.scopes2",
    "registries.ghcr\uff0eio",
    "__proto__",
    "constructor",
    "toString",
    "api.__proto__",
  ])("%s", (path) => {
    const text = path.split(".").reduceRight((inner, key) => `{${JSON.stringify(key)}:${inner}}`, "1");
    expect(mistakeIn(text)).toContain(path.replace(/[^\x20-\x7e]/g, "?"));
  });

  it("is shown short and printable", () => {
    fc.assert(
      fc.property(anyText(400), (key) => {
        const message = mistakeIn(JSON.stringify({ [`x${key}`]: 1 }));
        return /^InvalidInput: x[\x20-\x7e]* is not a known key$/.test(message) && message.length < 300;
      }),
      { numRuns: numRuns(300) },
    );
  });
});

describe("no JSON: the mistake names the position", () => {
  it.each([
    ["", "line 1, column 1"],
    ['{\n  "lookup": "list",\n}', "line 3, column 1"],
    ['{"lookup": "list", "lookup": "auto"}', "line 1, column 20"],
    ['{\n\t"lookup": list\n}', "line 2, column 12"],
  ])("%j", (text, position) => {
    expect(mistakeIn(text)).toContain(`InvalidInput: ${position}: `);
  });

  it("nothing but an InvalidInput is ever thrown", () => {
    const key = fc.constantFrom(
      "api",
      "token",
      "lookup",
      "registries",
      "scopes",
      "precedence",
      "deadlineMs",
      "x",
    );
    const text = fc.oneof(
      anyText(60),
      fc.json(),
      fc.dictionary(key, fc.jsonValue()).map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(text, (candidate) => /^(?:InvalidInput: |accepted$)/.test(mistakeIn(candidate))),
      { numRuns: numRuns(2000) },
    );
  });
});

it("a misspelt key of token is named before what is missing because of it", () => {
  expect(() => parseConfig('{"token":{"jsonFile":"/x","kye":"a"}}')).toThrow("token.kye is not a known key");
});

it("a byte-order mark in front is dropped", () => {
  expect(parseConfig("\ufeff{}")).toEqual(parseConfig("{}"));
});
