// Which key signs: the same variables and shared files through ours and, when TEST_AWS_CLI names one, through AWS's CLI,
// whose column of the table is then compared too.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { Failure, failureLine } from "../../../../src/core/failures.ts";
import { mintEcr } from "../../../../src/sources/aws/ecr.ts";
import { ECR_EU, planFor, withContext, withHome } from "../mint/minting.ts";
import { machineOf, type Row, readTable } from "./identity-table.ts";

const rows = readTable();
const cli = process.env.TEST_AWS_CLI;

/** Who signed for ours, or the line of its failure. */
async function ours(row: Row, home: string): Promise<string> {
  const machine = await machineOf(row, home);
  await using _clouds = machine.clouds;
  const { env } = machine;
  try {
    await withContext({ env, home }, (context) => mintEcr(planFor(ECR_EU, "default-chain"), context));
    return machine.signer();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // A damaged identity hands on to nobody.
    expect(machine.clouds.imds.journal.count()).toBe(0);
    expect(machine.clouds.ecr.journal.count()).toBe(0);
    return `failure: ${failureLine("r", error)}`;
  }
}

describe("the key that signs", () => {
  it.each(rows)("$name", (row) =>
    withHome(async (home) => {
      const signer = await ours(row, home);
      if (!row.ours.startsWith("failure")) expect(signer).toBe(row.ours);
      else expect(signer).toContain(row.ours.slice("failure: ".length));
      expect(signer).toMatch(row.ours.startsWith("failure") ? /^failure: .*\[aws-/ : /^(?!failure)/);
    }),
  );

  it("is that of the row's own words, and no name stands there twice", () => {
    expect(new Set(rows.map((row) => row.name)).size).toBe(rows.length);
    for (const row of rows) expect(row.ours).toMatch(/^(A|B|instance|container|pull by \w+|failure: .+)$/);
  });
});

// Only where somebody names a CLI: there are no such tests otherwise, rather than tests that are skipped.
if (cli !== undefined)
  describe("AWS's CLI signs with", () => {
    it.each(rows)("$cli for: $name", (row) =>
      withHome(async (home) => {
        const machine = await machineOf(row, home);
        await using _clouds = machine.clouds;
        const env = { ...machine.env, PATH: process.env.PATH ?? "", AWS_MAX_ATTEMPTS: "1", PYTHONUTF8: "1" };
        const words = ["ecr", "get-authorization-token", "--region", "eu-central-1"];
        await promisify(execFile)(cli ?? "", words, { env }).catch(() => undefined);
        expect(machine.signer()).toBe(row.cli);
      }),
    );
  });
