// `export`, `exec` and `kubelet` as processes: files and their modes, exit codes, signals, terminals, what is left behind.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { buildsUnderTest } from "../support/builds.ts";
import type { Machine, MachineRun } from "../support/machine.ts";
import { machineForTest } from "../support/machine-for-test.ts";
import type { Running } from "../support/run.ts";

const HOST = "registry.example.test";
const SECRET = "c4nary-password";
const PYTHON = "/usr/bin/python3";
const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

for (const build of buildsUnderTest().filter(({ name }) => name !== "bundle")) {
  describe(build.name, () => {
    let at: Machine;

    beforeEach(async () => {
      at = await machineForTest({
        build,
        secrets: [
          { name: "TEAM", host: HOST, value: `demo:${SECRET}` },
          { name: "HUB", host: "docker.io", value: "hub:hubpass" },
        ],
      });
    });

    const run = (args: readonly string[], more?: MachineRun): Running => at.run(args, more);
    const execDir = (): string => join(at.runtime, "docker-credential-ona-exec");

    describe("export", () => {
      it.each(["000", "022", "777"])(
        "is private under umask %s, in the caller's directory",
        async (umask) => {
          const launcher = ["/bin/sh", "-c", `umask ${umask}; exec "$@"`, "sh"];
          const file = await run(["export", "--format", "docker-config", "--output", "a/b/auth.json"], {
            launcher,
          });
          expect(file, file.stderr).toMatchObject({ code: 0, stderr: "" });
          const path = join(at.cwd, "a", "b", "auth.json");
          expect([mode(path), mode(join(at.cwd, "a", "b")), mode(join(at.cwd, "a"))]).toEqual([
            "600",
            "700",
            "700",
          ]);
          const tree = await run(["export", "--format", "containerd", "--output", "certs.d"], { launcher });
          expect(tree.code).toBe(0);
          const hosts = join(at.cwd, "certs.d", HOST);
          expect([mode(join(hosts, "hosts.toml")), mode(hosts)]).toEqual(["600", "700"]);
          expect(readdirSync(join(at.cwd, "certs.d")).toSorted()).toEqual(["docker.io", HOST]);
          expect(file.stdout + file.stderr + tree.stdout + tree.stderr).not.toContain(SECRET);
        },
      );

      it("writes to stdout, and nothing else there", async () => {
        const { code, stdout } = await run(["export", "--format", "docker-config", "--output", "-"]);
        const { auths } = JSON.parse(stdout);
        expect([code, Object.keys(auths)]).toEqual([0, ["https://index.docker.io/v1/", "docker.io", HOST]]);
        const manifest = await run([
          "export",
          "--format",
          "kubernetes",
          "--output",
          "-",
          "--name",
          "x",
          "--namespace",
          "n",
        ]);
        expect(manifest.stdout).toMatch(/^kind: Secret\nmetadata:\n {2}name: x\n {2}namespace: "?n"?\n/m);
        expect(readdirSync(at.cwd)).toEqual([]);
      });

      it("--registry writes that one; one that nobody has is an error, and the other is written", async () => {
        const args = ["export", "--format", "docker-config", "--output", "-", "--registry", HOST];
        expect(Object.keys(JSON.parse((await run(args)).stdout).auths)).toEqual([HOST]);
        const both = await run([...args, "--registry", "nobody.example.test"]);
        expect(both.code).toBe(1);
        expect(both.stderr).toMatch(/^nobody\.example\.test: .*\[secret-missing\]\n$/);
        expect(Object.keys(JSON.parse(both.stdout).auths)).toEqual([HOST]);
      });

      it("a second run changes nothing, a rotated secret is replaced, a deleted one removed", async () => {
        const args = ["export", "--format", "containerd", "--output", "certs.d"];
        await run(args);
        const file = join(at.cwd, "certs.d", HOST, "hosts.toml");
        const before = [readFileSync(file, "utf8"), statSync(file).ino];
        expect(await run(args)).toMatchObject({ code: 0, stdout: "" });
        expect([readFileSync(file, "utf8"), statSync(file).ino]).toEqual(before);
        await at.platform.apply({ do: "deleteSecret", secret: "TEAM" });
        at.env.DOCKER_CREDENTIAL_ONA_NO_CACHE = "1";
        await run(args);
        expect([existsSync(file), existsSync(join(file, ".."))]).toEqual([false, false]);
      });

      it.each([
        ["docker-config", "auth.json", '{"auths":{"x":{"auth":"YTpi"}}}'],
        ["kubernetes", "secret.yaml", "kind: Secret\n"],
        ["containerd", `certs.d/${HOST}/hosts.toml`, 'server = "https://mirror"\n'],
      ])("%s: a file that is not ours is refused and kept", async (format, file, text) => {
        const path = join(at.cwd, file);
        mkdirSync(join(path, ".."), { recursive: true });
        writeFileSync(path, text);
        const output = format === "containerd" ? "certs.d" : file;
        const { code, stderr } = await run([
          "export",
          "--format",
          format,
          "--output",
          output,
          "--registry",
          HOST,
        ]);
        expect([code, readFileSync(path, "utf8")]).toEqual([1, text]);
        expect(stderr).toMatch(/not written by export.*\[output-foreign\]/);
        if (format === "containerd") expect(stderr).toContain(`[host."https://${HOST}".header]`);
        expect(stderr).not.toContain(SECRET);
      });

      it("a link of ours is followed, a directory is no file", async () => {
        writeFileSync(join(at.cwd, "real.json"), "");
        symlinkSync("real.json", join(at.cwd, "link.json"));
        const args = ["export", "--format", "docker-config", "--output"];
        expect((await run([...args, "link.json"])).code).toBe(0);
        expect(readFileSync(join(at.cwd, "real.json"), "utf8")).toContain(HOST);
        expect((await run([...args, "."])).stderr).toMatch(/\[output-failed\]/);
      });

      it.each([
        [["--output", "x"], /--format/],
        [["--format", "toml", "--output", "x"], /must be one of/],
        [["--format", "containerd"], /--output/],
        [["--format", "containerd", "--output", "x", "--registry", "http://a"], /--registry needs a host/],
        [["--format", "docker-config", "--output", "x", "--name", "n"], /go with --format kubernetes/],
        [["--format", "kubernetes", "--output", "x", "--name", "A_B"], /--name/],
        [["--format", "kubernetes", "--output", "x", "--namespace", "a.b"], /--namespace/],
      ])("wrong usage: %j", async (args, message) => {
        const { code, stderr } = await run(["export", ...args]);
        expect([code, message.test(stderr)]).toEqual([2, true]);
      });

      it.each(["SIGTERM", "SIGINT"] as const)("--watch ends with 0 at %s", async (signal) => {
        const file = join(at.cwd, "auth.json");
        const child = run(["export", "--format", "docker-config", "--output", file, "--watch"]);
        await expect.poll(() => existsSync(file), { timeout: 20_000 }).toBe(true);
        child.kill("SIGHUP");
        child.kill(signal);
        expect((await child).code).toBe(0);
      });
    });

    describe("exec", () => {
      it.each([
        ["true", ["true"], 0],
        ["its own code", ["sh", "-c", "exit 7"], 7],
        ["SIGTERM", ["sh", "-c", "kill -TERM $$"], 143],
        ["SIGKILL", ["sh", "-c", "kill -KILL $$"], 137],
        ["no such command", ["no-such-command-here"], 127],
        ["no such file", ["/no/such/file"], 127],
        ["a file that cannot be executed", ["/etc/passwd"], 126],
        ["a directory", ["/etc"], 126],
      ])("ends as the command does: %s", async (_, command, code) => {
        const result = await run(["exec", "--", ...command]);
        expect(result.code, result.stderr).toBe(code);
        expect(readdirSync(execDir())).toEqual([]);
      });

      it("passes directory, stdin, arguments and environment on, and hands out the files", async () => {
        mkdirSync(join(at.home, ".docker", "contexts"), { recursive: true });
        const own = {
          currentContext: "mine",
          credsStore: "none-such",
          credHelpers: { [HOST]: "ona", "o.test": "other" },
        };
        writeFileSync(join(at.home, ".docker", "config.json"), JSON.stringify(own));
        const script = `pwd; cat; printf '%s\\n' "$1"; stat -c %a "$DOCKER_CONFIG" "$DOCKER_CONFIG/config.json" "$REGISTRY_AUTH_FILE"
          readlink "$DOCKER_CONFIG/contexts"; echo "$DOCKER_AUTH_CONFIG"; cat "$DOCKER_CONFIG/config.json"`;
        const { code, stdout } = await run(["exec", "--", "sh", "-c", script, "sh", "--flag"], {
          stdin: "in\n",
        });
        const lines = stdout.split("\n");
        expect([code, lines.slice(0, 6)]).toEqual([0, [at.cwd, "in", "--flag", "700", "600", "600"]]);
        expect(lines[6]).toBe(join(at.home, ".docker", "contexts"));
        expect(Object.keys(JSON.parse(lines[7] ?? "").auths)).toContain(HOST);
        const config = JSON.parse(lines.slice(8).join("\n"));
        expect(config).toMatchObject({ currentContext: "mine", credHelpers: { "o.test": "other" } });
        expect([config.credsStore, config.credHelpers[HOST]]).toEqual([undefined, undefined]);
      });

      it("a signal goes on to the command, whose end counts", async () => {
        const mark = join(at.cwd, "ready");
        const script = `trap 'exit 5' TERM; trap 'exit 6' HUP; touch ${mark}; while :; do sleep 0.05; done`;
        for (const [signal, code] of [
          ["SIGTERM", 5],
          ["SIGHUP", 6],
        ] as const) {
          rmSync(mark, { force: true });
          const child = run(["exec", "--", "sh", "-c", script]);
          await expect.poll(() => existsSync(mark), { timeout: 20_000 }).toBe(true);
          child.kill(signal);
          expect((await child).code).toBe(code);
        }
        expect(readdirSync(execDir())).toEqual([]);
      });

      it("what a killed one left, the next removes; that of a living one stays", async () => {
        // It keeps no pipe of ours open when it is left alone.
        const sleeping = ["exec", "--", "sh", "-c", "exec sleep 20 >/dev/null 2>&1"];
        const living = run(sleeping);
        const killed = run(sleeping);
        await expect
          .poll(() => existsSync(execDir()) && readdirSync(execDir()).length, { timeout: 20_000 })
          .toBe(2);
        killed.kill("SIGKILL");
        await killed;
        expect(readdirSync(execDir()).length).toBe(2);
        expect((await run(["exec", "--", "true"])).code).toBe(0);
        expect(readdirSync(execDir()).map((name) => name.split("-")[0])).toEqual([String(living.pid)]);
        living.kill("SIGTERM");
        expect((await living).code).toBe(143);
      });

      it.skipIf(!existsSync(PYTHON))(
        "on a terminal: one interrupt for one key, stopped and continued with the shell",
        async () => {
          const script = join(at.cwd, "terminal.py");
          writeFileSync(script, TERMINAL);
          const inner =
            "trap 'echo interrupted' INT; echo ready; for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.3; done; test -t 0 && echo terminal";
          const launcher = [PYTHON, script];
          const { stdout } = await run(["exec", "--", "sh", "-c", inner], { launcher });
          expect(stdout.match(/interrupted/g)?.length).toBe(1);
          expect(stdout).toContain("terminal");
          expect(stdout.match(/stopped/g)?.length).toBe(1);
        },
      );
    });

    describe("kubelet", () => {
      const ask = (image: string, more = {}) =>
        run(["kubelet"], {
          stdin: JSON.stringify({
            apiVersion: "credentialprovider.kubelet.k8s.io/v1",
            kind: "CredentialProviderRequest",
            image,
            ...more,
          }),
        });

      it.each([
        [`${HOST}/team/app`, HOST, "demo"],
        [`${HOST}:443/team/app`, `${HOST}:443`, "demo"],
        ["docker.io/library/nginx", "docker.io", "hub"],
      ])("%s", async (image, pattern, username) => {
        const { code, stdout, stderr } = await ask(image);
        expect([code, stderr]).toEqual([0, ""]);
        expect(JSON.parse(stdout)).toMatchObject({
          apiVersion: "credentialprovider.kubelet.k8s.io/v1",
          kind: "CredentialProviderResponse",
          cacheKeyType: "Registry",
          cacheDuration: "30s",
          auth: { [pattern]: { username } },
        });
      });

      it("an image of nobody's gets an empty auth", async () => {
        const { code, stdout } = await ask("ghcr.io/a/b");
        expect([code, JSON.parse(stdout).auth]).toEqual([0, {}]);
      });

      it("a failure is told on stderr, and nothing on stdout", async () => {
        await at.platform.apply({ do: "setValue", secret: "TEAM", value: "no colon" });
        const { code, stdout, stderr } = await ask(`${HOST}/a`);
        expect([code, stdout]).toEqual([1, ""]);
        expect(stderr).toMatch(/^registry\.example\.test: .*\[value-invalid\]\n$/);
      });

      it("what is not for it is named", async () => {
        const server = await run(["kubelet"], { stdin: HOST });
        expect([server.code, server.stdout]).toEqual([1, ""]);
        expect(server.stderr).toContain("docker-credential-ona get");
        const request = JSON.stringify(
          { apiVersion: "credentialprovider.kubelet.k8s.io/v1", image: "x" },
          undefined,
          2,
        );
        const get = await run(["get"], { stdin: request });
        expect([get.code, get.stdout.includes("docker-credential-ona kubelet")]).toEqual([1, true]);
        expect((await ask("x", { kind: "Other" })).stderr).toContain('kind is "Other"');
      });
    });
  });
}

/**
 * Runs its arguments on a terminal of their own below a small shell, presses ^C once and ^Z once, and prints what was said.
 * The shell says when its job was stopped, and continues it.
 */
const TERMINAL = `
import os, pty, select, signal, sys, time

def shell():
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = os.fork()
    if job == 0:
        # Whoever runs the tests in the background ignores them.
        for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
            signal.signal(sign, signal.SIG_DFL)
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpgid(0))
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execv(sys.argv[1], sys.argv[1:])
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            os._exit(0)
        os.write(1, b"stopped")
        os.killpg(job, signal.SIGCONT)

pid, fd = pty.fork()
if pid == 0:
    shell()
said = b""
keys = [(b"ready", b"\\x03"), (b"interrupted", b"\\x1a")]
end = time.time() + 20
while time.time() < end:
    if select.select([fd], [], [], 0.1)[0]:
        try:
            data = os.read(fd, 4096)
        except OSError:
            break
        said += data
    if keys and keys[0][0] in said:
        os.write(fd, keys.pop(0)[1])
sys.stdout.buffer.write(said)
`;
