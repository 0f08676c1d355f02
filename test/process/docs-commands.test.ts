// Every command of this program that the documentation shows, run as it stands there, page by page and in order. Nothing
// leaves the machine: https has a proxy that is not there.

import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ids } from "../stand-ins/platform/ids.ts";
import { startPlatform } from "../stand-ins/platform/stand-in.ts";
import { type Bed, makeBed, repository } from "../support/run-helper.ts";

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

/** A place of its own in which a user would type: the program and a docker command line on PATH, a platform to ask. */
async function place(): Promise<Bed & { readonly shellEnv: Record<string, string> }> {
  const bed = makeBed();
  const platform = await startPlatform({ seed: { secrets: SECRETS } });
  onTestFinished(async () => {
    await platform.close();
    bed.remove();
  });
  const bin = join(bed.root, "bin");
  mkdirSync(bin);
  symlinkSync(join(repository, "dist/docker-credential-ona"), join(bin, "docker-credential-ona"));
  // Other people's programs, which have tests of their own, only have to be there.
  for (const [name, body] of [
    ...["docker", "python3", "helm", "crane", "podman", "skopeo", "ctr", "buildctl"].map(
      (client) => [client, "exit 0"] as const,
    ),
    ["sudo", 'exec "$@"'],
    ["kubectl", "exec cat"],
    ["jq", "exec cat"],
  ] as const) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return {
    ...bed,
    shellEnv: {
      ...bed.env,
      PATH: `${bin}:${bed.env.PATH}`,
      ONA_BASE_URL: platform.baseUrl,
      ONA_ENVIRONMENT_ID: ids.environment,
      DOCKER_CREDENTIAL_ONA_TOKEN: "env-token",
      HTTPS_PROXY: "http://127.0.0.1:9",
    },
  };
}

/** The exit code of a line in a shell; what runs until it is told to stop is told so after a moment. */
function exitOf(line: string, bed: Bed & { readonly shellEnv: Record<string, string> }) {
  const runsOn = /--watch\b/.test(line);
  // Paths of the machine are moved below the test's own directory.
  const command = line.replace(/(?<=[\s=])\/(?=(?:etc|run|var|srv|opt)\/)/g, `${bed.root}/`);
  const child = spawn("/bin/sh", ["-c", runsOn ? `exec ${command}` : command], {
    env: bed.shellEnv,
    cwd: bed.cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const timer = setTimeout(() => child.kill("SIGTERM"), runsOn ? 4000 : 40_000);
  return new Promise<{ code: number | null; output: string }>((resolve) => {
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, output });
    });
  });
}

it("the executable is there", () => {
  expect(existsSync(join(repository, "dist/docker-credential-ona"))).toBe(true);
});

describe.each(pages.map((page) => [page, commandsOf(page)] as const).filter(([, lines]) => lines.length > 0))(
  "%s",
  (_, lines) => {
    it("every command does what it is there for", async () => {
      const bed = await place();
      for (const line of lines) {
        const { code, output } = await exitOf(line, bed);
        const allowed = line.includes("--strict") ? [0, 1] : [0];
        expect(allowed, `${line}\n${output}`).toContain(code);
        expect(output, line).not.toMatch(/demo-password.*\n.*at |\[internal\]/);
      }
    });
  },
);
