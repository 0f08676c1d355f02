// Text to registry: the only place that decides which registry a text means. Two registries are equal when
// their canonical keys are equal, and in no other way: never by prefix, suffix or substring, and no URL parser
// has a say (they drop control characters, fold full-width letters and read what stands before `@` as a user).

/** A registry after normalising. `key` is `host[:port]`, `docker.io` for Docker Hub, a URL for an opaque key. */
export interface RegistryRef {
  readonly key: string;
  /** `opaque`: one of Docker Hub's two token keys; it holds local logins and nothing else. */
  readonly kind: "registry" | "opaque";
}

export const HUB_KEY = "docker.io";
/** The key under which Docker itself files Docker Hub. */
export const HUB_URL = "https://index.docker.io/v1/";

const HTTPS_PORT = "443";

/**
 * The registry that `text` names, or undefined when it names none (CONTRACT 1.2).
 * The scheme `http://` is dropped only on the side of a platform secret.
 */
export function parseRegistry(text: string, side: "caller" | "secret" = "caller"): RegistryRef | undefined {
  const rest = withoutScheme(text, side);
  const end = hostEnd(rest);
  const host = canonicalHost(rest.slice(0, end));
  if (host === undefined) return undefined;
  if (!isHubHost(host)) return { key: host, kind: "registry" };
  const token = /^\/v1\/(access-token|refresh-token)\/?(?:\?.*)?$/.exec(rest.slice(end));
  return token ? { key: `${HUB_URL}${token[1]}`, kind: "opaque" } : { key: HUB_KEY, kind: "registry" };
}

/** The form of a registry's key that Docker's own files use. */
export function dockerKey(ref: RegistryRef): string {
  return ref.key === HUB_KEY ? HUB_URL : ref.key;
}

// No patterns on the way of an ordinary host name: the first one in a process costs as much as all the rest.

function isHubHost(host: string): boolean {
  return host === HUB_KEY || host === "index.docker.io" || host === "registry-1.docker.io";
}

/** Where a path or a query begins, or the end. */
function hostEnd(text: string): number {
  const slash = text.indexOf("/");
  const end = slash < 0 ? text.length : slash;
  const mark = text.indexOf("?");
  return mark < 0 || mark > end ? end : mark;
}

function withoutScheme(text: string, side: "caller" | "secret"): string {
  if (text.indexOf("//") < 0) return text;
  const lower = text.slice(0, 8).toLowerCase();
  if (lower === "https://") return text.slice(8);
  if (side === "secret" && lower.slice(0, 7) === "http://") return text.slice(7);
  return text.slice(0, 2) === "//" ? text.slice(2) : text;
}

/** `host[:port]` in canonical form; every other scheme fails here, since `:` must be followed by a port. */
function canonicalHost(authority: string): string | undefined {
  if (authority[0] === "[") return canonicalIpv6(authority);
  const colon = authority.indexOf(":");
  const named = colon < 0 ? authority : authority.slice(0, colon);
  const host = named.slice(-1) === "." ? named.slice(0, -1) : named;
  // Folded only when it is ASCII: other letters have lower cases that are ASCII.
  if (!areLabels(host)) return undefined;
  return withPort(host.toLowerCase(), colon < 0 ? undefined : authority.slice(colon + 1));
}

/** One or more of ASCII letters, digits, `-` and `_`, between single dots. */
function areLabels(text: string): boolean {
  let length = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x2e) {
      if (length === 0) return false;
      length = 0;
      continue;
    }
    const letter = code | 0x20;
    const isLetter = letter >= 0x61 && letter <= 0x7a;
    if (!isLetter && !(code >= 0x30 && code <= 0x39) && code !== 0x2d && code !== 0x5f) return false;
    length += 1;
  }
  return length > 0;
}

function withPort(host: string, port: string | undefined): string | undefined {
  if (port === undefined) return host;
  if (!/^[1-9][0-9]{0,4}$/.test(port) || Number(port) > 65535) return undefined;
  return port === HTTPS_PORT ? host : `${host}:${port}`;
}

function canonicalIpv6(authority: string): string | undefined {
  const end = authority.indexOf("]");
  const groups = ipv6Groups(authority.slice(1, Math.max(end, 1)).toLowerCase());
  if (groups === undefined) return undefined;
  const after = authority.slice(end + 1);
  if (after !== "" && after[0] !== ":") return undefined;
  return withPort(`[${ipv6Text(groups)}]`, after === "" ? undefined : after.slice(1));
}

/** The eight numbers of an IPv6 address in any of its spellings; no zone, and no leading zeros in an IPv4 tail. */
function ipv6Groups(text: string): readonly number[] | undefined {
  const octet = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
  const tail = new RegExp(`(?<=:)${octet}\\.${octet}\\.${octet}\\.${octet}$`).exec(text);
  const [a = 0, b = 0, c = 0, d = 0] = (tail ?? []).slice(1).map(Number);
  const whole =
    tail === null
      ? text
      : `${text.slice(0, tail.index)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  const halves = whole.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const [front = [], back] = halves;
  const given = halves.flat();
  if (halves.length > 2 || !given.every((part) => /^[0-9a-f]{1,4}$/.test(part))) return undefined;
  if (back === undefined ? given.length !== 8 : given.length > 7) return undefined;
  const zeros = Array.from({ length: 8 - given.length }, () => "0");
  return [...front, ...zeros, ...(back ?? [])].map((part) => Number.parseInt(part, 16));
}

/** RFC 5952: no leading zeros, the first longest run of two or more zeros as `::`, an IPv4-mapped address with its tail. */
function ipv6Text(groups: readonly number[]): string {
  const [, , , , , , high = 0, low = 0] = groups;
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff)
    return `::ffff:${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  let start = -1;
  let length = 1;
  for (let from = 0; from < 8; from += 1) {
    let to = from;
    while (groups[to] === 0) to += 1;
    if (to - from > length) [start, length] = [from, to - from];
  }
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  return start < 0 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}
