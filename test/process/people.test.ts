// The contract's section 8, sentence by sentence, where no test of a single verb looks: what a run leaves behind, and what
// the command of `exec` inherits.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Machine } from "../support/machine.ts";
import type { Run } from "../support/run.ts";
import { snapshot } from "../support/snapshot.ts";
import { configureMachine, secret } from "./configure-machine.ts";

const done = (said: Run): void => expect(said, said.stderr).toMatchObject({ code: 0 });
const auth = (login: string): string => Buffer.from(login).toString("base64");

describe("unconfigure", () => {
  it("leaves no copy where configure made the file", async () => {
    const at = await configureMachine([secret("ghcr.io")]);
    done(await at.run(["configure"]));
    done(await at.run(["configure"]));
    done(await at.run(["unconfigure"]));
    expect(readdirSync(join(at.home, ".docker"))).toEqual(["config.json"]);
    expect(JSON.parse(at.read())).toEqual({});
  });

  it("leaves no copy of what was never configured", async () => {
    const at = await configureMachine([secret("ghcr.io")]);
    at.write(at.dockerConfig, '{"credHelpers":{"ghcr.io":"ona"}}');
    await at.run(["unconfigure"]);
    expect(readdirSync(join(at.home, ".docker"))).toEqual(["config.json"]);
  });
});

describe("--dry-run", () => {
  const rows: readonly [string, (at: Machine) => unknown, readonly string[]][] = [
    ["on a new machine", () => undefined, ["configure"]],
    [
      "with a login of the platform's, and one of somebody else's",
      (at) =>
        at.write(
          at.dockerConfig,
          JSON.stringify({
            auths: { "ghcr.io": { auth: auth("demo-user:demo-password") }, "b.test": { auth: auth("x:y") } },
          }),
        ),
      ["configure"],
    ],
    ["where everything is cached", (at) => at.run(["configure", "--prefetch"]), ["configure", "--prefetch"]],
    ["before everything is taken out", (at) => at.run(["configure"]), ["unconfigure"]],
  ];
  it.each(rows)("changes nothing at all, the cache included: %s", async (_name, prepare, args) => {
    const at = await configureMachine([secret("ghcr.io"), secret("b.test")]);
    await prepare(at);
    const before = snapshot(at.root);
    done(await at.run([...args, "--dry-run"]));
    expect(snapshot(at.root)).toEqual(before);
  });
});

describe("exec", () => {
  it.each(["0022", "0000", "0077", "0027"])("the command has the caller's umask, %s", async (umask) => {
    const at = await configureMachine([secret("ghcr.io")]);
    const { stdout } = await at.run(["exec", "--", "/bin/sh", "-c", "umask"], {
      launcher: ["/bin/sh", "-c", `umask ${umask}; exec "$@"`, "sh"],
    });
    expect(stdout).toBe(`${umask}\n`);
  });

  it.skipIf(!existsSync("/proc/self/status"))("what the caller ignores, the command ignores", async () => {
    const at = await configureMachine([secret("ghcr.io")]);
    const ignoring = (names: string, args: readonly string[]) =>
      at.run(["exec", "--", ...args], {
        launcher: ["/bin/sh", "-c", `trap '' ${names}; exec "$@"`, "sh"],
      });
    const ignored = async (names: string): Promise<number> => {
      const { stdout } = await ignoring(names, ["/bin/grep", "^SigIgn", "/proc/self/status"]);
      return Number.parseInt(stdout.replace(/\s*SigIgn:\s*/, ""), 16);
    };
    const bit = (signal: number): number => 2 ** (signal - 1);
    expect(await ignored("HUP")).toBe(bit(1));
    expect(await ignored("INT QUIT")).toBe(bit(2) + bit(3));
    expect(
      await ignoring("HUP", ["/bin/sh", "-c", 'printf "%s|" "$@"; exit 7', "a b", "", "*", "'$x"]),
    ).toMatchObject({
      code: 7,
      stdout: "|*|'$x|",
    });
    const missing = await ignoring("HUP", ["no-such-command"]);
    expect(missing).toMatchObject({ code: 127, stdout: "" });
    expect(missing.stderr).toMatch(/^docker-credential-ona exec: .*no-such-command.*not found\n$/);
  });
});

