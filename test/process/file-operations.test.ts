// A cold answer seen from the file system: what is known is looked up once, and read again only where another process may
// have changed it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildsUnderTest } from "../support/builds.ts";
import { inWords } from "../support/herd.ts";
import { machineForTest } from "../support/machine-for-test.ts";
import { mayTrace } from "../support/strace.ts";

const HOST = "registry.example.test";
/** By the warm path, before a lease, under that of the answer, and under that of the list. */
const READS = 4;

/** Stdin is there in full, as with Docker: then the warm path looks first and hands over what it has read. */
const SHELL = ["/bin/sh", "-c", `printf %s ${HOST} | "$@"`, "sh"];

for (const build of buildsUnderTest()) {
  describe.runIf(mayTrace("file operations of a cold get are not counted"))(build.name, () => {
    it("a cold get looks up what it needs once", async () => {
      const at = await machineForTest({
        build,
        secrets: [{ name: "TEAM", host: HOST, value: "demo:password" }],
      });
      const { root } = at;
      const output = join(root, "strace");
      const run = await at.run(["get"], {
        launcher: [...SHELL, "strace", "-f", "-qq", "-e", "trace=%file", "-o", output],
      });
      expect(inWords(run)).toBe("demo:password");
      const calls = readFileSync(output, "utf8").split("\n");
      const paths = calls.flatMap(
        (line) => /^\d+ +(?!execve|getcwd|chdir)\w+\([^"]*"([^"]*)"/.exec(line)?.[1] ?? [],
      );
      const byName = paths.filter((path) => path.startsWith(`${root}/`) && path !== at.cwd);
      const inOpenDirectory = calls.filter((line) => /"\/proc\/self\/fd\/[1-9]/.test(line));
      // Raise neither: see what is read twice.
      expect(byName.length, byName.join("\n")).toBeLessThanOrEqual(22);
      expect(inOpenDirectory.length, inOpenDirectory.join("\n")).toBeLessThanOrEqual(20);
      for (const path of new Set(byName)) {
        const times = byName.filter((one) => one === path).length;
        expect(times, path).toBeLessThanOrEqual(path.startsWith(at.cacheDir) ? READS : 2);
      }
      for (const name of ["home", "run", "home/.config/docker-credential-ona/config.json"]) {
        expect(
          byName.filter((path) => path === join(root, name)),
          name,
        ).toHaveLength(1);
      }
    });
  });
}
