// Which proxy a request takes. Loopback and the clouds' metadata addresses never take one, whatever the
// variables say: they answer with the machine's own credentials.

import { type Endpoint, isLoopback } from "../core/endpoint.ts";
import { inSubnet, parseIp } from "../core/ip-address.ts";
import { setting } from "../core/setting.ts";
import type { ProxyName } from "./transport-error.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** EC2 and GCE metadata, ECS and EKS container credentials. */
const METADATA_HOSTS: ReadonlySet<string> = new Set([
  "169.254.169.254",
  "169.254.170.2",
  "169.254.170.23",
  "fd00:ec2::254",
  "fd20:ce::254",
  "fd00:ec2::23",
  "metadata.google.internal",
  "metadata",
]);

/** True for an address on the machine's own link that hands out credentials: plain http is the rule there. */
export function isMetadataAddress(host: string): boolean {
  return METADATA_HOSTS.has(host) && parseIp(host) !== undefined;
}

/** A proxy as a variable sets it: not looked at yet, and it may hold a password. */
export interface ProxySetting {
  readonly variable: string;
  readonly url: string;
}

/**
 * The proxy for `target`, or undefined for a direct connection. https uses only HTTPS_PROXY, http only HTTP_PROXY; the
 * lower-case spelling wins, as in curl.
 */
export function proxyFor(env: Env, target: Endpoint): ProxySetting | undefined {
  if (isLoopback(target.host) || METADATA_HOSTS.has(target.host)) return undefined;
  const names = target.scheme === "https" ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy", "HTTP_PROXY"];
  const variable = names.find((name) => setting(env[name]) !== undefined);
  const value = variable === undefined ? undefined : setting(env[variable]);
  if (variable === undefined || value === undefined) return undefined;
  if (isExempt(setting(env.no_proxy) ?? setting(env.NO_PROXY) ?? "", target)) return undefined;
  return { variable, url: /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}` };
}

/** The proxy of `target` as it may be shown; undefined for a direct connection. */
export function proxyName(env: Env, target: Endpoint): ProxyName | undefined {
  const proxy = proxyFor(env, target);
  if (proxy === undefined) return undefined;
  // What stands before the last `@` may be a password.
  const [, scheme = "", authority = ""] = /^([a-z0-9+.-]+):\/\/(?:.*@)?([^@/?#]*)/i.exec(proxy.url) ?? [];
  const port = /:[0-9]+$/.test(authority) ? "" : scheme.toLowerCase() === "https" ? ":443" : ":80";
  return { address: `${authority.replace(/[^!-~]/g, "?").slice(0, 120)}${port}`, variable: proxy.variable };
}

function isExempt(noProxy: string, target: Endpoint): boolean {
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry !== "" && matches(entry, target));
}

function matches(entry: string, target: Endpoint): boolean {
  if (entry === "*") return true;
  const cidr = /^\[?([0-9a-f.:]+)\]?\/(\d{1,3})$/.exec(entry);
  if (cidr) return inSubnet(target.host, cidr[1] ?? "", Number(cidr[2]));
  const ported = /^(\[[0-9a-f:.]+\]|[^:]+):(\d+)$/.exec(entry);
  if (ported && Number(ported[2]) !== target.port) return false;
  const name = (ported?.[1] ?? entry).replace(/^\[|\]$/g, "").replace(/^\*?\.|\.$/g, "");
  if (name === target.host) return true;
  return parseIp(target.host) === undefined && `.${target.host}`.endsWith(`.${name}`);
}
