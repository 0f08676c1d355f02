// hosts.toml of one registry for containerd, which never executes a helper but reads a header from this file at every pull.
// Facts: containerd, core/remotes/docker/config (hosts.go, config_unix.go); the same since 1.5.

import { parse, stringify } from "smol-toml";
import { isRecord } from "../entry.ts";
import { HUB_KEY, type RegistryRef } from "../registry.ts";
import { Secret } from "../secret.ts";
import type { PreviousExport } from "./auth-file.ts";
import { basicAuth, type ExportEntry, fromBase64, IDENTITY_TOKEN_USER } from "./entry.ts";

const FIRST_LINE = "# Written by docker-credential-ona export; do not edit, it is replaced.";
const EXPIRES = /^# Valid until (\S+)$/m;
const HUB_ENDPOINT = "registry-1.docker.io";

/** The name of the registry's directory below `config_path`. */
export function hostDirectory({ key }: RegistryRef): string {
  const colon = portColon(key);
  return colon < 0 ? key : `${key.slice(0, colon)}_${key.slice(colon + 1)}_`;
}

/** The registry whose directory has this name, as text. */
export function registryOfDirectory(name: string): string {
  return name.replace(/_([0-9]{1,5})_$/, ":$1");
}

/** Certificates that lie beside the file, by name; a client's key is empty when it is in the certificate's file. */
export interface TlsFiles {
  readonly ca: readonly string[];
  readonly client: readonly (readonly [certificate: string, key: string])[];
}

const NO_TLS_FILES: TlsFiles = { ca: [], client: [] };

/**
 * The file; undefined when the credential cannot stand in a header. `capabilities` is left out, which means all of them in
 * every version; naming them would leave out what newer ones have or break older ones.
 */
export function hostsToml(
  { registry, credential, expiresAtMs }: ExportEntry,
  tls: TlsFiles = NO_TLS_FILES,
): string | undefined {
  // An identity token is for a token server and no header of a registry's.
  const basic = credential.username === IDENTITY_TOKEN_USER ? undefined : basicAuth(credential);
  if (basic === undefined) return undefined;
  const until = expiresAtMs === undefined ? [] : [`# Valid until ${new Date(expiresAtMs).toISOString()}`];
  return `${[FIRST_LINE, ...until].join("\n")}\n\n${stringify(hostTables(registry, basic, tls)).trim()}\n`;
}

/** The lines that a file of somebody else's needs, for people to merge; without the secret, which no message shows. */
export function linesToMerge(registry: RegistryRef): string {
  return stringify({ host: hostTables(registry, "base64 of USER:SECRET", NO_TLS_FILES).host }).trim();
}

/** `registry` is known from the directory's name. */
export function readHostsToml(text: string, registry: RegistryRef): PreviousExport {
  if (text.trim() === "") return { kind: "empty" };
  if (!text.startsWith(`${FIRST_LINE}\n`)) return { kind: "foreign" };
  const header = firstHeader(text);
  const pair = header?.startsWith("Basic ") ? fromBase64(header.slice(6)) : undefined;
  const colon = pair?.indexOf(":") ?? -1;
  if (pair === undefined || colon < 0) return { kind: "ours", entries: [] };
  const credential = { username: pair.slice(0, colon), secret: new Secret(pair.slice(colon + 1)) };
  const expiresAtMs = Date.parse(EXPIRES.exec(text)?.[1] ?? "");
  const end = Number.isNaN(expiresAtMs) ? undefined : expiresAtMs;
  return { kind: "ours", entries: [{ registry, credential, expiresAtMs: end }] };
}

/**
 * Plain http only to loopback, and there as containerd itself does it without a file: http first, unless the port says
 * https; then https whose certificate is not checked. Everywhere else https alone.
 */
export function endpointsOf(registry: RegistryRef): readonly string[] {
  const { key } = registry;
  if (key === HUB_KEY) return [`https://${HUB_ENDPOINT}`];
  if (!isLoopbackKey(key) || portColon(key) < 0) return [`https://${key}`];
  return key.endsWith(":80") ? [`http://${key}`] : [`http://${key}`, `https://${key}`];
}

interface HostTables {
  readonly server: string;
  readonly host: Readonly<Record<string, object>>;
}

function hostTables(registry: RegistryRef, basic: string, { ca, client }: TlsFiles): HostTables {
  const endpoints = endpointsOf(registry);
  const unchecked = isLoopbackKey(registry.key) && ca.length === 0;
  const tls = {
    ...(unchecked ? { skip_verify: true } : {}),
    ...(ca.length === 0 ? {} : { ca: [...ca] }),
    ...(client.length === 0
      ? {}
      : { client: client.map(([cert, key]) => (key === "" ? cert : [cert, key])) }),
  };
  const host = Object.fromEntries(
    endpoints.map((endpoint) => {
      const checks = endpoint.startsWith("https:") ? tls : {};
      // Only a header in the host's own table is sent; one at the top was not in 1.6.
      return [endpoint, { ...checks, header: { Authorization: `Basic ${basic}` } }];
    }),
  );
  return { server: endpoints[0] ?? "", host };
}

function firstHeader(text: string): string | undefined {
  try {
    const { host } = parse(text);
    const [table] = Object.values(isRecord(host) ? host : {});
    const header = isRecord(table) && isRecord(table.header) ? table.header.Authorization : undefined;
    return typeof header === "string" ? header : undefined;
  } catch {
    return undefined;
  }
}

/** Where the port begins; -1 without one. A colon inside an IPv6 address is none. */
function portColon(key: string): number {
  const colon = key.lastIndexOf(":");
  return colon > key.lastIndexOf("]") ? colon : -1;
}

function isLoopbackKey(key: string): boolean {
  const colon = portColon(key);
  return isLoopback(colon < 0 ? key : key.slice(0, colon));
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(?:\.[0-9]{1,3}){3}$/.test(host);
}
