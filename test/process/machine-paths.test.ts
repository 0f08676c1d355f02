// The places outside of a home that the helper looks at: the platform's own files, /etc, /dev/shm. They are replaced
// in a mount namespace of the test's own, so this needs root and changes nothing on the machine.

import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { buildsUnderTest } from "../support/builds.ts";
import { answerFor, type Machine, NOT_FOUND, told, type Variables } from "../support/machine.ts";
import { machineForTest } from "../support/machine-for-test.ts";
import type { Running } from "../support/run.ts";
import { hasNamespaces } from "./namespaces.ts";

const HOST = "registry.example.test";
const answer = (secret: string): string => answerFor(HOST, "demo", secret);

/** Binds what the test prepared over the machine's places, inside the namespace, then becomes the helper. */
const MOUNTS = `
mount --make-rprivate / &&
mount -t tmpfs none /usr/local &&
if [ -d "$BED/gitpod" ]; then mkdir /usr/local/gitpod && mount --bind "$BED/gitpod" /usr/local/gitpod; fi &&
mount --bind "$BED/etc" /etc && mount --bind "$BED/shm" /dev/shm && exec "$@"`;

for (const build of buildsUnderTest()) {
  describe.skipIf(!hasNamespaces)(build.name, () => {
    let at: Machine;

    beforeEach(async () => {
      at = await machineForTest({
        build,
        secrets: [{ name: "TEAM", host: HOST, value: "demo:c4nary-password" }],
      });
      mkdirSync(at.path("etc"));
      for (const file of ["passwd", "group", "hosts", "nsswitch.conf", "ssl"]) {
        if (existsSync(`/etc/${file}`)) cpSync(`/etc/${file}`, at.path("etc", file), { recursive: true });
      }
      mkdirSync(at.path("shm"));
      chmodSync(at.path("shm"), 0o1777);
      delete at.env.XDG_RUNTIME_DIR;
      delete at.env.DOCKER_CREDENTIAL_ONA_TOKEN;
      Object.assign(at.env, { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", BED: at.root });
    });

    const run = (args: string[], env: Variables = {}, stdin = HOST): Running =>
      at.run(args, { env, cwd: "/", stdin, launcher: ["unshare", "-m", "sh", "-c", MOUNTS, "sh"] });

    const expectAnswer = async (env: Variables = {}): Promise<void> =>
      expect(told(await run(["get"], env))).toEqual({
        stdout: answer("c4nary-password"),
        stderr: "",
        end: 0,
      });

    const bearers = (): string[] => [...new Set(at.platform.journal.entries.map((request) => request.token))];

    describe("the environment's own token", () => {
      beforeEach(() => {
        at.write("gitpod/config/initial-spec.json", { other: 1, environmentToken: "env-token" });
      });

      it("is read from initial-spec.json", async () => {
        await expectAnswer();
        expect(bearers()).toEqual(["environment"]);
      });

      it("comes before the personal variables", async () => {
        await expectAnswer({ ONA_TOKEN: "user-token", GITPOD_API_KEY: "user-token" });
        expect(bearers()).toEqual(["environment"]);
      });

      it("comes after our own variable and after the config", async () => {
        await at.platform.apply({
          do: "addToken",
          token: { label: "named", token: "named-token", principal: "environment" },
        });
        await expectAnswer({
          DOCKER_CREDENTIAL_ONA_TOKEN: "named-token",
          DOCKER_CREDENTIAL_ONA_NO_CACHE: "1",
        });
        at.write("token.txt", "named-token\n");
        at.write("etc/docker-credential-ona/config.json", { token: { file: at.path("token.txt") } });
        await expectAnswer({ DOCKER_CREDENTIAL_ONA_NO_CACHE: "1" });
        expect(bearers()).toEqual(["named"]);
      });

      it("without the key it is no token, and the next source is used", async () => {
        at.write("gitpod/config/initial-spec.json", { workspace: "x" });
        await expectAnswer({ ONA_TOKEN: "env-token" });
      });

      it("a broken file is no token, and its text is not shown", async () => {
        at.write("gitpod/config/initial-spec.json", '{"environmentToken": "c4nary-broken');
        at.giveToUs([HOST]);
        const { stdout, stderr, code } = await run(["get"]);
        expect(stdout).toMatch(/^registry\.example\.test: [ -~]+ \[[a-z-]+\]\n$/);
        expect(stderr).toBe(stdout);
        expect(stdout).not.toContain("c4nary");
        expect(code).toBe(1);
      });
    });

    it("/usr/local/gitpod alone is a sign of the platform: a failure where Docker's config names us, else NF", async () => {
      mkdirSync(join(at.root, "gitpod"));
      at.giveToUs([HOST]);
      const bare = { ONA_BASE_URL: "", ONA_ENVIRONMENT_ID: "" };
      const named = await run(["get"], bare);
      expect(named.stdout).toMatch(/^registry\.example\.test: [ -~]+ \[no-token\]\n$/);
      const other = await run(["get"], bare, "other.example.test");
      expect(other.stdout).toBe(NOT_FOUND);
      expect(other.stderr).toBe("");
    });

    describe("/etc/docker-credential-ona/config.json", () => {
      const none = { registries: { [HOST]: { source: "none" } } };

      it("is used where the user has none", async () => {
        at.write("etc/docker-credential-ona/config.json", none, 0o644);
        const { stdout } = await run(["get"], { DOCKER_CREDENTIAL_ONA_TOKEN: "env-token" });
        expect(stdout).toBe(NOT_FOUND);
        expect(at.platform.journal.count()).toBe(0);
      });

      it("is not used beside the user's, nor beside a named one", async () => {
        at.write("etc/docker-credential-ona/config.json", none, 0o644);
        at.write("named.json", "{}");
        const token = { DOCKER_CREDENTIAL_ONA_TOKEN: "env-token", DOCKER_CREDENTIAL_ONA_NO_CACHE: "1" };
        await expectAnswer({ ...token, DOCKER_CREDENTIAL_ONA_CONFIG: join(at.root, "named.json") });
        at.configure({});
        await expectAnswer(token);
      });
    });

    describe("the cache", () => {
      const token = { DOCKER_CREDENTIAL_ONA_TOKEN: "env-token" };
      const shm = (): string => join(at.root, `shm/docker-credential-ona-${process.getuid?.()}`);

      it("without XDG_RUNTIME_DIR lies in /dev/shm, for this user only", async () => {
        await expectAnswer(token);
        expect(statSync(shm()).mode & 0o777).toBe(0o700);
        expect(readdirSync(shm()).length).toBeGreaterThan(0);
        expect(existsSync(join(at.home, ".cache"))).toBe(false);
        await expectAnswer(token);
        expect(at.platform.journal.methods()).toEqual(["GetEnvironment", "GetSecretValue"]);
      });

      it.each([
        ["has group bits", (): void => mkdirSync(shm(), { mode: 0o750 })],
        ["is a file", (): void => writeFileSync(shm(), "")],
        [
          "belongs to somebody else",
          (): void => {
            mkdirSync(shm(), { mode: 0o700 });
            chownSync(shm(), 12345, 12345);
          },
        ],
      ])("a directory there that %s gives way to ~/.cache", async (_, make) => {
        make();
        await expectAnswer(token);
        expect(readdirSync(join(at.home, ".cache/docker-credential-ona")).length).toBeGreaterThan(0);
        if (statSync(shm()).isDirectory()) expect(readdirSync(shm())).toEqual([]);
      });

      it("an unsafe one in XDG_RUNTIME_DIR gives way to /dev/shm", async () => {
        mkdirSync(join(at.root, "run/docker-credential-ona"), { mode: 0o755 });
        await expectAnswer({ ...token, XDG_RUNTIME_DIR: join(at.root, "run") });
        expect(readdirSync(join(at.root, "run/docker-credential-ona"))).toEqual([]);
        expect(readdirSync(shm()).length).toBeGreaterThan(0);
      });
    });

    it("a home of somebody else is ignored, and the XDG variables with it", async () => {
      at.configure({ registries: { [HOST]: { source: "none" } } });
      chownSync(at.home, 12345, 12345);
      const passwd = `root:x:0:0::${join(at.root, "roots-home")}:/bin/sh\n`;
      at.write("etc/passwd", passwd, 0o644);
      mkdirSync(join(at.root, "roots-home"), { mode: 0o700 });
      await expectAnswer({
        DOCKER_CREDENTIAL_ONA_TOKEN: "env-token",
        XDG_CONFIG_HOME: join(at.home, ".config"),
        XDG_STATE_HOME: join(at.home, "state"),
        XDG_RUNTIME_DIR: join(at.home, "runtime"),
      });
      const login = JSON.stringify({ ServerURL: "local.example.test", Username: "me", Secret: "mine" });
      const stored = await run(["store"], { XDG_STATE_HOME: join(at.home, "state") }, login);
      expect(told(stored)).toMatchObject({ stdout: "", end: 0 });
      expect(readdirSync(at.home).sort()).toEqual([".config"]);
      expect(existsSync(join(at.root, "roots-home/.local/state/docker-credential-ona"))).toBe(true);
    });

    it("an empty environment finds its home in the user database", async () => {
      at.write("etc/passwd", `root:x:0:0::${at.home}:/bin/sh\n`, 0o644);
      const env = { HOME: "", ONA_BASE_URL: "", ONA_ENVIRONMENT_ID: "" };
      const login = JSON.stringify({ ServerURL: HOST, Username: "demo", Secret: "mine" });
      await run(["store"], env, login);
      const { stdout } = await run(["get"], env);
      expect(stdout).toBe(answer("mine"));
      expect(existsSync(join(at.home, ".local/state/docker-credential-ona"))).toBe(true);
    });
  });
}
