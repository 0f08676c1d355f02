// Chaos on purpose, for a night or a coffee: kills, herds and torn reads against the built executable.
//   node test/chaos/chaos.ts [kills|herds|torn]… [--seed N] [--rounds N] [--processes N] [--seconds N]
// The seed is printed; what went wrong is printed and its directory kept. Exit code 1 when anything did.

import { parseArgs } from "node:util";
import type { Finding } from "./dice.ts";
import { runHerds } from "./herds.ts";
import { kills } from "./kills.ts";
import { tornReads } from "./torn.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: "string" },
    rounds: { type: "string", default: "1000" },
    processes: { type: "string", default: "200" },
    seconds: { type: "string", default: "60" },
  },
});

const parts: Record<string, (seed: number) => Promise<Finding[]>> = {
  kills: async (seed) => [await kills(seed, Number(values.rounds))],
  herds: (seed) => runHerds(seed, Number(values.processes)),
  torn: async () => [await tornReads(Number(values.seconds) * 1000)],
};

const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
const chosen = positionals.length === 0 ? Object.keys(parts) : positionals;
console.log(`seed ${seed}`);
let bad = 0;
for (const name of chosen) {
  const part = parts[name];
  if (part === undefined) throw new Error(`no such part: ${name} (${Object.keys(parts).join(", ")})`);
  for (const { name: what, faults, facts } of await part(seed)) {
    console.log(`${faults.length === 0 ? "ok " : "BAD"} ${what}: ${facts}`);
    for (const fault of faults) console.log(`    ${fault}`);
    bad += faults.length;
  }
}
process.exitCode = bad === 0 ? 0 : 1;
