// Puts the benchmark's tables into the documentation, between markers: <!-- bench warm --> … <!-- /bench -->.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PAGE = fileURLToPath(new URL("../../docs/speed.md", import.meta.url));

/** `text` with each marked place filled that `tables` has a table for. Throws when a table has no place. */
export function filled(text: string, tables: ReadonlyMap<string, string>): string {
  let result = text;
  for (const [name, table] of tables) {
    const place = new RegExp(`(<!-- bench ${name} -->\\n)[\\s\\S]*?(<!-- /bench -->)`);
    if (!place.test(result)) throw new Error(`docs/speed.md has no place for the table ${name}`);
    result = result.replace(place, (_, before: string, after: string) => `${before}\n${table}\n\n${after}`);
  }
  return result;
}

export function writeTables(tables: ReadonlyMap<string, string>): void {
  writeFileSync(PAGE, filled(readFileSync(PAGE, "utf8"), tables));
}
