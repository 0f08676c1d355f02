// The event stream of the stand-in: as the vendor's SDK reads it, and with the refusals of the wire.

import Gitpod from "@gitpod/sdk";
import { expect, test } from "vitest";
import { ids } from "./ids.ts";
import type { Platform } from "./stand-in.ts";
import { platformForTest } from "./worlds.ts";

const secrets = [{ name: "TEAM_REGISTRY", host: "r.example.test", value: "user:password" }];
const other = "0199a000-0000-7000-8000-000000000011";

function post(platform: Platform, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${platform.baseUrl}/gitpod.v1.EventService/WatchEvents`, {
    method: "POST",
    headers: {
      authorization: "Bearer env-token",
      "content-type": "application/jsonl",
      accept: "application/jsonl",
      ...headers,
    },
    body,
  });
}

const update = {
  operation: "RESOURCE_OPERATION_UPDATE",
  resourceType: "RESOURCE_TYPE_ENVIRONMENT",
  resourceId: ids.environment,
};

test("the SDK reads the events of its environment, one a line, until the stream ends", async () => {
  const platform = await platformForTest({ secrets, environments: [{}, { id: other }] });
  const client = new Gitpod({ bearerToken: "env-token", baseURL: platform.baseUrl });
  const events = await client.events.watch({ environmentId: ids.environment });
  const seen: unknown[] = [];
  const reading = (async () => {
    for await (const event of events) seen.push(event);
  })();
  await platform.apply(
    { do: "setValue", secret: "TEAM_REGISTRY", value: "user:changed" },
    { do: "event", event: { operation: "RESOURCE_OPERATION_UPDATE_STATUS" } },
    { do: "event", event: { operation: "RESOURCE_OPERATION_DELETE" }, environment: other },
    { do: "endStreams" },
  );
  await reading;
  expect(seen).toEqual([update, { operation: "RESOURCE_OPERATION_UPDATE_STATUS" }]);
  expect(platform.journal.methods()).toEqual(["WatchEvents"]);
  expect(platform.watchers()).toBe(0);
});

test("the organization's events name environments and secrets", async () => {
  const platform = await platformForTest({ secrets });
  const client = new Gitpod({ bearerToken: "user-token", baseURL: platform.baseUrl });
  const events = await client.events.watch({ organization: true });
  const id = platform.secretId("TEAM_REGISTRY");
  await platform.apply({ do: "deleteSecret", secret: "TEAM_REGISTRY" }, { do: "endStreams" });
  const seen: unknown[] = [];
  for await (const event of events) seen.push(event);
  expect(seen).toEqual([
    update,
    {
      operation: "RESOURCE_OPERATION_DELETE",
      resourceType: "RESOURCE_TYPE_SECRET",
      resourceId: id,
    },
  ]);
});

test("a client that goes away is forgotten", async () => {
  const platform = await platformForTest({ secrets });
  const client = new Gitpod({ bearerToken: "env-token", baseURL: platform.baseUrl });
  const events = await client.events.watch({ environmentId: ids.environment });
  expect(platform.watchers()).toBe(1);
  events.controller.abort();
  await expect.poll(() => platform.watchers()).toBe(0);
});

test.each([
  ["another environment", `{"environmentId":"${other}"}`, {}, 403, "permission_denied"],
  ["the organization, by an environment", '{"organization":true}', {}, 403, "permission_denied"],
  ["the organization by default", "{}", {}, 403, "permission_denied"],
  [
    "an unknown environment",
    `{"environmentId":"${other}"}`,
    { authorization: "Bearer user-token" },
    404,
    "not_found",
  ],
  ["an id that is none", '{"environmentId":"x"}', {}, 400, "invalid_argument"],
  [
    "both scopes at once",
    `{"environmentId":"${ids.environment}","organization":true}`,
    {},
    400,
    "invalid_argument",
  ],
  ["a flag that is text", '{"organization":"yes"}', {}, 400, "invalid_argument"],
  ["no body", "", {}, 400, "invalid_argument"],
  ["an unknown token", "{}", { authorization: "Bearer nobody" }, 401, "unauthenticated"],
])("refused: %s", async (_, body, headers, status, code) => {
  const platform = await platformForTest({ secrets });
  const answer = await post(platform, body, headers);
  const { code: given } = (await answer.json()) as { code?: string };
  expect([answer.status, given]).toEqual([status, code]);
  expect(platform.watchers()).toBe(0);
});

test("unary JSON is another content type", async () => {
  const platform = await platformForTest({ secrets });
  const answer = await post(platform, "{}", { "content-type": "application/json" });
  expect([answer.status, answer.headers.get("accept-post")]).toEqual([415, "application/jsonl"]);
});

test("faults hit a stream as they hit a call", async () => {
  const platform = await platformForTest({
    secrets,
    faults: [{ method: "WatchEvents", nth: 1, kind: "error", code: "unimplemented" }],
  });
  const body = JSON.stringify({ environmentId: ids.environment });
  expect((await post(platform, body)).status).toBe(501);
  const second = await post(platform, body);
  expect([second.status, second.headers.get("content-type")]).toEqual([200, "application/jsonl"]);
  await platform.apply({ do: "endStreams", reset: true });
  await expect(second.text()).rejects.toThrow();
});
