import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repository } from "../support/builds.ts";
import type { Machine } from "../support/machine.ts";
import { machineForTest } from "../support/machine-for-test.ts";
import type { Run } from "../support/run.ts";

const SECRETS = [
  { name: "GHCR", host: "ghcr.io", value: "acme-bot:ghcr-password" },
  { name: "TEAM", host: "registry.example.test", value: "demo-user:demo-password" },
];

const pages = [
  "README.md",
  ...readdirSync(join(repository, "docs")).map((name) => join("docs", name)),
].filter((page) => page.endsWith(".md"));

/** Lines of shell blocks that call the program, and what stands around the call in the same line. */
function commandsOf(page: string): string[] {
  const text = readFileSync(join(repository, page), "utf8");
  return [...text.matchAll(/^```(sh|console)\n([\s\S]*?)^```$/gm)]
    .flatMap(([, kind, body = ""]) => {
      const lines = body.replaceAll("\\\n", " ").split("\n");
      return kind === "sh" ? lines : lines.flatMap((line) => (line.startsWith("$ ") ? [line.slice(2)] : []));
    })
    .map((line) => line.trim())
    .filter((line) => /(?:^|[|;&(] ?|\bsudo )docker-credential-ona [a-z-]/.test(line));
}

/** A machine at which a user would type: the program and a docker command line on PATH, a platform to ask. */
async function place(): Promise<Machine> {
  const at = await machineForTest({ secrets: SECRETS, env: { HTTPS_PROXY: "http://127.0.0.1:9" } });
  // Other people's programs, which have tests of their own, only have to be there.
  const clients = ["docker", "python3", "helm", "crane", "podman", "skopeo", "ctr", "buildctl"];
  at.install({
    ...Object.fromEntries(clients.map((client) => [client, "exit 0"])),
    sudo: 'exec "$@"',
    kubectl: "exec cat",
    jq: "exec cat",
  });
  return at;
}

/** A line in a shell; what runs until it is told to stop is told so after a moment. */
async function typed(line: string, at: Machine): Promise<Run> {
  const runsOn = /--watch\b/.test(line);
  // Paths of the machine are moved below the test's own directory.
  const command = line.replace(/(?<=[\s=])\/(?=(?:etc|run|var|srv|opt)\/)/g, `${at.root}/`);
  const running = at.exec(["/bin/sh", "-c", runsOn ? `exec ${command}` : command], { timeoutMs: 40_000 });
  const stop = runsOn ? setTimeout(() => running.kill("SIGTERM"), 4000) : undefined;
  return running.finally(() => clearTimeout(stop));
}

it("the executable is there", () => {
  expect(existsSync(join(repository, "dist/docker-credential-ona"))).toBe(true);
});

describe.each(pages.map((page) => [page, commandsOf(page)] as const).filter(([, lines]) => lines.length > 0))(
  "%s",
  (_, lines) => {
    it("every command does what it is there for", async () => {
      const at = await place();
      for (const line of lines) {
        const { code, stdout, stderr } = await typed(line, at);
        const output = stdout + stderr;
        const allowed = line.includes("--strict") ? [0, 1] : [0];
        expect(allowed, `${line}\n${output}`).toContain(code);
        expect(output, line).not.toMatch(/demo-password.*\n.*at |\[internal\]/);
      }
    });
  },
);
