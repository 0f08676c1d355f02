// The host tables through the builds, as bytes on stdin: what is a registry's gets its secret, and of what is none,
// or only looks like another, nobody is asked and no value is read.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { acceptedHosts, rejectedHosts } from "../../fixtures/hosts/table.ts";
import { type Build, buildsUnderTest } from "../support/builds.ts";
import { type Machine, NOT_FOUND, startMachine } from "../support/machine.ts";
import type { Running } from "../support/run.ts";
import { inParallel } from "./in-parallel.ts";

/** Every row for the executable, which is quick; a sample for the others, whose parser is the same. */
const sample = <T>(build: Build, rows: readonly T[]): readonly T[] =>
  build.name === "executable" ? rows : rows.filter((_, index) => index % 9 === 0);

/** The registries that the hostile rows try to pass for. */
const victims = [
  "https://index.docker.io/v1/",
  "registry.example.test",
  "registry.example.test:5000",
  "123456789012.dkr.ecr.us-east-1.amazonaws.com",
  "123456789012.dkr-ecr.us-east-1.on.aws",
  "public.ecr.aws",
  "ecr-public.aws.com",
  "gcr.io",
  "us.gcr.io",
  "us-central1-docker.pkg.dev",
  "docker.us-central1.rep.pkg.dev",
  "[::1]:5000",
];

for (const build of buildsUnderTest()) {
  describe(build.name, () => {
    let at: Machine;
    const password = (canonical: string): string => `password-of-${Buffer.from(canonical).toString("hex")}`;
    const served = acceptedHosts.filter((row) => !row.kind.endsWith("-token"));

    beforeAll(async () => {
      const hosts = new Set([...served.map((row) => row.canonical), ...victims]);
      const secrets = [...hosts].map((host, n) => ({
        name: `S_${n}`,
        host,
        value: `demo:${password(host)}`,
      }));
      at = await startMachine({ build, secrets });
    });

    afterAll(() => at.close());

    const get = (input: string): Running => at.get(input);

    it("every good row gets the secret of its registry, whatever its spelling", async () => {
      await inParallel(sample(build, served), async (row) => {
        const { stdout, stderr, code } = await get(row.input);
        const answer = { ServerURL: row.input, Username: "demo", Secret: password(row.canonical) };
        expect(stdout, row.input).toBe(`${JSON.stringify(answer)}\n`);
        expect({ stderr, code }, row.input).toEqual({ stderr: "", code: 0 });
      });
    });

    it("every hostile row gets NF, and no request is made for it", async () => {
      await get("warm.example.test");
      const before = at.platform.journal.count();
      await inParallel(sample(build, rejectedHosts), async (row) => {
        const { stdout, stderr, code } = await get(row.input);
        const shown = `${row.input} (${row.reason})`;
        expect(stdout, shown).toBe(row.input.trim() === "" ? stdout : NOT_FOUND);
        expect({ stderr, code }, shown).toEqual({ stderr: "", code: 1 });
      });
      const after = at.platform.journal.entries.slice(before).map((request) => request.method);
      expect(after.filter((method) => method !== "GetEnvironment")).toEqual([]);
    });
  });
}
