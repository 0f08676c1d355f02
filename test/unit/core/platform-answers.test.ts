// The platform's answers: what proto3 JSON leaves out is tolerated, what is hostile is refused or skipped, and nothing
// is ever coerced into a credential.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  parseConnectError,
  parseEnvironment,
  parseIdentityAnswer,
  parseJson,
  parseSecretsPage,
} from "../../../src/core/platform-answers.ts";
import { anyText, numRuns } from "./runs.ts";

const bytes = (text: string): Buffer => Buffer.from(text);
const environment = (secrets: unknown, metadata?: unknown) =>
  parseEnvironment({ environment: { metadata, spec: { secrets } } });
const entry = (extra: object = {}): object => ({
  id: "i1",
  sourceRef: "r1",
  name: "TEAM",
  session: "s1",
  scope: "SCOPE_PROJECT",
  containerRegistryBasicAuthHost: "ghcr.io",
  ...extra,
});
const only = (extra: object) => environment([entry(extra)])?.candidates[0];

describe("a body", () => {
  it.each<[string, Buffer]>([
    ["empty", bytes("")],
    ["HTML", bytes("<html>")],
    ["cut", bytes('{"a":')],
    ["two values", bytes("{}{}")],
    ["NaN", bytes("NaN")],
    ["no UTF-8", Buffer.from([0x22, 0xff, 0x22])],
    ["UTF-16", Buffer.from('{"a":1}', "utf16le")],
    ["100 000 levels", bytes("[".repeat(100_000))],
    ["a NUL", bytes('{"a":"\0"}')],
  ])("that is %s is no JSON", (_, body) => expect(parseJson(body)).toBeUndefined());

  it("keys like __proto__ change nothing", () => {
    const value = parseJson(bytes('{"__proto__":{"value":"x"},"environment":{"__proto__":{"spec":{}}}}'));
    expect(parseEnvironment(value)).toEqual({ candidates: [], skipped: [], scopeIds: {} });
    expect(({} as { value?: unknown }).value).toBeUndefined();
  });
});

