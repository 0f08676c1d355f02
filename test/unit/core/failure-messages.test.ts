// The table of codes: every code has its row, every row says something, the documentation says the same, and a code that
// nothing gives is not listed.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MESSAGES_PAGE, withMessages } from "../../../build/messages-page.ts";
import { FAILURE_MESSAGES } from "../../../src/core/failure-messages.ts";
import { FAILURE_CODES } from "../../../src/core/failures.ts";
import { FINDING_MESSAGES } from "../../../src/core/finding-messages.ts";
import { FINDING_CODES } from "../../../src/core/findings.ts";
import { repository } from "../../support/builds.ts";

const rows = Object.entries({ ...FAILURE_MESSAGES, ...FINDING_MESSAGES });
const src = join(repository, "src");
const code = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter(
    (name) => name.endsWith(".ts") && !/^core\/(?:finding-)?(?:messages|failures|findings)\.ts$/.test(name),
  )
  .map((name) => readFileSync(join(src, name), "utf8"))
  .join("\n");

it("every code has a row, and no row is without a code", () => {
  expect(Object.keys(FAILURE_MESSAGES).toSorted()).toEqual([...FAILURE_CODES].toSorted());
  expect(Object.keys(FINDING_MESSAGES).toSorted()).toEqual([...FINDING_CODES].toSorted());
});

it("a code is either a failure's or a finding's", () => {
  const failures: readonly string[] = FAILURE_CODES;
  expect(FINDING_CODES.filter((one) => failures.includes(one))).toEqual([]);
});

describe("a row", () => {
  it.each(rows)("%s says what, why and what to do", (_, { message, cause, remedy }) => {
    expect(message).toMatch(/^[\x20-\x7e\u2026]{8,}[^.]$/);
    expect(cause).toMatch(/^[A-Z<a-z][\x20-\x7e\u2026]{8,}\.$/);
    expect(remedy).toMatch(/^[A-Z][\x20-\x7e\u2026]{8,}\.$/);
  });

  it.each(Object.keys(FAILURE_MESSAGES))("%s is given somewhere", (name) => {
    expect(code.includes(`"${name}"`)).toBe(true);
  });
});

describe("docs/messages.md", () => {
  const page = readFileSync(MESSAGES_PAGE, "utf8");

  it("has the table as it is in the code", () => {
    expect(page, "run node build/messages-page.ts").toBe(withMessages(page));
  });

  it("is not taken as true when a cause changes, a row is missing or a marker is gone", () => {
    const { cause } = FAILURE_MESSAGES["no-token"];
    expect(withMessages(page.replace(cause, "Nobody knows."))).toBe(page);
    expect(withMessages(page.replace(/^\| `no-token`.*\n/m, ""))).toBe(page);
    expect(() => withMessages(page.replace("<!-- end of failures -->", ""))).toThrow("markers");
  });
});
