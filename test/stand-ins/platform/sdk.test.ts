// The vendor's own SDK talks to the stand-in: if it is content, the wire format is the platform's.

import Gitpod from "@gitpod/sdk";
import { expect, test } from "vitest";
import { ids } from "./ids.ts";
import type { SecretSeed } from "./seed.ts";
import { platformForTest } from "./worlds.ts";

function registrySecrets(count: number): SecretSeed[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `SECRET_${index}`,
    host: `r${index}.example.test`,
    value: `user-${index}:password`,
  }));
}

const projectFilter = { filter: { scope: { projectId: ids.project } } };

test("the SDK lists every secret, page by page, with the token in its query", async () => {
  const platform = await platformForTest({ secrets: registrySecrets(60) });
  const client = new Gitpod({ bearerToken: "user-token", baseURL: platform.baseUrl });
  const names: unknown[] = [];
  for await (const secret of client.secrets.list({ ...projectFilter, pagination: { pageSize: 20 } })) {
    names.push(secret.name);
  }
  expect(names).toEqual(registrySecrets(60).map(({ name }) => name));
  expect(platform.journal.entries.map(({ query }) => query !== "")).toEqual([false, true, true]);
});

test("the SDK reads a value, an environment and an identity", async () => {
  const platform = await platformForTest({ secrets: registrySecrets(1) });
  const client = new Gitpod({ bearerToken: "env-token", baseURL: platform.baseUrl });
  expect(await client.secrets.getValue({ secretId: platform.secretId("SECRET_0") })).toEqual({
    value: "user-0:password",
  });
  const { environment } = await client.environments.retrieve({ environmentId: ids.environment });
  expect(environment.metadata?.projectId).toBe(ids.project);
  expect(environment.spec?.secrets?.[0]?.containerRegistryBasicAuthHost).toBe("r0.example.test");
  expect(environment.status?.secrets?.[0]?.phase).toBe("CONTENT_PHASE_READY");
  const identity = await client.identity.getAuthenticatedIdentity({});
  expect(identity.subject).toEqual({ id: ids.environment, principal: "PRINCIPAL_ENVIRONMENT" });
  const runner = await client.runners.retrieve({ runnerId: ids.runner });
  expect(runner.runner.provider).toBe("RUNNER_PROVIDER_AWS_EC2");
  const { token } = await client.identity.getIDToken({ audience: ["sts.amazonaws.com"] });
  expect(token?.split(".")).toHaveLength(3);
});

test("the SDK turns a refusal into its own errors, and retries what it retries", async () => {
  const platform = await platformForTest({
    secrets: registrySecrets(1),
    faults: [{ method: "GetSecretValue", nth: 1, kind: "error", code: "unavailable" }],
  });
  const asUser = new Gitpod({ bearerToken: "user-token", baseURL: platform.baseUrl });
  const secretId = platform.secretId("SECRET_0");
  await expect(asUser.secrets.getValue({ secretId })).rejects.toThrow(Gitpod.PermissionDeniedError);
  expect(platform.journal.of("GetSecretValue").map(({ status }) => status)).toEqual([503, 403]);
  const asNobody = new Gitpod({ bearerToken: "made-up", baseURL: platform.baseUrl });
  await expect(asNobody.secrets.getValue({ secretId })).rejects.toThrow(Gitpod.AuthenticationError);
});
