// Files that are not what they should be: pipes, directories, links, damaged or swapped entries, a full disk, a clock
// that went back. `get` stays right, ends in time, and nothing outside of our directories is touched.

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { buildsUnderTest } from "../support/builds.ts";
import { answerFor, type Machine, NOT_FOUND, told, type Variables } from "../support/machine.ts";
import { machineForTest } from "../support/machine-for-test.ts";
import type { Running } from "../support/run.ts";
import { everythingBelow } from "../support/transcript-canaries.ts";

const HOST = "registry.example.test";
const ENDLESS = "/proc/self/pagemap";
const answer = (secret: string): string => answerFor(HOST, "demo", secret);
const FIRST = answer("first-password");
const pipe = (path: string): void => {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  expect(spawnSync("mkfifo", ["-m", "600", path]).status).toBe(0);
};

const directory = (path: string): void => {
  rmSync(path);
  mkdirSync(path);
};

/** What can have happened to an entry, and whether the answer may still come from what is left of the others. */
const damages: readonly (readonly [string, (path: string, at: Machine) => void])[] = [
  ["was cut in half", (path) => truncateSync(path, Math.floor(readFileSync(path).length / 2))],
  ["is empty", (path) => truncateSync(path, 0)],
  ["holds random bytes", (path) => writeFileSync(path, Buffer.from("\x00\xff{]\ud800", "latin1"))],
  ["is of another version", (path) => writeFileSync(path, '{"v":99,"key":"x","atMs":1,"secret":"wrong"}')],
  ["is null", (path) => writeFileSync(path, "null")],
  ["is nested deeply", (path) => writeFileSync(path, "[".repeat(200_000))],
  ["is a directory", directory],
  ["is a pipe", pipe],
  ["is huge", (path) => truncateSync(path, 200 * 1024 * 1024)],
  [
    "is a link to another file",
    (path, at) => {
      const target = join(at.root, "somebody-elses.txt");
      writeFileSync(target, "somebody else's");
      rmSync(path);
      symlinkSync(target, path);
    },
  ],
  ["may not be read", (path) => chmodSync(path, 0o000)],
];

