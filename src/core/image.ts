// From the name of an image to the registry that it is pulled from, as Docker and the kubelet read it. It judges no more
// of the name than that takes.

import { parseRegistry, type RegistryRef } from "./registry.ts";

/** Where an image is pulled from. */
export interface ImageHome {
  readonly registry: RegistryRef;
  /** The host as the name has it, its port included; `docker.io` where the name has none. */
  readonly domain: string;
  /** What comes after the domain, without tag and digest; `library/` is added where Docker adds it. */
  readonly repository: string;
  /** What to ask the registry for: the digest, else the tag, else `latest`. */
  readonly reference: string;
}

const HUB_DOMAIN = "docker.io";
/** The longest name that the registries' specification allows, and the longest tag, and a digest. */
const MAX_LENGTH = 255 + 1 + 128 + 1 + 200;

/**
 * The parts of an image's name; undefined when it is none. The first component is a domain when it has a dot or a colon,
 * is `localhost` or is not all in lower case (distribution/reference, normalize.go).
 */
export function parseImage(text: string): ImageHome | undefined {
  if (text.length === 0 || text.length > MAX_LENGTH || !/^[\x21-\x7e]+$/.test(text)) return undefined;
  const { domain, path } = splitDomain(text);
  const [, name = "", tag, digest] =
    /^([^:@]+)(?::(\w[\w.-]{0,127}))?(?:@([A-Za-z][\w.+-]*:[0-9a-fA-F]{32,}))?$/.exec(path) ?? [];
  if (!/^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/.test(name)) {
    return undefined;
  }
  const registry = parseRegistry(domain);
  // `parseRegistry` would drop a scheme or a path, of which a domain has neither.
  if (registry?.kind !== "registry" || /[/?]/.test(domain)) return undefined;
  const isOfficial = registry.key === HUB_DOMAIN && !name.includes("/");
  return {
    registry,
    domain,
    repository: isOfficial ? `library/${name}` : name,
    reference: digest ?? tag ?? "latest",
  };
}

function splitDomain(text: string): { domain: string; path: string } {
  const slash = text.indexOf("/");
  const first = text.slice(0, Math.max(slash, 0));
  const isDomain = /[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase();
  if (slash < 0 || !isDomain) return { domain: HUB_DOMAIN, path: text };
  return { domain: first, path: text.slice(slash + 1) };
}
