// Which stand-in answers under which real host name. A name that is not listed has no stand-in.

import { type ApiService, readApiHost } from "./api-host.ts";
import type { Clouds } from "./clouds.ts";
import { partitionOfRegion } from "./partitions.ts";

/** One of each partition, and three that tests like to use. */
export const SOME_REGIONS: readonly string[] = [
  "us-east-1",
  "us-west-2",
  "eu-central-1",
  "us-gov-west-1",
  "cn-north-1",
  "eusc-de-east-1",
  "us-iso-east-1",
  "us-isob-east-1",
  "eu-isoe-west-1",
  "us-isof-south-1",
];

const GOOGLE_HOSTS = [
  "oauth2.googleapis.com",
  "sts.googleapis.com",
  "iamcredentials.googleapis.com",
] as const;

/** Port of the stand-in for a real host name on port 443. */
export function portFor(clouds: Clouds, host: string): number | undefined {
  switch (host) {
    case "oauth2.googleapis.com":
      return clouds.googleOAuth.port;
    case "sts.googleapis.com":
      return clouds.googleSts.port;
    case "iamcredentials.googleapis.com":
      return clouds.googleIam.port;
    default:
      break;
  }
  const real = (service: ApiService) => typeof readApiHost(service, host) === "object";
  if (real("ecr")) return clouds.ecr.port;
  if (real("ecr-public")) return clouds.ecrPublic.port;
  return real("sts") ? clouds.sts.port : undefined;
}

/** Every name a certificate needs so that these regions can be reached, in all endpoint kinds. */
export function hostNames(regions: readonly string[]): string[] {
  const names: string[] = [...GOOGLE_HOSTS];
  for (const region of new Set(regions)) {
    const partition = partitionOfRegion(region);
    if (partition === undefined) throw new Error(`${region} is not a region`);
    for (const service of ["ecr", "ecr-public", "sts"]) {
      const api = service === "sts" ? "" : "api.";
      for (const kind of ["", "-fips"]) {
        names.push(`${api}${service}${kind}.${region}.${partition.suffix}`);
        names.push(`${service}${kind}.${region}.${partition.dualStackSuffix}`);
      }
    }
  }
  return names;
}

/**
 * A `fetch` that takes requests for real hosts to their stand-ins, for clients that take one. The `Host` header is
 * the stand-in's: enough for Google, not for a signature over a real name (that needs cloud-proxy.ts).
 */
export function fetchTo(clouds: Clouds): typeof fetch {
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const port = url.protocol === "https:" ? portFor(clouds, url.hostname) : undefined;
    if (port === undefined && url.hostname !== "127.0.0.1") throw new Error(`no stand-in for ${url.host}`);
    if (port === undefined) return fetch(url, init);
    return fetch(`http://127.0.0.1:${port}${url.pathname}${url.search}`, init);
  };
}