describe("a file as only Docker reads it", () => {
  const big = '"n": 12345678901234567890123';

  it("exec takes it over as it is written, without what stands in our place", async () => {
    const at = await configureMachine([secret("ghcr.io")]);
    at.write(
      at.dockerConfig,
      `{${big}, "a": 1, "a": 2, "Auths": {"GHCR.io": {"auth": "eDp5"}, "b.test": {"auth": "eDp5"}}, "CREDHELPERS": {"ghcr.io": "x"}}`,
    );
    const said = await at.run(["exec", "--", "/bin/sh", "-c", '/bin/cat "$DOCKER_CONFIG/config.json"']);
    done(said);
    expect(said.stdout).toMatch(new RegExp(`^\\{\\s+${big},\\s+"a": 1,\\s+"a": 2,`));
    expect(JSON.parse(said.stdout)).toEqual({
      n: Number("12345678901234567890123"),
      a: 2,
      auths: { "b.test": { auth: "eDp5" }, "ghcr.io": { auth: auth("demo-user:demo-password") } },
    });
  });

  it("configure and doctor name an entry without a helper, whatever the letters of the field", async () => {
    const at = await configureMachine([secret("ghcr.io"), secret("b.test")]);
    const before = '{"CREDHELPERS":{"ghcr.io":"","b.test":7}}';
    at.write(at.dockerConfig, before);
    const said = await at.run(["configure"]);
    expect(at.read()).toBe(before);
    expect(said.stderr.replaceAll(/\s+/g, " ")).toMatch(
      /entry for b\.test that names no helper.*\[other-helper\]/,
    );
    expect(said.stderr.match(/\[other-helper\]/g)).toHaveLength(2);
    const { stdout } = await at.run(["doctor", "ghcr.io", "--json"]);
    const found = JSON.parse(stdout).findings as { code: string; message: string }[];
    expect(found.find(({ code }) => code === "other-helper")?.message).toContain("names no helper");
  });
});

describe("many registries", () => {
  const HOSTS = Array.from({ length: 120 }, (_, index) => `r${index}.example.test`);
  const methods = (at: Machine): Readonly<Record<string, number>> => {
    const counts: Record<string, number> = {};
    for (const { method = "" } of at.platform.journal.entries) counts[method] = (counts[method] ?? 0) + 1;
    return counts;
  };

  it("configure takes the platform's own login out for each of them, with one list", async () => {
    const at = await configureMachine(HOSTS.map((host) => secret(host)));
    await at.platform.apply({ do: "setLatency", latencyMs: 30 });
    const auths = HOSTS.map((host) => [host, { auth: auth("demo-user:demo-password") }] as const);
    at.write(at.dockerConfig, JSON.stringify({ auths: Object.fromEntries(auths) }));
    done(await at.run(["configure"]));
    expect(JSON.parse(at.read()).auths).toEqual({});
    expect(methods(at)).toEqual({ GetEnvironment: 1, GetSecretValue: HOSTS.length });
  });

  it("configure --prefetch fetches each of them", async () => {
    const at = await configureMachine(HOSTS.map((host) => secret(host)));
    const { stdout } = await at.run(["configure", "--prefetch", "--json"]);
    expect(JSON.parse(stdout).prefetched).toEqual(HOSTS.toSorted());
    expect(methods(at)).toEqual({ GetEnvironment: 1, GetSecretValue: HOSTS.length });
  });

  it("exec runs the command though they are too many for a variable", async () => {
    const value = `demo:${"p".repeat(1500)}`;
    const at = await configureMachine(HOSTS.map((host) => secret(host, value)));
    const said = await at.run(
      ["exec", "--", "/bin/sh", "-c", 'echo "$DOCKER_AUTH_CONFIG"; /bin/cat "$REGISTRY_AUTH_FILE"'],
      {
        env: { DOCKER_AUTH_CONFIG: "{}" },
      },
    );
    expect(said.code).toBe(0);
    expect(said.stderr).toMatch(/DOCKER_AUTH_CONFIG/);
    expect(said.stderr).not.toContain("ppp");
    const [variable, ...file] = said.stdout.split("\n");
    expect(variable).toBe("");
    expect(Object.keys(JSON.parse(file.join("\n")).auths).length).toBe(HOSTS.length);
  });
});