describe("GetEnvironment", () => {
  it("takes the fields of an entry", () => {
    expect(environment([entry()])).toEqual({
      candidates: [
        {
          id: "i1",
          ref: "r1",
          name: "TEAM",
          scope: "project",
          revision: "s1",
          verbatim: true,
          registry: "ghcr.io",
        },
      ],
      skipped: [],
      scopeIds: {},
    });
  });

  it("an environment without secrets has none", () => {
    for (const answer of [
      {},
      { spec: {} },
      { spec: { secrets: [] } },
      { spec: { secrets: null } },
      { spec: null },
    ]) {
      expect(parseEnvironment({ environment: answer })?.candidates).toEqual([]);
    }
  });

  it.each<[string, unknown]>([
    ["no object", 1],
    ["null", null],
    ["a list", []],
    ["an empty object", {}],
    ["no environment in it", { env: {} }],
    ["an environment of the wrong type", { environment: [] }],
    ["a spec of the wrong type", { environment: { spec: "x" } }],
    ["secrets of the wrong type", { environment: { spec: { secrets: {} } } }],
    ["secrets as text", { environment: { spec: { secrets: "none" } } }],
  ])("%s is no answer", (_, value) => expect(parseEnvironment(value)).toBeUndefined());

  it.each<[unknown, string | undefined]>([
    ["SCOPE_ORGANIZATION", "organization"],
    ["SCOPE_PROJECT", "project"],
    ["SCOPE_USER", "user"],
    ["SCOPE_SERVICE_ACCOUNT", "serviceAccount"],
    ["SCOPE_RUNNER", "runner"],
    ["SCOPE_UNSPECIFIED", undefined],
    ["SCOPE_OF_TOMORROW", undefined],
    ["scope_user", undefined],
    ["", undefined],
    [1, "organization"],
    [2, "project"],
    [3, "user"],
    [4, "serviceAccount"],
    [5, "runner"],
    [0, undefined],
    [6, undefined],
    [-1, undefined],
    [1.5, undefined],
    [null, undefined],
    [undefined, undefined],
    [["SCOPE_USER"], undefined],
    [{}, undefined],
  ])("the scope %j is %s", (scope, expected) => expect(only({ scope })?.scope).toBe(expected));

  it.each<[string, object, Record<string, unknown>]>([
    ["no reference: the id", { sourceRef: "" }, { ref: "i1", id: "i1" }],
    ["a reference of the wrong type: the id", { sourceRef: 7 }, { ref: "i1" }],
    ["no id: the reference", { id: undefined }, { ref: "r1", id: "r1" }],
    ["no name", { name: undefined }, { name: "" }],
    ["no session", { session: undefined }, { revision: "" }],
    ["a source of its own", { sourceDetails: { oidcJfrog: { host: "x" } } }, { verbatim: false }],
    ["an unknown source", { sourceDetails: { vault: {} } }, { verbatim: false }],
    ["verbatim, said aloud", { sourceDetails: { verbatim: {} } }, { verbatim: true }],
    ["an empty source", { sourceDetails: {} }, { verbatim: true }],
    ["unknown fields", { future: { deep: [1] } }, { registry: "ghcr.io" }],
    [
      "a host as people write it",
      { containerRegistryBasicAuthHost: " HTTP://GHCR.io:443/team " },
      { registry: "ghcr.io" },
    ],
    ["Docker Hub", { containerRegistryBasicAuthHost: "index.docker.io" }, { registry: "docker.io" }],
  ])("%s", (_, extra, expected) => expect(only(extra)).toMatchObject(expected));

  it.each<[string, unknown]>([
    ["another mount", entry({ containerRegistryBasicAuthHost: undefined })],
    ["a host of the wrong type", entry({ containerRegistryBasicAuthHost: ["ghcr.io"] })],
    ["neither id nor reference", entry({ id: "", sourceRef: "" })],
    ["ids of the wrong type", entry({ id: 1, sourceRef: { a: 1 } })],
    ["null", null],
    ["a number", 5],
    ["a list", [entry()]],
    ["a text", "ghcr.io"],
  ])("%s is no candidate", (_, secret) => {
    expect(environment([secret, entry()])).toMatchObject({ candidates: [{ ref: "r1" }], skipped: [] });
  });

  it.each(["a b", "", "user@ghcr.io", "ghcr.io%2f", "ｇhcr.io", "https://index.docker.io/v1/access-token"])(
    "the host %j is skipped and known to doctor",
    (host) => {
      expect(environment([entry({ containerRegistryBasicAuthHost: host })])).toMatchObject({
        candidates: [],
        skipped: [{ name: "TEAM" }],
      });
    },
  );

  it.each<[string, unknown, object]>([
    [
      "a user made it",
      { projectId: "p", organizationId: "o", creator: { id: "u", principal: "PRINCIPAL_USER" } },
      { project: "p", organization: "o", user: "u" },
    ],
    [
      "a service account made it",
      { creator: { id: "s", principal: "PRINCIPAL_SERVICE_ACCOUNT" } },
      { serviceAccount: "s" },
    ],
    ["somebody else made it", { creator: { id: "r", principal: "PRINCIPAL_RUNNER" } }, {}],
    ["a creator without id", { creator: { principal: "PRINCIPAL_USER" } }, {}],
    ["wrong types", { projectId: 1, organizationId: {}, creator: [] }, {}],
    ["nothing", undefined, {}],
  ])("scopes: %s", (_, metadata, expected) => expect(environment([], metadata)?.scopeIds).toEqual(expected));
});

it("random JSON: never an exception, and never a candidate without registry and reference", () => {
  const key = fc.constantFrom(
    "environment",
    "spec",
    "secrets",
    "metadata",
    "id",
    "sourceRef",
    "scope",
    "details",
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom<unknown>(null, 0, 1, "", "x", true),
      anyText(5),
      tie("list"),
      tie("object"),
    ),
    list: fc.array(tie("tree"), { maxLength: 3 }),
    object: fc.dictionary(key, tie("tree"), { maxKeys: 4 }),
  }));
  fc.assert(
    fc.property(tree, (value) => {
      const answer =
        parseEnvironment(value) ?? parseEnvironment({ environment: { spec: { secrets: [value] } } });
      const page = parseSecretsPage({ secrets: [value] }, "user");
      const found = [...(answer?.candidates ?? []), ...(page?.candidates ?? [])];
      parseConnectError(value);
      parseIdentityAnswer(value);
      return found.every(({ ref, registry }) => ref !== "" && registry !== "");
    }),
    { numRuns: numRuns(2000) },
  );
});
