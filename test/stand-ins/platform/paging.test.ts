// Pages of ListSecrets: sizes, tokens, and the platform that never comes to an end.

import { describe, expect, test } from "vitest";
import { ask } from "./ask.ts";
import { ids } from "./ids.ts";
import { platformForTest } from "./worlds.ts";

const project = { filter: { scope: { projectId: ids.project } } };

describe("paging", () => {
  const secrets = Array.from({ length: 30 }, (_, index) => ({
    name: `N_${index}`,
    host: "registry.example.test",
    value: "u:p",
  }));
  const names = (json: object) =>
    (json as { secrets?: { name: string }[] }).secrets?.map(({ name }) => name) ?? [];
  const nextToken = (json: object) => (json as { pagination: { nextToken?: string } }).pagination.nextToken;

  test("25 by default; the token in the body leads on; the last page has none", async () => {
    const platform = await platformForTest({ secrets });
    const first = await ask(platform, "ListSecrets", project);
    expect(names(first.json)).toHaveLength(25);
    const token = nextToken(first.json);
    const second = await ask(platform, "ListSecrets", { ...project, pagination: { token, page_size: 10 } });
    expect(names(second.json)).toEqual(["N_25", "N_26", "N_27", "N_28", "N_29"]);
    expect(nextToken(second.json)).toBeUndefined();
  });

  for (const pagination of [{ pageSize: 101 }, { pageSize: -1 }, { pageSize: 1.5 }, { token: "made-up" }]) {
    test(`refused: ${JSON.stringify(pagination)}`, async () => {
      const platform = await platformForTest({ secrets });
      expect((await ask(platform, "ListSecrets", { ...project, pagination })).json.code).toBe(
        "invalid_argument",
      );
    });
  }

  test("repeatPageToken never ends and never moves", async () => {
    const platform = await platformForTest({ secrets, repeatPageToken: true });
    for (const token of ["", "again"]) {
      const { json } = await ask(platform, "ListSecrets", { ...project, pagination: { token } });
      expect([names(json)[0], nextToken(json)]).toEqual(["N_0", "again"]);
    }
  });
});
