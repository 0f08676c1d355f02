// What a registry asks for in `WWW-Authenticate`, and where the login of a token flow may go. The registry chooses the
// address, so it is judged here: a password goes to https, a cloud's token to its own registry, and nothing anywhere else.

import { type Endpoint, isLoopback, parseEndpoint } from "./endpoint.ts";

export type Challenge =
  | { readonly kind: "basic" }
  | { readonly kind: "bearer"; readonly realm: string; readonly service: string | undefined };

export interface Realm {
  readonly endpoint: Endpoint;
  /** Path and query, to which parameters are added. */
  readonly path: string;
}

/** The challenge to answer: Bearer where there is one, as clients do; undefined when there is none that is known. */
export function parseChallenge(header: string): Challenge | undefined {
  const challenges = challengesIn(header);
  const bearer = challenges.find(({ scheme, fields }) => scheme === "bearer" && fields.has("realm"));
  if (bearer !== undefined) {
    return { kind: "bearer", realm: bearer.fields.get("realm") ?? "", service: bearer.fields.get("service") };
  }
  return challenges.some(({ scheme }) => scheme === "basic") ? { kind: "basic" } : undefined;
}

/**
 * The realm if a credential may go there: https anywhere, http from a loopback registry to loopback; `minted` tokens to
 * the registry's own host only. Undefined: it goes nowhere.
 */
export function allowedRealm(realm: string, registry: Endpoint, minted: boolean): Realm | undefined {
  const [, origin = "", path = "", query = ""] =
    /^(https?:\/\/[^/?#]+)(\/[^?#]*)?(\?[^#]*)?$/i.exec(realm) ?? [];
  const endpoint = /^[\x21-\x7e]*$/.test(path + query) ? parseEndpoint(origin) : undefined;
  if (endpoint === undefined) return undefined;
  const isPlain = endpoint.scheme === "http";
  if (isPlain && !(isLoopback(endpoint.host) && isLoopback(registry.host))) return undefined;
  if (minted && (endpoint.host !== registry.host || endpoint.port !== registry.port)) return undefined;
  return { endpoint, path: `${path === "" ? "/" : path}${query}` };
}

interface Scheme {
  readonly scheme: string;
  readonly fields: Map<string, string>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;

/** RFC 9110, 11.6.1. What does not fit ends the list: nothing is guessed. */
function challengesIn(header: string): readonly Scheme[] {
  const found: Scheme[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  const space = (): unknown => take(/[ \t,]*/y);
  for (space(); at < header.length; space()) {
    const name = take(TOKEN)?.[0];
    if (name === undefined) break;
    take(/[ \t]*/y);
    if (header[at] !== "=") {
      found.push({ scheme: name.toLowerCase(), fields: new Map() });
      continue;
    }
    at += 1;
    take(/[ \t]*/y);
    const value = take(QUOTED)?.[1]?.replace(/\\(.)/g, "$1") ?? take(TOKEN)?.[0];
    const fields = found.at(-1)?.fields;
    if (value === undefined || fields === undefined) break;
    if (!fields.has(name.toLowerCase())) fields.set(name.toLowerCase(), value);
  }
  return found;
}
