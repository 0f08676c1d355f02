// Stdin as Docker and shells give it: a real pipe, a file, nothing at all. (A test's own children get a socket, which the
// program reads in another way.) Whether the answer is warm or not, it is the same.

import { describe, expect, it } from "vitest";
import { buildsUnderTest } from "../support/builds.ts";
import type { Machine, Variables } from "../support/machine.ts";
import { machineForTest } from "../support/machine-for-test.ts";
import type { Run, Running } from "../support/run.ts";

const HOST = "registry.example.test";
const TEAM = { name: "TEAM", host: HOST, value: "demo:password" };
const RIGHT = `0 {"ServerURL":"${HOST}","Username":"demo","Secret":"password"}`;
const NO_URL = "1 no credentials server URL";
const TOO_LONG = "1 docker-credential-ona: the server URL is longer than 64 KiB";
const NF = "1 credentials not found in native keychain";

/** `script` is a shell's; `"$@"` in it is the helper, `$dir` a directory of the test. */
function byShell(at: Machine, script: string, env: Variables = {}): Running {
  const launcher = ["/bin/sh", "-c", `dir=${at.root}/in; ${script}`, "sh"];
  return at.run(["get"], { env, launcher, timeoutMs: 60_000 });
}

const said = ({ code, stdout, stderr }: Run): string => `${code} ${stdout}${stderr}`.trimEnd();

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
      const at = await machineForTest({ build, secrets: [TEAM] });
      at.write("in/host", HOST);
      at.write("in/two-lines", `first\n${HOST}\n`);
      at.write("in/empty", "");
      at.write("in/large", "a".repeat(3 * 1024 * 1024));
      for (const cold of ["1", ""]) {
        const env = { DOCKER_CREDENTIAL_ONA_NO_CACHE: cold };
        if (cold === "") await at.get(HOST);
        for (const [what, script, expected] of ways) {
          const run = await byShell(at, script.replace("mkfifo $dir/p", "rm -f $dir/p; mkfifo $dir/p"), env);
          expect(said(run), `${cold === "" ? "warm" : "cold"}: ${what}`).toBe(expected);
        }
      }
    });

    it("a directory, and a stdin that cannot be read: one line, exit 1", async () => {
      const at = await machineForTest({ build, secrets: [TEAM] });
      for (const script of ['"$@" < /', `"$@" 0> ${at.root}/written`]) {
        const run = await byShell(at, script);
        expect(said(run)).toMatch(/^1 [ -~]+$/);
        expect(run.stderr).toBe("");
      }
    });

    it("a pipe that is never closed: the line comes at the deadline", async () => {
      const at = await machineForTest({ build, secrets: [TEAM] });
      const script = `(printf %s ${HOST}; exec sleep 4) | { "$@"; echo "ended $?" >&2; }`;
      const run = await byShell(at, script, { DOCKER_CREDENTIAL_ONA_DEADLINE_MS: "500" });
      expect(run.stdout).toMatch(/^[ -~]+ \[deadline\]\n$/);
      expect(run.stderr).toBe("ended 1\n");
    });

    it("leaves the pipe of others as it was: a reader after it waits as before", async () => {
      const at = await machineForTest({ build, secrets: [TEAM] });
      await at.get(HOST);
      // The helper reads its line's end; what comes later is for the next program, which has to wait for it.
      const script = `(printf %s ${HOST}; sleep 2.5; echo late) | { "$@" > /dev/null; cat; }`;
      const run = await byShell(at, script, { DOCKER_CREDENTIAL_ONA_DEADLINE_MS: "300" });
      expect(run.stderr).toBe("");
      expect(run.stdout).toBe("late\n");
    });
  });
}
