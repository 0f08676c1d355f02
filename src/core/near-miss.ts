// Two names of registries that differ by a little: the commonest reason why a secret is there and yet nobody gets it. It
// only explains; which credential goes where is decided by equality alone, in registry.ts.

import { recognizeCloud } from "./clouds/clouds.ts";
import { editDistance } from "./nearest.ts";
import { HUB_KEY, parseRegistry } from "./registry.ts";

/** Where people think that Docker Hub is; no client asks for any of these. */
const HUB_LOOKALIKES: ReadonlySet<string> = new Set([
  "hub.docker.com",
  "hub.docker.io",
  "docker.com",
  "www.docker.com",
  "www.docker.io",
  "cloud.docker.com",
  "index.docker.com",
  "registry.docker.io",
  "registry.docker.com",
  "registry.hub.docker.com",
  "registry-1.docker.com",
  "auth.docker.io",
  "production.cloudflare.docker.com",
]);

/** Names that many people write, for a host of which nothing else is known. */
const WELL_KNOWN: readonly string[] = [
  HUB_KEY,
  "ghcr.io",
  "quay.io",
  "gcr.io",
  "registry.gitlab.com",
  "public.ecr.aws",
  "mcr.microsoft.com",
  "registry.access.redhat.com",
  "registry.redhat.io",
  "nvcr.io",
  "docker.elastic.co",
  "container-registry.oracle.com",
  "registry.digitalocean.com",
];

/** How the registry `other` differs from `key` if it nearly is the same; undefined for equal and for unlike ones. */
export function nearMiss(key: string, other: string): string | undefined {
  if (key === other) return undefined;
  if (key === HUB_KEY && HUB_LOOKALIKES.has(other)) return "no client asks for this spelling of Docker Hub";
  if (other === HUB_KEY && HUB_LOOKALIKES.has(key)) return "Docker Hub is asked for as docker.io";
  const [a, b] = [split(key), split(other)];
  if (a.host === b.host) return "the port differs";
  const cloud = cloudDifference(key, other);
  if (cloud !== undefined) return cloud;
  if (a.port !== b.port) return undefined;
  if (isBelow(a.host, b.host) || isBelow(b.host, a.host)) return "one of them lacks a subdomain";
  if (withoutEnd(a.host) !== "" && withoutEnd(a.host) === withoutEnd(b.host)) return "the end differs";
  const distance = editDistance(a.host, b.host);
  // Names of machines in a row, such as registry-1 and registry-2, are meant as they are.
  if (distance > mostLetters(a.host) || differsInNumbersOnly(a.host, b.host)) return undefined;
  return distance === 1 ? "one letter differs" : `${distance} letters differ`;
}

/** The well-known registry that `key` nearly is. */
export function wellKnownNear(key: string): string | undefined {
  if (HUB_LOOKALIKES.has(key)) return HUB_KEY;
  if (WELL_KNOWN.includes(key) || recognizeCloud({ key, kind: "registry" }) !== undefined) return undefined;
  return WELL_KNOWN.find(
    (known) => known !== HUB_KEY && nearMiss(key, known) !== undefined && !isBelow(key, known),
  );
}

/** What of a secret's host as it is written does not count, though whoever wrote it may think so. */
export function ignoredPart(
  written: string,
): { readonly part: "scheme" | "path"; readonly text: string } | undefined {
  const text = written.trim();
  const registry = parseRegistry(text, "secret");
  if (registry === undefined) return undefined;
  const rest = text.replace(/^(?:https?:)?\/\//i, "");
  const path = /^[^/?]*([/?].*)$/.exec(rest)?.[1]?.replace(/\/+$/, "") ?? "";
  // `/v1/` and `/v2/` are how registries are called, and `/v1/` is how Docker itself files Docker Hub.
  if (path !== "" && !/^\/v[12]$/.test(path)) return { part: "path", text: path };
  const isHttp = /^http:\/\//i.test(text) && !/^http:\/\/(?:localhost|127\.|\[::1\])/i.test(text);
  return isHttp ? { part: "scheme", text: "http://" } : undefined;
}

function split(key: string): { host: string; port: string } {
  const match = /^(.*?)(?::([0-9]+))?$/.exec(key);
  return { host: match?.[1] ?? key, port: match?.[2] ?? "" };
}

const isBelow = (host: string, parent: string): boolean =>
  parent.includes(".") && host.slice(-parent.length - 1) === `.${parent}`;

/** All labels but the last; empty where there is but one, and for an address. */
function withoutEnd(host: string): string {
  const labels = host.split(".");
  return /^[0-9]+$/.test(labels.at(-1) ?? "") ? "" : labels.slice(0, -1).join(".");
}

function cloudDifference(key: string, other: string): string | undefined {
  const [a, b] = [key, other].map((name) => recognizeCloud({ key: name, kind: "registry" }));
  if (a?.kind === "ecr" && b?.kind === "ecr") {
    if (a.account === b.account && a.region === b.region) return "the kind of ECR endpoint differs";
    if (a.account === b.account) return "the region differs";
    if (a.region === b.region && editDistance(a.account, b.account) <= 2)
      return "the account differs by a digit";
    return undefined;
  }
  return undefined;
}

const mostLetters = (host: string): number => Math.min(3, Math.floor(host.length / 6));

function differsInNumbersOnly(a: string, b: string): boolean {
  return a.replace(/[0-9]+/g, "#") === b.replace(/[0-9]+/g, "#");
}
