// The region that an AWS API host stands for, when a stand-in is reached under a real name (through a proxy).
// A name that AWS would not have is not explained away: it gives nothing.

import { partitionOfRegion } from "./partitions.ts";

export type ApiService = "ecr" | "ecr-public" | "sts";
export interface ApiHost {
  region: string;
  fips: boolean;
  dualStack: boolean;
}

/** `loopback` is good for any region; undefined is a host where this API does not live. */
export function readApiHost(service: ApiService, hostAndPort: string): ApiHost | "loopback" | undefined {
  const host = hostAndPort.replace(/:\d+$/, "");
  if (host === "127.0.0.1" || host === "localhost" || host === "[::1]") return "loopback";
  const labels = /^(api\.)?([a-z-]+)\.([a-z0-9-]+)\.(.+)$/.exec(host);
  if (labels === null) return undefined;
  const [, api, name = "", region = "", suffix = ""] = labels;
  const partition = partitionOfRegion(region);
  if (partition === undefined) return undefined;
  const fips = name === `${service}-fips`;
  if (!fips && name !== service) return undefined;
  const dualStack = suffix === partition.dualStackSuffix;
  if (!dualStack && suffix !== partition.suffix) return undefined;
  // Only the registries' classic names have the `api.` in front.
  if ((api !== undefined) !== (service !== "sts" && !dualStack)) return undefined;
  return { region, fips, dualStack };
}
