// The wire format: HTTP form, proto3 JSON in and out. The examples are those of the platform reference.

import { describe, expect, test } from "vitest";
import { ask } from "./ask.ts";
import { makeLoopbackCertificate } from "./certificate.ts";
import { retryInfoValue } from "./connect.ts";
import { ids, secretId } from "./ids.ts";
import { platformForTest } from "./worlds.ts";

const project = { filter: { scope: { projectId: ids.project } } };
const team = { name: "TEAM_REGISTRY", host: "registry.example.test", value: "u:p", session: "s-41" };

test("an environment looks like the example", async () => {
  const git = {
    name: "git",
    gitCredentialHost: "git.example.test",
    scope: "runner",
    value: "",
    session: "s-9",
  } as const;
  const platform = await platformForTest({ secrets: [team, git] });
  const { json } = await ask(platform, "GetEnvironment", { environmentId: ids.environment });
  expect(json.environment).toMatchObject({
    id: ids.environment,
    metadata: {
      organizationId: ids.organization,
      projectId: ids.project,
      runnerId: ids.runner,
      creator: { id: ids.user, principal: "PRINCIPAL_USER" },
    },
    spec: {
      specVersion: "3",
      desiredPhase: "ENVIRONMENT_PHASE_RUNNING",
      secrets: [
        {
          id: secretId(1),
          name: "TEAM_REGISTRY",
          source: "control-plane",
          sourceRef: secretId(1),
          session: "s-41",
          scope: "SCOPE_PROJECT",
          containerRegistryBasicAuthHost: "registry.example.test",
        },
        {
          source: "runner",
          sourceRef: "runner-ref-git",
          scope: "SCOPE_RUNNER",
          gitCredentialHost: "git.example.test",
        },
      ],
    },
    status: {
      phase: "ENVIRONMENT_PHASE_RUNNING",
      secrets: [
        { id: secretId(1), phase: "CONTENT_PHASE_READY", secretName: "TEAM_REGISTRY", session: "s-41" },
        {},
      ],
      devcontainer: { secretsInSync: true },
    },
  });
});

test("a listed secret looks like the example, and never carries its value", async () => {
  const platform = await platformForTest({ secrets: [team] });
  const { json, text } = await ask(platform, "ListSecrets", project);
  expect(json).toEqual({
    pagination: {},
    secrets: [
      {
        id: secretId(1),
        name: "TEAM_REGISTRY",
        createdAt: "2026-01-02T03:04:05Z",
        updatedAt: "2026-01-03T03:04:05.120Z",
        creator: { id: ids.user, principal: "PRINCIPAL_USER" },
        containerRegistryBasicAuthHost: "registry.example.test",
        scope: { projectId: ids.project },
        source: { verbatim: true },
      },
    ],
  });
  expect(text).not.toContain("u:p");
});

test("every kind of mount, scope and source shows in its own words", async () => {
  const platform = await platformForTest({
    secrets: [
      { name: "API_ONLY", apiOnly: true, value: "u:p", scope: "organization" },
      { name: "FILE", filePath: "/home/x", value: "x", scope: "user" },
      { name: "VARIABLE", environmentVariable: "TOKEN", value: "x", scope: "serviceAccount" },
      {
        name: "JFROG",
        host: "j.example.test",
        value: "u:p",
        scope: "none",
        oidcJfrog: { host: "j.example.test", providerName: "ona" },
        credentialProxy: { targetHosts: ["*.example.test"], header: "Authorization" },
      },
      { name: "FUTURE", host: "f.example.test", value: "u:p", entryExtra: { scope: 17, novelty: [1] } },
    ],
  });
  const { json } = await ask(platform, "GetEnvironment", { environmentId: ids.environment });
  const { spec } = json.environment as { spec: { secrets: unknown[] } };
  expect(spec.secrets).toMatchObject([
    { apiOnly: true, scope: "SCOPE_ORGANIZATION" },
    { filePath: "/home/x", scope: "SCOPE_USER" },
    { environmentVariable: "TOKEN", scope: "SCOPE_SERVICE_ACCOUNT" },
    { sourceDetails: { oidcJfrog: { providerName: "ona" } }, credentialProxy: { header: "Authorization" } },
    { scope: 17, novelty: [1] },
  ]);
  expect(spec.secrets[3]).not.toHaveProperty("scope");
});

test("defaults are left out: an empty value, an environment without project, an empty page", async () => {
  const platform = await platformForTest({
    secrets: [{ name: "EMPTY", host: "r.example.test", value: "" }],
    environments: [{ projectId: null }],
  });
  expect((await ask(platform, "GetSecretValue", { secretId: secretId(1) })).json).toEqual({});
  const { json } = await ask(platform, "GetEnvironment", { environmentId: ids.environment });
  expect((json.environment as { metadata: object }).metadata).not.toHaveProperty("projectId");
  const none = await ask(platform, "ListSecrets", { filter: { scope: { userId: ids.user } } });
  expect(none.json).toEqual({ pagination: {} });
});

