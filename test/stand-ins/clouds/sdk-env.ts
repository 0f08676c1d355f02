// Gives the SDKs an environment of their own: they read process.env themselves, and this machine's must not count.
// What was there before comes back, whatever happens.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export async function withEnv<T>(env: Record<string, string>, run: (home: string) => Promise<T>): Promise<T> {
  const before = process.env;
  const home = mkdtempSync(join(tmpdir(), "clouds-"));
  process.env = { HOME: home, PATH: "/nowhere", ...env };
  try {
    return await run(home);
  } finally {
    process.env = before;
    rmSync(home, { recursive: true, force: true });
  }
}
