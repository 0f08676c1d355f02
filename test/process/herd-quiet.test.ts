// A warm answer seen from the kernel: it opens no socket, takes no lock, writes no file and starts no program.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { buildsUnderTest } from "../support/builds.ts";
import { inWords } from "../support/herd.ts";
import { machineForTest } from "../support/machine-for-test.ts";
import { mayTrace } from "../support/strace.ts";

const HOST = "registry.example.test";
const CALLS =
  "socket,connect,bind,listen,sendto,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,rmdir,execve,openat,open";
/** A call that reaches out or changes something; what is opened for reading does neither. */
const LOUD =
  /^\d+ +(?:(?:socket|connect|bind|listen|sendto|mkdir(?:at)?|rename(?:at2?)?|unlink(?:at)?|rmdir)\(|open(?:at)?\(.*O_(?:WRONLY|RDWR|CREAT|TRUNC))/;

/** How the name comes in: what a shell and Docker give, and what a program gives that is written for Node. */
const stdins = {
  "from a pipe": ["/bin/sh", "-c", `printf %s ${HOST} | "$@"`, "sh"],
  "from a socket": [],
};

for (const build of buildsUnderTest()) {
  describe.runIf(mayTrace("system calls of a warm get are not looked at"))(build.name, () => {
    const trace = async (
      shell: readonly string[],
      warm: boolean,
    ): Promise<{ loud: string[]; programs: number; answer: string }> => {
      const at = await machineForTest({
        build,
        secrets: [{ name: "TEAM", host: HOST, value: "demo:password" }],
      });
      if (warm) await at.get(HOST);
      const output = at.path("strace");
      const run = await at.run(["get"], {
        stdin: HOST,
        launcher: [...shell, "strace", "-f", "-qq", "-e", `trace=${CALLS}`, "-o", output],
      });
      const lines = readFileSync(output, "utf8").split("\n");
      // The runtimes open their own terminal, null device and control files of the kernel; what we change goes by an open
      // directory's name in /proc.
      const loud = lines.filter(
        (line) => LOUD.test(line) && !/"\/(?:dev|proc|sys)\/(?!shm|self\/fd\/[0-9]+\/)/.test(line),
      );
      return { loud, programs: lines.filter((line) => /\bexecve\(/.test(line)).length, answer: inWords(run) };
    };

    it.each(Object.entries(stdins))("a warm get %s is quiet", async (_, shell) => {
      expect(await trace(shell, true)).toEqual({ loud: [], programs: 1, answer: "demo:password" });
    });

    it("a cold one is not: the look is worth something", async () => {
      const { loud, answer } = await trace([], false);
      expect(answer).toBe("demo:password");
      for (const call of ["socket(", "connect(", "mkdir", "rename"]) {
        expect(
          loud.some((line) => line.includes(call)),
          call,
        ).toBe(true);
      }
    });
  });
}
