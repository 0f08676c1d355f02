// Directories 0700 and files 0600 whatever umask the caller had: the program itself, started by a shell that sets one.

import { chmodSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { builds } from "../../support/builds.ts";
import { machineForTest } from "../../support/machine-for-test.ts";

const HOST = "registry.example.test";
const [build] = builds;

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
    if (build === undefined) throw new Error("no build");
    const at = await machineForTest({
      build,
      secrets: [
        { name: "TEAM", host: HOST, value: "demo:password" },
        { name: "BAD", host: "bad.example.test", value: "c4nary" },
      ],
    });
    const launcher = ["/bin/sh", "-c", `umask ${umask}; exec "$@"`, "sh"];
    const run = (verb: string, stdin: string) => at.run([verb], { stdin, launcher });
    mkdirSync(join(at.home, ".local", "state"), { recursive: true });
    chmodSync(join(at.home, ".local"), 0o755);

    const found = await run("get", HOST);
    expect(`${found.stdout}${found.stderr}`).toContain('"Secret":"password"');
    expect((await run("get", "bad.example.test")).code).toBe(1);
    const login = JSON.stringify({ ServerURL: "mine.example.test", Username: "me", Secret: "mine" });
    expect((await run("store", login)).stdout).toBe("");

    const { cacheDir: cache, stateDir: state } = at;
    const modes = [...modesBelow(cache), ...modesBelow(state)];
    expect(modes.length).toBeGreaterThan(5);
    for (const line of modes) expect(line).toMatch(/^(?:700 .*\/|600 .*[^/])$/);
    for (const dir of [cache, state]) expect((lstatSync(dir).mode & 0o7777).toString(8)).toBe("700");
  });
});
