// The verbs as the program runs them, in one environment of the tests: bytes in, streams and exit code out.

import { expect } from "vitest";
import { runHelper } from "../../../src/helper.ts";
import type { World } from "../sources/platform/platform-world.ts";
import { uid } from "../store/scratch.ts";

export const NF = "credentials not found in native keychain";

export interface Said {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** One run of a verb. Whatever it says, it is one line, or none. */
export async function verb(
  w: World,
  name: string,
  stdin = "",
  env: Readonly<Record<string, string>> = {},
): Promise<Said> {
  const reply = await runHelper([name], {
    context: { env: { ...w.env, ...env }, uid, clock: w.clock },
    trace: () => undefined,
    helperNames: ["ona"],
    readStdin: async () => Buffer.from(stdin),
    executable: "/usr/bin/docker-credential-ona",
    asCaller: (start) => start(),
  });
  expect(reply.stdout).toMatch(/^(?:[^\n]*\n)?$/);
  expect(reply.stderr).toMatch(/^(?:[^\n]*\n)?$/);
  return reply;
}

/** What `get` finds, in words: `user:password`, `NF`, or the code of the failure. */
export async function get(w: World, host: string, env?: Readonly<Record<string, string>>): Promise<string> {
  const { stdout, exitCode } = await verb(w, "get", host, env);
  if (exitCode === 0) {
    const { Username, Secret } = JSON.parse(stdout) as { Username: string; Secret: string };
    return `${Username}:${Secret}`;
  }
  if (stdout === `${NF}\n`) return "NF";
  return /\[([a-z-]+)\]\n$/.exec(stdout)?.[1] ?? stdout.trim();
}

/** `store` of `user:password`; anything but silent success is an error. */
export async function login(
  w: World,
  host: string,
  text: string,
  env?: Readonly<Record<string, string>>,
): Promise<void> {
  const [Username = "", ...rest] = text.split(":");
  const said = await verb(
    w,
    "store",
    JSON.stringify({ ServerURL: host, Username, Secret: rest.join(":") }),
    env,
  );
  expect(said).toEqual({ stdout: "", stderr: "", exitCode: 0 });
}

export async function erase(w: World, host: string, env?: Readonly<Record<string, string>>): Promise<void> {
  expect(await verb(w, "erase", host, env)).toEqual({ stdout: "", stderr: "", exitCode: 0 });
}

export async function list(
  w: World,
  env?: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const { stdout, exitCode, stderr } = await verb(w, "list", "", env);
  expect([exitCode, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Record<string, string>;
}
