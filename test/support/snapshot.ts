// Every file and directory below one, with mode, time and content: for tests in which nothing may change.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export function snapshot(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .toSorted()
    .map((name) => {
      const stat = statSync(join(directory, name));
      const content =
        stat.isFile() && stat.size < 1_000_000 ? readFileSync(join(directory, name), "utf8") : "";
      return `${name} ${stat.mode.toString(8)} ${stat.mtimeMs} ${content}`;
    });
}
