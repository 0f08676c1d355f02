// Reads fixtures/clouds/api-hosts.tsv: the hosts at which AWS has its APIs. A broken table is an error.

import { readFileSync } from "node:fs";
import type { ApiService } from "./api-host.ts";

export interface ApiHostRow {
  service: ApiService;
  partition: string;
  region: string;
  fips: boolean;
  dualStack: boolean;
  host: string;
}

const KINDS = [
  { fips: false, dualStack: false },
  { fips: false, dualStack: true },
  { fips: true, dualStack: false },
  { fips: true, dualStack: true },
];

export function apiHosts(): ApiHostRow[] {
  const text = readFileSync(new URL("../../../fixtures/clouds/api-hosts.tsv", import.meta.url), "utf8");
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.slice(1).flatMap(rowsOf);
}

function rowsOf(line: string): ApiHostRow[] {
  const [service, partition = "", region = "", ...hosts] = line.split("\t");
  if (service !== "ecr" && service !== "ecr-public" && service !== "sts") throw new Error(line);
  const rows = KINDS.map((kind, index): ApiHostRow => {
    return { service, partition, region, ...kind, host: hosts[index] ?? "-" };
  });
  return rows.filter((row) => row.host !== "-");
}