describe("requests that connect-go refuses", () => {
  const bodyRows: [string, string, number][] = [
    ["empty body", "", 400],
    ["no JSON", "secretId=1", 400],
    ["an array", "[]", 400],
    ["a wrong type", '{"secretId":{}}', 400],
    ["both spellings of one field", `{"secretId":"${secretId(1)}","secret_id":"${secretId(1)}"}`, 400],
    ["snake_case", `{"secret_id":"${secretId(1)}"}`, 200],
    ["unknown fields", `{"secretId":"${secretId(1)}","novelty":1}`, 200],
  ];
  for (const [name, rawBody, status] of bodyRows) {
    test(`body: ${name} -> ${status}`, async () => {
      const platform = await platformForTest({ secrets: [team] });
      const answer = await ask(platform, "GetSecretValue", {}, { rawBody });
      expect([answer.status, answer.json.code]).toEqual([
        status,
        status === 200 ? undefined : "invalid_argument",
      ]);
    });
  }

  const headerRows: [string, Record<string, string>, number][] = [
    ["another content type", { "content-type": "text/plain" }, 415],
    ["a content type with charset", { "content-type": "application/json; charset=utf-8" }, 200],
    ["protocol version 2", { "connect-protocol-version": "2" }, 400],
    ["protocol version 1", { "connect-protocol-version": "1" }, 200],
    ["a time limit in words", { "connect-timeout-ms": "soon" }, 400],
    ["a time limit of 11 digits", { "connect-timeout-ms": "10000000000" }, 400],
    ["a compressed body", { "content-encoding": "br" }, 501],
    ["another auth scheme", { authorization: "Basic ZW52LXRva2Vu" }, 401],
  ];
  for (const [name, headers, status] of headerRows) {
    test(`headers: ${name} -> ${status}`, async () => {
      const platform = await platformForTest({ secrets: [team] });
      const answer = await ask(platform, "GetSecretValue", { secretId: secretId(1) }, { headers });
      expect(answer.status).toBe(status);
    });
  }

  test("GET works for reads only, and PUT for nothing", async () => {
    const platform = await platformForTest({ secrets: [team] });
    const message = encodeURIComponent(JSON.stringify({ secretId: secretId(1) }));
    const query = `?connect=v1&encoding=json&message=${message}`;
    const read = await ask(platform, "GetSecretValue", {}, { httpMethod: "GET", query });
    expect(read.json).toEqual({ value: "u:p" });
    expect(platform.journal.entries[0]?.httpMethod).toBe("GET");
    expect((await ask(platform, "GetIDToken", {}, { httpMethod: "GET", query })).status).toBe(405);
    expect((await ask(platform, "GetSecretValue", {}, { httpMethod: "PUT" })).status).toBe(405);
  });
});

test("unknown methods: a bare 404, or unimplemented where the seed says so", async () => {
  const bare = await platformForTest();
  const speaking = await platformForTest({ unknownMethods: "unimplemented" });
  const statuses = async (origin: string) => {
    const paths = [
      "/api/gitpod.v1.SecretService/CreateSecret",
      "/gitpod.v1.SecretService/GetSecretValue",
      "/",
    ];
    return Promise.all(
      paths.map(async (path) => (await fetch(origin + path, { method: "POST", body: "{}" })).status),
    );
  };
  expect(await statuses(bare.origin)).toEqual([404, 404, 404]);
  expect(await statuses(speaking.origin)).toEqual([501, 404, 404]);
});

test("RetryInfo is encoded as the reference has it", () => {
  expect(retryInfoValue(3000)).toBe("CgIIAw");
  expect(Buffer.from(retryInfoValue(1500), "base64").toString("hex")).toBe("0a0808011080cab5ee01");
  expect(Buffer.from(retryInfoValue(0), "base64").toString("hex")).toBe("0a00");
});

test("an answer is compressed for who asks for it", async () => {
  const platform = await platformForTest({ secrets: [team] });
  const encoding = async (accept: string) => {
    const headers = { "accept-encoding": accept };
    return (await ask(platform, "GetSecretValue", { secretId: secretId(1) }, { headers })).headers.get(
      "content-encoding",
    );
  };
  expect(await encoding("gzip, br")).toBe("gzip");
  expect(await encoding("identity")).toBeNull();
  expect(await encoding("gzip;q=0")).toBeNull();
});

test("https with a key and a certificate", async () => {
  const { ca, ...tls } = makeLoopbackCertificate();
  const platform = await platformForTest({}, { tls });
  const { get } = await import("node:https");
  const status = await new Promise((resolve, reject) => {
    get(`${platform.origin}/.well-known/openid-configuration`, { ca, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject);
  });
  expect([status, platform.baseUrl.slice(0, 8)]).toEqual([200, "https://"]);
});
