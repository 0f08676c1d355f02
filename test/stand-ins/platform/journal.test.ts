// The journal counts every request, names tokens without showing them, and shows no value.

import { expect, test } from "vitest";
import { ask } from "./ask.ts";
import { platformForTest } from "./worlds.ts";

test("tokens have labels: known, none, malformed, unknown ones by order of first sight", async () => {
  const platform = await platformForTest();
  for (const token of ["env-token", null, "guess-b", "guess-a", "guess-b"]) {
    await ask(platform, "GetAuthenticatedIdentity", {}, { token });
  }
  await ask(
    platform,
    "GetAuthenticatedIdentity",
    {},
    { token: null, headers: { authorization: "Basic eA==" } },
  );
  expect(platform.journal.entries.map(({ token }) => token)).toEqual([
    "environment",
    "none",
    "unknown-1",
    "unknown-2",
    "unknown-1",
    "malformed",
  ]);
  expect(JSON.stringify(platform.journal.entries)).not.toMatch(/guess|env-token|eA==/);
});

test("counts by method, keeps numbers over a clear, and notes bodies without values", async () => {
  const platform = await platformForTest();
  await ask(platform, "ListSecrets", {
    pagination: { pageSize: 5 },
    value: "hidden",
    deep: [{ value: "hidden" }],
  });
  await ask(platform, "GetRunner", {}, { rawBody: "no json" });
  const { journal } = platform;
  expect([journal.count(), journal.count("ListSecrets"), journal.count("GetIDToken")]).toEqual([2, 1, 0]);
  expect(journal.methods()).toEqual(["ListSecrets", "GetRunner"]);
  expect(journal.entries.map(({ body }) => body)).toEqual([
    { pagination: { pageSize: 5 }, value: "<redacted>", deep: [{ value: "<redacted>" }] },
    "no json",
  ]);
  await platform.apply({ do: "clearJournal" });
  await ask(platform, "GetRunner");
  expect(journal.entries.map(({ n }) => n)).toEqual([3]);
});
