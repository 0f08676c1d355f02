// The addresses of services: strict parsing, and the rule that plain http goes to loopback only. The grammar of
// hosts is the registry's; no URL parser decides here.

import { parseRegistry } from "./registry.ts";

/** A service address. `origin` is `scheme://host[:port]`, `path` has no trailing slash. */
export interface Endpoint {
  readonly scheme: "https" | "http";
  /** Without brackets, lower case. */
  readonly host: string;
  readonly port: number;
  readonly origin: string;
  readonly path: string;
}

/** At most 255: what is no address would be looked up as a name. */
const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const isV4 = (text: string): boolean => new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`).test(text);
/** What URL parsers take for an IPv4 address in whatever form, or refuse: `127.1`, `0x7f.1`, `g.0`. */
const endsInNumber = (host: string): boolean => /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/.test(host);
const shape = (): RegExp => /^(https?):\/\/([^/?#@\\]+)(\/[!-~]*)?$/i;

/** The endpoint that `text` names, or undefined: odd host, user info, query, fragment, another scheme. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = shape().exec(text);
  if (!match) return undefined;
  const [, schemeText = "", authority = "", path = ""] = match;
  if (/[?#\\]/.test(path)) return undefined;
  const scheme = schemeText.toLowerCase() === "https" ? "https" : "http";
  const split = splitAuthority(authority);
  if (split === undefined) return undefined;
  const port = split.port ?? (scheme === "https" ? 443 : 80);
  const shownPort = port === (scheme === "https" ? 443 : 80) ? "" : `:${port}`;
  return {
    scheme,
    host: split.host.replace(/^\[|\]$/g, ""),
    port,
    origin: `${scheme}://${split.host}${shownPort}`,
    path: path.replace(/\/+$/, ""),
  };
}

/** True when a bearer of secrets may be sent there: https anywhere, http to loopback. */
export function isSafeEndpoint(endpoint: Endpoint): boolean {
  return endpoint.scheme === "https" || isLoopback(endpoint.host);
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (host.startsWith("127.") && isV4(host));
}

function splitAuthority(authority: string): { host: string; port: number | undefined } | undefined {
  const match = /^(\[[^\]]*\]|[^:]*)(?::([1-9][0-9]{0,4}))?$/.exec(authority);
  if (!match) return undefined;
  const [, hostText = "", portText] = match;
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && port > 65535) return undefined;
  const host = parseRegistry(hostText, "secret")?.key;
  // The Hub's names are one registry, but each is an address of its own.
  const shown = hostText[0] === "[" ? (host ?? "") : hostText.toLowerCase().replace(/\.$/, "");
  if (host === undefined || (endsInNumber(shown) && !isV4(shown))) return undefined;
  return { host: shown, port };
}
