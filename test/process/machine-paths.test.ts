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
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ids } from "../stand-ins/platform/ids.ts";
import { type Platform, startPlatform } from "../stand-ins/platform/stand-in.ts";
import { type Bed, buildsUnderTest, type HelperRun, makeBed, runHelper } from "../support/run-helper.ts";
import { hasNamespaces } from "./namespaces.ts";

const HOST = "registry.example.test";
const answer = (secret: string): string =>
  `${JSON.stringify({ ServerURL: HOST, Username: "demo", Secret: secret })}\n`;
const NOT_FOUND = "credentials not found in native keychain\n";

/** Binds what the test prepared over the machine's places, inside the namespace, then becomes the helper. */
const MOUNTS = `
mount --make-rprivate / &&
mount -t tmpfs none /usr/local &&
if [ -d "$BED/gitpod" ]; then mkdir /usr/local/gitpod && mount --bind "$BED/gitpod" /usr/local/gitpod; fi &&
mount --bind "$BED/etc" /etc && mount --bind "$BED/shm" /dev/shm && exec "$@"`;

for (const build of buildsUnderTest()) {
  describe.skipIf(!hasNamespaces)(build.name, () => {
    let bed: Bed;
    let platform: Platform;

    beforeEach(async () => {
      bed = makeBed();
      mkdirSync(join(bed.root, "etc"));
      for (const file of ["passwd", "group", "hosts", "nsswitch.conf", "ssl"]) {
        if (existsSync(`/etc/${file}`))
          cpSync(`/etc/${file}`, join(bed.root, "etc", file), { recursive: true });
      }
      mkdirSync(join(bed.root, "shm"));
      chmodSync(join(bed.root, "shm"), 0o1777);
      platform = await startPlatform({
        seed: { secrets: [{ name: "TEAM", host: HOST, value: "demo:c4nary-password" }] },
      });
    });

    afterEach(async () => {
      await platform.close();
      bed.remove();
    });

    const run = (args: string[], env: Record<string, string> = {}, stdin = HOST): Promise<HelperRun> =>
      runHelper(build, args, {
        env: {
          HOME: bed.home,
          PATH: "/usr/bin:/bin:/usr/sbin:/sbin",
          BED: bed.root,
          ONA_BASE_URL: platform.baseUrl,
          ONA_ENVIRONMENT_ID: ids.environment,
          ...env,
        },
        cwd: "/",
        stdin,
        launcher: ["unshare", "-m", "sh", "-c", MOUNTS, "sh"],
      });

    const expectAnswer = async (env: Record<string, string> = {}): Promise<void> => {
      const { stdout, stderr, code } = await run(["get"], env);
      const told = { stdout: stdout.toString(), stderr: stderr.toString(), code };
      expect(told).toEqual({ stdout: answer("c4nary-password"), stderr: "", code: 0 });
    };

    const write = (path: string, text: string, mode = 0o600): void => {
      const whole = join(bed.root, path);
      mkdirSync(join(whole, ".."), { recursive: true });
      writeFileSync(whole, text);
      chmodSync(whole, mode);
    };

    const bearers = (): string[] => [...new Set(platform.journal.entries.map((request) => request.token))];

    describe("the environment's own token", () => {
      beforeEach(() => {
        write("gitpod/config/initial-spec.json", JSON.stringify({ other: 1, environmentToken: "env-token" }));
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
        await platform.apply({
          do: "addToken",
          token: { label: "named", token: "named-token", principal: "environment" },
        });
        await expectAnswer({
          DOCKER_CREDENTIAL_ONA_TOKEN: "named-token",
          DOCKER_CREDENTIAL_ONA_NO_CACHE: "1",
        });
        write("token.txt", "named-token\n");
        write(
          "etc/docker-credential-ona/config.json",
          JSON.stringify({ token: { file: join(bed.root, "token.txt") } }),
        );
        await expectAnswer({ DOCKER_CREDENTIAL_ONA_NO_CACHE: "1" });
        expect(bearers()).toEqual(["named"]);
      });

      it("without the key it is no token, and the next source is used", async () => {
        write("gitpod/config/initial-spec.json", JSON.stringify({ workspace: "x" }));
        await expectAnswer({ ONA_TOKEN: "env-token" });
      });

      it("a broken file is no token, and its text is not shown", async () => {
        write("gitpod/config/initial-spec.json", '{"environmentToken": "c4nary-broken');
        write("home/.docker/config.json", JSON.stringify({ credHelpers: { [HOST]: "ona" } }));
        const { stdout, stderr, code } = await run(["get"]);
        expect(stdout.toString()).toMatch(/^registry\.example\.test: [ -~]+ \[[a-z-]+\]\n$/);
        expect(stderr.toString()).toBe(stdout.toString());
        expect(stdout.toString()).not.toContain("c4nary");
        expect(code).toBe(1);
      });
    });

    it("/usr/local/gitpod alone is a sign of the platform: a failure where Docker's config names us, else NF", async () => {
      mkdirSync(join(bed.root, "gitpod"));
      write("home/.docker/config.json", JSON.stringify({ credHelpers: { [HOST]: "ona" } }));
      const bare = { ONA_BASE_URL: "", ONA_ENVIRONMENT_ID: "" };
      const named = await run(["get"], bare);
      expect(named.stdout.toString()).toMatch(/^registry\.example\.test: [ -~]+ \[no-token\]\n$/);
      const other = await run(["get"], bare, "other.example.test");
      expect(other.stdout.toString()).toBe(NOT_FOUND);
      expect(other.stderr.toString()).toBe("");
    });

    describe("/etc/docker-credential-ona/config.json", () => {
      const none = JSON.stringify({ registries: { [HOST]: { source: "none" } } });

      it("is used where the user has none", async () => {
        write("etc/docker-credential-ona/config.json", none, 0o644);
        const { stdout } = await run(["get"], { DOCKER_CREDENTIAL_ONA_TOKEN: "env-token" });
        expect(stdout.toString()).toBe(NOT_FOUND);
        expect(platform.journal.count()).toBe(0);
      });

      it("is not used beside the user's, nor beside a named one", async () => {
        write("etc/docker-credential-ona/config.json", none, 0o644);
        write("named.json", "{}");
        const token = { DOCKER_CREDENTIAL_ONA_TOKEN: "env-token", DOCKER_CREDENTIAL_ONA_NO_CACHE: "1" };
        await expectAnswer({ ...token, DOCKER_CREDENTIAL_ONA_CONFIG: join(bed.root, "named.json") });
        write("home/.config/docker-credential-ona/config.json", "{}");
        chmodSync(join(bed.home, ".config/docker-credential-ona"), 0o700);
        await expectAnswer(token);
      });
    });

    describe("the cache", () => {
      const token = { DOCKER_CREDENTIAL_ONA_TOKEN: "env-token" };
      const shm = (): string => join(bed.root, `shm/docker-credential-ona-${process.getuid?.()}`);

      it("without XDG_RUNTIME_DIR lies in /dev/shm, for this user only", async () => {
        await expectAnswer(token);
        expect(statSync(shm()).mode & 0o777).toBe(0o700);
        expect(readdirSync(shm()).length).toBeGreaterThan(0);
        expect(existsSync(join(bed.home, ".cache"))).toBe(false);
        await expectAnswer(token);
        expect(platform.journal.methods()).toEqual(["GetEnvironment", "GetSecretValue"]);
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
        expect(readdirSync(join(bed.home, ".cache/docker-credential-ona")).length).toBeGreaterThan(0);
        if (statSync(shm()).isDirectory()) expect(readdirSync(shm())).toEqual([]);
      });

      it("an unsafe one in XDG_RUNTIME_DIR gives way to /dev/shm", async () => {
        mkdirSync(join(bed.root, "run/docker-credential-ona"), { mode: 0o755 });
        await expectAnswer({ ...token, XDG_RUNTIME_DIR: join(bed.root, "run") });
        expect(readdirSync(join(bed.root, "run/docker-credential-ona"))).toEqual([]);
        expect(readdirSync(shm()).length).toBeGreaterThan(0);
      });
    });

    it("a home of somebody else is ignored, and the XDG variables with it", async () => {
      write(
        "home/.config/docker-credential-ona/config.json",
        '{"registries": {"registry.example.test": {"source": "none"}}}',
      );
      chownSync(bed.home, 12345, 12345);
      const passwd = `root:x:0:0::${join(bed.root, "roots-home")}:/bin/sh\n`;
      write("etc/passwd", passwd, 0o644);
      mkdirSync(join(bed.root, "roots-home"), { mode: 0o700 });
      await expectAnswer({
        DOCKER_CREDENTIAL_ONA_TOKEN: "env-token",
        XDG_CONFIG_HOME: join(bed.home, ".config"),
        XDG_STATE_HOME: join(bed.home, "state"),
        XDG_RUNTIME_DIR: join(bed.home, "runtime"),
      });
      const login = JSON.stringify({ ServerURL: "local.example.test", Username: "me", Secret: "mine" });
      const stored = await run(["store"], { XDG_STATE_HOME: join(bed.home, "state") }, login);
      expect({ stdout: stored.stdout.toString(), code: stored.code }).toEqual({ stdout: "", code: 0 });
      expect(readdirSync(bed.home).sort()).toEqual([".config"]);
      expect(existsSync(join(bed.root, "roots-home/.local/state/docker-credential-ona"))).toBe(true);
    });

    it("an empty environment finds its home in the user database", async () => {
      write("etc/passwd", `root:x:0:0::${bed.home}:/bin/sh\n`, 0o644);
      const env = { HOME: "", ONA_BASE_URL: "", ONA_ENVIRONMENT_ID: "" };
      const login = JSON.stringify({ ServerURL: HOST, Username: "demo", Secret: "mine" });
      await run(["store"], env, login);
      const { stdout } = await run(["get"], env);
      expect(stdout.toString()).toBe(answer("mine"));
      expect(existsSync(join(bed.home, ".local/state/docker-credential-ona"))).toBe(true);
    });
  });
}
