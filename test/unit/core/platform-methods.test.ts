// The answers of ListSecrets, GetSecretValue and IdentityService: what is left out is empty, what has the wrong type
// is no answer.

import { describe, expect, it } from "vitest";
import {
  parseIdentityAnswer,
  parseIdTokenAnswer,
  parseSecretsPage,
  parseValueAnswer,
} from "../../../src/core/platform-answers.ts";

const entry = (extra: object = {}): object => ({
  id: "i1",
  sourceRef: "r1",
  name: "TEAM",
  session: "s1",
  scope: "SCOPE_PROJECT",
  containerRegistryBasicAuthHost: "ghcr.io",
  ...extra,
});

describe("ListSecrets", () => {
  it("takes the id as reference and updatedAt as the mark of a change", () => {
    const secret = entry({
      sourceRef: "never",
      session: "never",
      scope: "SCOPE_USER",
      updatedAt: "u",
      createdAt: "c",
    });
    expect(parseSecretsPage({ secrets: [secret] }, "organization")).toEqual({
      candidates: [
        {
          id: "i1",
          ref: "i1",
          name: "TEAM",
          scope: "organization",
          revision: "u",
          verbatim: true,
          registry: "ghcr.io",
        },
      ],
      skipped: [],
      nextToken: "",
    });
    expect(parseSecretsPage({ secrets: [entry({ createdAt: "c" })] }, "user")?.candidates[0]?.revision).toBe(
      "c",
    );
    expect(
      parseSecretsPage({ secrets: [entry({ source: { oidcJfrog: {} } })] }, "user")?.candidates[0]?.verbatim,
    ).toBe(false);
  });

  it.each<[string, unknown, string | undefined]>([
    ["an empty object", {}, ""],
    ["an empty page", { pagination: {} }, ""],
    ["a next page", { pagination: { nextToken: "n" }, secrets: [] }, "n"],
    ["a token of the wrong type", { pagination: { nextToken: 5 } }, ""],
    ["no object", 5, undefined],
    ["null", null, undefined],
    ["a list", [], undefined],
    ["secrets of the wrong type", { secrets: {} }, undefined],
    ["secrets as text", { secrets: "" }, undefined],
    ["pagination of the wrong type", { pagination: "x" }, undefined],
  ])("%s", (_, value, nextToken) => expect(parseSecretsPage(value, "user")?.nextToken).toBe(nextToken));
});

describe("the other methods", () => {
  it.each<[unknown, unknown]>([
    [{ value: "u:p" }, "u:p"],
    [{}, ""],
    [{ value: "" }, ""],
    [{ value: null }, ""],
    [{ value: 5 }, undefined],
    [{ value: ["u:p"] }, undefined],
    [{ value: { username: "u" } }, undefined],
    [{ value: true }, undefined],
    ["u:p", undefined],
    [null, undefined],
    [["u:p"], undefined],
  ])("GetSecretValue %j", (value, expected) => expect(parseValueAnswer(value)).toBe(expected));

  it.each<[unknown, unknown]>([
    [
      { subject: { id: "e", principal: "PRINCIPAL_ENVIRONMENT" }, organizationId: "o" },
      { subjectId: "e", principal: "PRINCIPAL_ENVIRONMENT", organizationId: "o" },
    ],
    [{ organizationId: "o" }, { subjectId: "", principal: "", organizationId: "o" }],
    [
      { subject: { principal: "PRINCIPAL_USER" } },
      { subjectId: "", principal: "PRINCIPAL_USER", organizationId: "" },
    ],
    [
      { subject: { principal: 3, id: 4 }, organizationId: "o" },
      { subjectId: "", principal: "", organizationId: "o" },
    ],
    [{}, undefined],
    [{ subject: {} }, undefined],
    [{ organizationId: 5 }, undefined],
    [null, undefined],
    [[], undefined],
  ])("GetAuthenticatedIdentity %j", (value, expected) =>
    expect(parseIdentityAnswer(value)).toEqual(expected),
  );

  it.each<[unknown, unknown]>([
    [{ token: "a.b.c" }, "a.b.c"],
    [{ token: "" }, undefined],
    [{ token: 5 }, undefined],
    [{ token: "a.b.c\nd" }, undefined],
    [{ token: "a.b.c " }, undefined],
    [{ token: "\u00e9.b.c" }, undefined],
    [{}, undefined],
    [null, undefined],
  ])("GetIDToken %j", (value, expected) => expect(parseIdTokenAnswer(value)).toBe(expected));
});
