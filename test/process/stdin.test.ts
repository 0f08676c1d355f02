// Stdin as Docker and shells give it: a real pipe, a file, nothing at all. (A test's own children get a socket, which the
// program reads in another way.) Whether the answer is warm or not, it is the same.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildsUnderTest, type HelperRun, runHelper } from "../support/run-helper.ts";
import { type HerdScene, HOST, herdScene } from "./herd-scene.ts";

const TEAM = { name: "TEAM", host: HOST, value: "demo:password" };
const RIGHT = `0 {"ServerURL":"${HOST}","Username":"demo","Secret":"password"}`;
const NO_URL = "1 no credentials server URL";
const TOO_LONG = "1 docker-credential-ona: the server URL is longer than 64 KiB";
const NF = "1 credentials not found in native keychain";

/** `script` is a shell's; `"$@"` in it is the helper, `$dir` a directory of the test. */
function byShell(scene: HerdScene, script: string, env: Record<string, string> = {}): Promise<HelperRun> {
  return runHelper(scene.build, ["get"], {
    env: { ...scene.env, ...env },
    cwd: scene.bed.cwd,
    launcher: ["/bin/sh", "-c", `dir=${scene.bed.root}/in; ${script}`, "sh"],
    timeoutMs: 60_000,
  });
}

const said = ({ code, stdout, stderr }: HelperRun): string => `${code} ${stdout}${stderr}`.trimEnd();

const ways: [string, string, string][] = [
  ["a pipe", `printf %s ${HOST} | "$@"`, RIGHT],
  ["a pipe with a line end", `echo ${HOST} | "$@"`, RIGHT],
  ["a writer that comes late", `(sleep 0.3; printf %s ${HOST}) | "$@"`, RIGHT],
  ["a writer that stops in the middle", `(printf registry.exam; sleep 0.4; printf ple.test) | "$@"`, RIGHT],
  ["a writer that closes late", `(printf %s ${HOST}; sleep 0.4) | "$@"`, RIGHT],
  [
    "a writer of single letters",
    `(for c in r e g i s t r y . e x a m p l e . t e s t; do printf $c; done) | "$@"`,
    RIGHT,
  ],
  ["two writers", `(printf registry. & wait; printf example.test) | "$@"`, RIGHT],
  ["a named pipe", `mkfifo $dir/p; (sleep 0.2; printf %s ${HOST} > $dir/p) & "$@" < $dir/p`, RIGHT],
  ["a file", '"$@" < $dir/host', RIGHT],
  ["a file that is open for writing too", '"$@" <> $dir/host', RIGHT],
  ["a file from its middle", `(read -r first; "$@") < $dir/two-lines`, RIGHT],
  ["a here-document", `"$@" <<END\n${HOST}\nEND`, RIGHT],
  ["an empty pipe", ': | "$@"', NO_URL],
  ["an empty file", '"$@" < $dir/empty', NO_URL],
  ["the null device", '"$@" < /dev/null', NO_URL],
  ["no stdin at all", '"$@" <&-', NO_URL],
  ["blanks", `printf ' \\n\\t' | "$@"`, NO_URL],
  [
    "two lines",
    `printf 'a.example.test\\nb.example.test\\n' | "$@"`,
    "1 docker-credential-ona: the server URL contains a control character",
  ],
  ["64 KiB and one", 'head -c 65537 /dev/zero | tr "\\0" a | "$@"', TOO_LONG],
  ["300 KiB", 'head -c 307200 /dev/zero | tr "\\0" a | "$@"', TOO_LONG],
  ["3 MiB", 'head -c 3145728 /dev/zero | tr "\\0" a | "$@"', TOO_LONG],
  ["a file of 3 MiB", '"$@" < $dir/large', TOO_LONG],
  ["no registry", `printf 'http://${HOST}' | "$@"`, NF],
];

for (const build of buildsUnderTest()) {
  describe(build.name, () => {
    it("says the same whatever stdin is, cold and warm", async () => {
      const scene = await herdScene(build, { secrets: [TEAM] });
      const dir = join(scene.bed.root, "in");
      mkdirSync(dir);
      writeFileSync(join(dir, "host"), HOST);
      writeFileSync(join(dir, "two-lines"), `first\n${HOST}\n`);
      writeFileSync(join(dir, "empty"), "");
      writeFileSync(join(dir, "large"), "a".repeat(3 * 1024 * 1024));
      for (const cold of ["1", ""]) {
        const env = { DOCKER_CREDENTIAL_ONA_NO_CACHE: cold };
        if (cold === "") await scene.run();
        for (const [what, script, expected] of ways) {
          const run = await byShell(
            scene,
            script.replace("mkfifo $dir/p", "rm -f $dir/p; mkfifo $dir/p"),
            env,
          );
          expect(said(run), `${cold === "" ? "warm" : "cold"}: ${what}`).toBe(expected);
        }
      }
    });

    it("a directory, and a stdin that cannot be read: one line, exit 1", async () => {
      const scene = await herdScene(build, { secrets: [TEAM] });
      for (const script of ['"$@" < /', `"$@" 0> ${scene.bed.root}/written`]) {
        const run = await byShell(scene, script);
        expect(said(run)).toMatch(/^1 [ -~]+$/);
        expect(run.stderr.toString()).toBe("");
      }
    });

    it("a pipe that is never closed: the line comes at the deadline", async () => {
      const scene = await herdScene(build, { secrets: [TEAM] });
      const script = `(printf %s ${HOST}; exec sleep 4) | { "$@"; echo "ended $?" >&2; }`;
      const run = await byShell(scene, script, { DOCKER_CREDENTIAL_ONA_DEADLINE_MS: "500" });
      expect(run.stdout.toString()).toMatch(/^[ -~]+ \[deadline\]\n$/);
      expect(run.stderr.toString()).toBe("ended 1\n");
    });

    it("leaves the pipe of others as it was: a reader after it waits as before", async () => {
      const scene = await herdScene(build, { secrets: [TEAM] });
      await scene.run();
      // The helper reads its line's end; what comes later is for the next program, which has to wait for it.
      const script = `(printf %s ${HOST}; sleep 2.5; echo late) | { "$@" > /dev/null; cat; }`;
      const run = await byShell(scene, script, { DOCKER_CREDENTIAL_ONA_DEADLINE_MS: "300" });
      expect(run.stderr.toString()).toBe("");
      expect(run.stdout.toString()).toBe("late\n");
    });
  });
}
