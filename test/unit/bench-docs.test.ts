// Figures in the documentation stand between markers that the benchmark fills.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { filled } from "../bench/docs.ts";
import { repository } from "../support/builds.ts";

const page = readFileSync(join(repository, "docs/speed.md"), "utf8");

it("a table replaces the one before, and nothing else changes", () => {
  const text =
    "a\n<!-- bench warm -->\nold $& table\n<!-- /bench -->\nb\n<!-- bench herd -->\n<!-- /bench -->\n";
  const once = filled(text, new Map([["warm", "new $1 table"]]));
  expect(once).toBe(
    "a\n<!-- bench warm -->\n\nnew $1 table\n\n<!-- /bench -->\nb\n<!-- bench herd -->\n<!-- /bench -->\n",
  );
  expect(filled(once, new Map([["warm", "new $1 table"]]))).toBe(once);
});

it("a table without a place is an error", () => {
  expect(() => filled("", new Map([["warm", ""]]))).toThrow("no place");
});

it.each(["warm", "asked", "runtime", "herd", "growth", "fleet", "size"])(
  "the page has a place for %s",
  (name) => {
    expect(filled(page, new Map([[name, "TABLE"]]))).toContain(`<!-- bench ${name} -->\n\nTABLE\n`);
  },
);
