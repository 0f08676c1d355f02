// The pages of a scope's list: however many there are, all are read; what never ends is no list.

import { expect, it } from "vitest";
import { DEFAULT_CONFIG } from "../../../../src/core/config.ts";
import { Outage } from "../../../../src/core/failures.ts";
import { deadlineAfter, systemClock } from "../../../../src/edge/clock.ts";
import type { PlatformClient } from "../../../../src/sources/platform/client.ts";
import { fetchSecretList } from "../../../../src/sources/platform/secret-list.ts";

const config = {
  ...DEFAULT_CONFIG,
  lookup: "list",
  scopeIds: { user: "u", project: "p", organization: "o" },
  precedence: ["user"],
} as const;

/** `nextToken`: the token of the page after the one asked for. */
function listOf(nextToken: (asked: number) => string): Promise<readonly string[]> {
  let asked = 0;
  const secrets = async () => {
    asked += 1;
    return { candidates: [{ id: `${asked}` }], skipped: [], nextToken: nextToken(asked) };
  };
  const identity = async () => ({ subjectId: "u", principal: "PRINCIPAL_USER", organizationId: "o" });
  const client = { secrets, identity } as unknown as PlatformClient;
  const list = fetchSecretList(config, undefined, client, deadlineAfter(systemClock, 10_000));
  return list.then(({ candidates }) => candidates.map(({ id }) => id));
}

it.each([1, 2, 200, 201, 1000])("%i pages are read to the last", async (pages) => {
  const found = await listOf((asked) => (asked < pages ? `t${asked}` : ""));
  expect(found.at(-1)).toBe(`${pages}`);
});

it("a token that was there before is the end", async () => {
  expect(await listOf((asked) => `t${asked % 3}`)).toEqual(["1", "2", "3", "4"]);
});

it("a timeout at a late page was granted the time of all pages, so that it is remembered", async () => {
  const timeout = new Outage("platform-timeout", "the platform does not answer", {
    hint: "wait",
    grantedMs: 7,
  });
  const late = listOf((asked) => {
    if (asked === 3) throw timeout;
    return `t${asked}`;
  });
  const error = await late.catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: "platform-timeout", message: timeout.message, hint: timeout.hint });
  expect((error as Outage).grantedMs).toBeGreaterThan(5_000);
});

it("a list that does not end within the deadline is no list", async () => {
  const late = listOf((asked) => {
    if (asked === 500) throw new Error("the deadline");
    return `t${asked}`;
  });
  await expect(late).rejects.toThrow("the deadline");
});