for (const build of buildsUnderTest()) {
  describe(build.name, () => {
    let at: Machine;

    beforeEach(async () => {
      const secrets = [
        { name: "TEAM", host: HOST, value: "demo:first-password" },
        { name: "OTHER", host: "other.example.test", value: "other:other-password" },
      ];
      at = await machineForTest({ build, secrets });
    });

    const run = (args: string[], stdin: string, env: Variables = {}): Running =>
      at.run(args, { env, stdin, timeoutMs: 15_000 });

    const expectAnswer = async (expected: string): Promise<void> =>
      expect(told(await run(["get"], HOST))).toEqual({ stdout: expected, stderr: "", end: 0 });

    const cacheFiles = (): string[] =>
      everythingBelow(at.cacheDir)
        .filter((entry) => !entry.isDirectory)
        .map((entry) => entry.path);

    it.each(damages)("a cache entry that %s counts as absent", async (_, damage) => {
      await expectAnswer(FIRST);
      const before = cacheFiles();
      expect(before.length).toBeGreaterThan(0);
      for (const path of before) damage(path, at);
      await expectAnswer(FIRST);
      await expectAnswer(FIRST);
      const elsewhere = join(at.root, "somebody-elses.txt");
      if (readdirSync(at.root).includes("somebody-elses.txt")) {
        expect(readFileSync(elsewhere, "utf8")).toBe("somebody else's");
      }
    });

    it("entries that were swapped give nobody another one's credential", async () => {
      await expectAnswer(FIRST);
      await run(["get"], "other.example.test");
      const files = cacheFiles();
      const contents = files.map((path) => readFileSync(path));
      for (const [index, path] of files.entries()) {
        writeFileSync(path, contents[(index + 1) % contents.length] ?? "");
      }
      await expectAnswer(FIRST);
    });

    it("entries from the future count as absent: the clock went back", async () => {
      await expectAnswer(FIRST);
      const asked = at.platform.journal.count();
      for (const path of cacheFiles()) {
        const text = readFileSync(path, "utf8");
        writeFileSync(
          path,
          text.replace(/\b1[0-9]{12}\b/g, (ms) => String(Number(ms) + 86_400_000)),
        );
      }
      await expectAnswer(FIRST);
      expect(at.platform.journal.count()).toBeGreaterThan(asked);
    });

    it("an answer that was asked for before an erase is not accepted after it", async () => {
      await at.platform.apply({ do: "setLatency", latencyMs: 700 });
      const early = run(["get"], HOST);
      while (at.platform.journal.count("GetSecretValue") === 0) await new Promise((go) => setTimeout(go, 20));
      const erased = await run(["erase"], HOST);
      expect(erased.code).toBe(0);
      expect((await early).stdout).toBe(FIRST);
      await at.platform.apply(
        { do: "setLatency", latencyMs: 0 },
        { do: "setValue", secret: "TEAM", value: "demo:second-password" },
      );
      await expectAnswer(answer("second-password"));
    });

    it.each([
      ".config/docker-credential-ona/config.json",
      ".docker/config.json",
      ".config/containers/auth.json",
      ".local/state/docker-credential-ona",
    ])("a pipe at ~/%s holds nobody up", async (path) => {
      pipe(join(at.home, path));
      await at.platform.apply({ do: "goDown" });
      const { stdout, timedOut } = await run(["get"], "unknown.example.test");
      expect(timedOut).toBe(false);
      expect(stdout).toBe(NOT_FOUND);
    });

    // Not NODE_EXTRA_CA_CERTS: both runtimes read that one by themselves before our code runs.
    it.each(["REGISTRY_AUTH_FILE", "SSL_CERT_FILE", "AWS_CA_BUNDLE"])(
      "a pipe in %s holds nobody up",
      async (name) => {
        pipe(join(at.root, "pipe"));
        const env = { [name]: join(at.root, "pipe"), ONA_BASE_URL: "https://127.0.0.1:1/api" };
        const { stdout, timedOut } = await run(["get"], "unknown.example.test", env);
        expect(timedOut).toBe(false);
        expect(stdout).toBe(NOT_FOUND);
      },
    );

    it.each(["file", "jsonFile"])("a pipe as token.%s holds nobody up", async (key) => {
      pipe(join(at.root, "token"));
      const token = { [key]: join(at.root, "token"), ...(key === "jsonFile" ? { key: "t" } : {}) };
      at.configure({ token });
      await expectAnswer(FIRST);
      const without = await run(["get"], HOST, {
        DOCKER_CREDENTIAL_ONA_TOKEN: "",
        DOCKER_CREDENTIAL_ONA_NO_CACHE: "1",
      });
      expect(without.timedOut).toBe(false);
      expect(without.stdout).toBe(NOT_FOUND);
    });

    // A regular file that says it is empty; read to its end it would be hundreds of gigabytes.
    it
      .runIf(existsSync(ENDLESS))
      .each(["DOCKER_CREDENTIAL_ONA_CONFIG", "SSL_CERT_FILE", "REGISTRY_AUTH_FILE"])(
      "a file without an end in %s holds nobody up",
      async (name) => {
        const env = { [name]: ENDLESS, ONA_BASE_URL: "https://127.0.0.1:1/api" };
        const { stdout, timedOut } = await run(["get"], "unknown.example.test", env);
        expect(timedOut).toBe(false);
        expect(stdout).toBe(NOT_FOUND);
      },
    );

    it.runIf(existsSync(ENDLESS))("a file without an end as token.file holds nobody up", async () => {
      at.configure({ token: { file: ENDLESS } });
      const { stdout, timedOut } = await run(["get"], HOST, { DOCKER_CREDENTIAL_ONA_TOKEN: "" });
      expect(timedOut).toBe(false);
      expect(stdout).toBe(NOT_FOUND);
    });

    it("deep nesting from anywhere is an ordinary mistake", async () => {
      const deep = "[".repeat(300_000);
      const stored = await run(["store"], `{"ServerURL":"${HOST}","Username":"u","Secret":"s","x":${deep}`);
      expect(stored.stdout).toMatch(/^[ -~]+\n$/);
      expect(stored.stderr).toBe("");
      await at.platform.apply({
        do: "fault",
        fault: {
          kind: "answer",
          status: 200,
          text: `{"environment":${deep}`,
          contentType: "application/json",
        },
      });
      const got = await run(["get"], HOST);
      expect(got.stdout).toBe(NOT_FOUND);
      expect(got.stderr).toBe("");
      at.write(at.dockerConfig, `{"credHelpers":${deep}`);
      const again = await run(["get"], HOST, { DOCKER_CREDENTIAL_ONA_NO_CACHE: "1" });
      expect(again.stdout).toBe(NOT_FOUND);
      expect(again.stderr).toBe("");
    });

    it("all of stdin is read, however long it is", async () => {
      for (const args of [["get"], ["erase"], ["store"]]) {
        for (const stdin of ["a".repeat(6_000_000), " ".repeat(6_000_000), "\0".repeat(6_000_000)]) {
          const result = await run(args, stdin);
          expect(result.stdinBroken, args.join(" ")).toBe(false);
          expect(result.code, args.join(" ")).toBe(1);
          expect(result.stdout, args.join(" ")).toMatch(/^[ -~]+\n$/);
        }
      }
    });
  });
}
