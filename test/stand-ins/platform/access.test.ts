// Who may do what: the stand-in must refuse exactly what the platform refuses.

import { describe, expect, test } from "vitest";
import { ask, type services } from "./ask.ts";
import { ids } from "./ids.ts";
import { platformForTest } from "./worlds.ts";

const elsewhere = "0199a000-0000-7000-8000-00000000beef";
const inSpec = "0199a000-0000-7000-8000-0000000000a1";
const outsideSpec = "0199a000-0000-7000-8000-0000000000a2";
const secrets = [
  { name: "IN_SPEC", host: "registry.example.test", value: "u:p" },
  { name: "OUTSIDE", host: "other.example.test", value: "u:q", inSpec: false },
];

interface Row {
  name: string;
  method: keyof typeof services;
  body: unknown;
  token: string | null;
  status: number;
  code?: string;
}

const scope = (field: string, id: string) => ({ filter: { scope: { [field]: id } } });
const value = (secretId: unknown) => ({ method: "GetSecretValue", body: { secretId } }) as const;
const environment = (environmentId: string) =>
  ({ method: "GetEnvironment", body: { environmentId } }) as const;
const list = (field: string, id: string) => ({ method: "ListSecrets", body: scope(field, id) }) as const;
const runner = (runnerId: string) => ({ method: "GetRunner", body: { runnerId } }) as const;
const audience = { method: "GetIDToken", body: { audience: ["a"] } } as const;

const ok = { status: 200 };
const unauthenticated = { status: 401, code: "unauthenticated" };
const denied = { status: 403, code: "permission_denied" };
const invalid = { status: 400, code: "invalid_argument" };
const notFound = { status: 404, code: "not_found" };

const rows: Row[] = [
  { name: "value: environment, in its spec", token: "env-token", ...value(inSpec), ...ok },
  { name: "value: environment, not in its spec", token: "env-token", ...value(outsideSpec), ...denied },
  { name: "value: environment, unknown id", token: "env-token", ...value(elsewhere), ...notFound },
  { name: "value: environment, no UUID", token: "env-token", ...value("IN_SPEC"), ...invalid },
  { name: "value: environment, no id", token: "env-token", ...value(undefined), ...invalid },
  { name: "value: environment, a number as id", token: "env-token", ...value(1), ...invalid },
  { name: "value: user", token: "user-token", ...value(inSpec), ...denied },
  { name: "value: service account", token: "service-account-token", ...value(inSpec), ...denied },
  { name: "value: runner", token: "runner-token", ...value(inSpec), ...denied },
  { name: "value: account", token: "account-token", ...value(inSpec), ...denied },
  { name: "value: principal without kind", token: "nobody-token", ...value(inSpec), ...denied },
  { name: "value: unknown token", token: "guess", ...value(inSpec), ...unauthenticated },
  { name: "value: no token", token: null, ...value(inSpec), ...unauthenticated },
  { name: "environment: itself", token: "env-token", ...environment(ids.environment), ...ok },
  { name: "environment: another one", token: "env-token", ...environment(elsewhere), ...denied },
  { name: "environment: user, unknown", token: "user-token", ...environment(elsewhere), ...notFound },
  { name: "environment: user, no UUID", token: "user-token", ...environment("mine"), ...invalid },
  { name: "environment: nobody", token: "nobody-token", ...environment(ids.environment), ...denied },
  { name: "list: project, environment", token: "env-token", ...list("projectId", ids.project), ...ok },
  { name: "list: own user", token: "user-token", ...list("userId", ids.user), ...ok },
  { name: "list: creator of the environment", token: "env-token", ...list("userId", ids.user), ...ok },
  { name: "list: another user", token: "user-token", ...list("userId", elsewhere), ...denied },
  { name: "list: no UUID", token: "user-token", ...list("projectId", "p"), ...invalid },
  { name: "list: nobody", token: "nobody-token", ...list("projectId", ids.project), ...denied },
  {
    name: "list: two scopes at once",
    token: "user-token",
    method: "ListSecrets",
    body: { filter: { scope: { projectId: ids.project, userId: ids.user } } },
    ...invalid,
  },
  { name: "runner: its own", token: "env-token", ...runner(ids.runner), ...ok },
  { name: "runner: another", token: "env-token", ...runner(elsewhere), ...denied },
  { name: "ID token: environment", token: "env-token", ...audience, ...ok },
  { name: "ID token: nobody", token: "nobody-token", ...audience, ...denied },
  { name: "ID token: no audience", token: "env-token", method: "GetIDToken", body: {}, ...invalid },
];

describe("access rules", () => {
  for (const { name, method, body, token, status, code } of rows) {
    test(name, async () => {
      const platform = await platformForTest({ secrets });
      const answer = await ask(platform, method, body, { token });
      expect([answer.status, answer.json.code]).toEqual([status, code]);
      expect(platform.journal.entries.at(-1)?.status).toBe(status);
    });
  }
});

test("a value is for environments, whatever the subject's id says", async () => {
  const token = { label: "u", token: "t", principal: "user", id: ids.environment } as const;
  const platform = await platformForTest({ secrets, tokens: [token] });
  expect((await ask(platform, "GetSecretValue", { secretId: inSpec }, { token: "t" })).status).toBe(403);
});

test("organization secrets and ID tokens need the enterprise plan", async () => {
  const platform = await platformForTest({ secrets, organizationTier: "core" });
  for (const call of [list("organizationId", ids.organization), audience]) {
    const answer = await ask(platform, call.method, call.body);
    expect([answer.status, answer.json.code]).toEqual([400, "failed_precondition"]);
  }
  await platform.apply({ do: "setTier", organizationTier: "enterprise" });
  expect((await ask(platform, "ListSecrets", scope("organizationId", ids.organization))).status).toBe(200);
});

test("with valueBy entryId the entry's id opens the value and the sourceRef does not", async () => {
  const entryId = "0199a000-0000-7000-8000-00000000e001";
  const seed = { name: "TEAM", host: "r.example.test", value: "u:p", entryId };
  const bySource = await platformForTest({ secrets: [seed] });
  expect((await ask(bySource, "GetSecretValue", { secretId: inSpec })).json).toEqual({ value: "u:p" });
  expect((await ask(bySource, "GetSecretValue", { secretId: entryId })).status).toBe(404);
  const byEntry = await platformForTest({ secrets: [seed], valueBy: "entryId" });
  expect((await ask(byEntry, "GetSecretValue", { secretId: entryId })).json).toEqual({ value: "u:p" });
  expect((await ask(byEntry, "GetSecretValue", { secretId: inSpec })).status).toBe(404);
});
