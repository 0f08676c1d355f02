// One user's machine for the tests of configure: a PATH that holds this program and a docker, and a platform with secrets.

import { statSync } from "node:fs";
import type { SecretSeed } from "../stand-ins/platform/seed.ts";
import type { Machine } from "../support/machine.ts";
import { machineForTest } from "../support/machine-for-test.ts";

export async function configureMachine(secrets: readonly SecretSeed[]): Promise<Machine> {
  const at = await machineForTest({ secrets, token: "env-token" });
  at.install({ docker: "" });
  at.env.PATH = at.bin;
  return at;
}

/** What a write would change of a file. */
export const traceOf = (path: string): readonly unknown[] => {
  const { ino, mtimeMs, ctimeMs, mode, size } = statSync(path);
  return [ino, mtimeMs, ctimeMs, mode, size];
};

export const secret = (host: string, value = "demo-user:demo-password"): SecretSeed => ({
  name: `S_${host.replaceAll(/[^0-9a-zA-Z]/g, "_")}`,
  host,
  value,
});
