// Directories 0700 and files 0600 whatever umask the caller had: the program itself, started by a shell that sets one.

import { chmodSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ids } from "../../stand-ins/platform/ids.ts";
import { platformForTest } from "../../stand-ins/platform/worlds.ts";
import { builds, makeBed, runHelper } from "../../support/run-helper.ts";

const HOST = "registry.example.test";
const [source] = builds;

/** Every path below `dir` with its mode: `700 state/logins/`. */
function modesBelow(dir: string, prefix = ""): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const mode = (lstatSync(join(dir, entry.name)).mode & 0o7777).toString(8);
    const name = `${prefix}${entry.name}`;
    return entry.isDirectory()
      ? [`${mode} ${name}/`, ...modesBelow(join(dir, entry.name), `${name}/`)]
      : [`${mode} ${name}`];
  });
}

describe.each(["000", "022", "077", "0777"])("umask %s", (umask) => {
  it("cache, login and log are ours alone, new and in directories that are there", async () => {
    if (source === undefined) throw new Error("no build");
    const bed = makeBed();
    onTestFinished(() => bed.remove());
    const platform = await platformForTest({
      secrets: [
        { name: "TEAM", host: HOST, value: "demo:password" },
        { name: "BAD", host: "bad.example.test", value: "c4nary" },
      ],
    });
    const run = (verb: string, stdin: string) =>
      runHelper(source, [verb], {
        cwd: bed.cwd,
        stdin,
        launcher: ["/bin/sh", "-c", `umask ${umask}; exec "$@"`, "sh"],
        env: {
          ...bed.env,
          ONA_ENVIRONMENT_ID: ids.environment,
          ONA_BASE_URL: platform.baseUrl,
          DOCKER_CREDENTIAL_ONA_TOKEN: "env-token",
        },
      });
    const state = join(bed.home, ".local", "state", "docker-credential-ona");
    mkdirSync(join(bed.home, ".local", "state"), { recursive: true });
    chmodSync(join(bed.home, ".local"), 0o755);

    const found = await run("get", HOST);
    expect(`${found.stdout}${found.stderr}`).toContain('"Secret":"password"');
    expect((await run("get", "bad.example.test")).code).toBe(1);
    const login = JSON.stringify({ ServerURL: "mine.example.test", Username: "me", Secret: "mine" });
    expect((await run("store", login)).stdout.toString()).toBe("");

    const cache = join(bed.env.XDG_RUNTIME_DIR ?? "", "docker-credential-ona");
    const modes = [...modesBelow(cache), ...modesBelow(state)];
    expect(modes.length).toBeGreaterThan(5);
    for (const line of modes) expect(line).toMatch(/^(?:700 .*\/|600 .*[^/])$/);
    for (const dir of [cache, state]) expect((lstatSync(dir).mode & 0o7777).toString(8)).toBe("700");
  });
});
