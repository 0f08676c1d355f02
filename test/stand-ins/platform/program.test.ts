// The stand-in as a program: one JSON line, an admin endpoint for curl, a clean end; and a journal that keeps secrets.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { secretId } from "./ids.ts";
import type { JournalEntry } from "./journal.ts";

interface Announced {
  baseUrl: string;
  adminUrl: string;
  tokens: Record<string, string>;
}

async function startProgram(seed: object) {
  const directory = await mkdtemp(join(tmpdir(), "stand-in-"));
  const state = join(directory, "state.json");
  await writeFile(state, JSON.stringify(seed));
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const child = spawn(process.execPath, [main, "--state", state], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {},
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await rm(directory, { recursive: true });
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, announced: JSON.parse(line.toString()) as Announced };
}

async function post(url: string, json: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(json),
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

test("from the first line to the end, over the admin endpoint", async () => {
  const secrets = [{ name: "TEAM", host: "r.example.test", value: "u:old-password" }];
  const { child, announced } = await startProgram({ secrets });
  const { baseUrl, adminUrl, tokens } = announced;
  const authorization = { authorization: `Bearer ${tokens.environment}` };
  const value = () =>
    post(`${baseUrl}/gitpod.v1.SecretService/GetSecretValue`, { secretId: secretId(1) }, authorization);

  expect((await value()).json).toEqual({ value: "u:old-password" });
  const change = { secret: "TEAM", value: "u:new-password" };
  expect((await post(`${adminUrl}/setValue`, change)).json).toEqual({ ok: true });
  expect((await value()).json).toEqual({ value: "u:new-password" });

  const fault = { kind: "error", code: "unavailable", times: 1 };
  expect((await post(`${adminUrl}/apply`, [{ do: "fault", fault }])).status).toBe(200);
  expect((await value()).status).toBe(503);
  expect(await post(`${adminUrl}/setValue`, { secret: "TAEM", value: "x" })).toEqual({
    status: 400,
    json: { error: "no secret called TAEM" },
  });

  const text = await (await fetch(`${adminUrl}/journal?method=GetSecretValue`)).text();
  const entries = JSON.parse(text) as JournalEntry[];
  expect(entries.map(({ n, status, token }) => [n, status, token])).toEqual([
    [1, 200, "environment"],
    [2, 200, "environment"],
    [3, 503, "environment"],
  ]);
  expect(entries[0]?.headers.authorization).toBe("<redacted>");
  expect(text).not.toMatch(/env-token|password/);

  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});
