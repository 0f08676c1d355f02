// What `exec` makes of the user's own files: the same settings, with our credentials as `auths` and without the helpers that
// would be asked in their place. It sees values that were parsed, and changes none of them.

import { isRecord } from "../entry.ts";
import { dockerKey, parseRegistry } from "../registry.ts";
import type { AuthEntry } from "./docker-config.ts";
import { fromBase64 } from "./entry.ts";

type Fields = Readonly<Record<string, unknown>>;
type Auths = Readonly<Record<string, AuthEntry>>;

/**
 * Docker's config.json. A `credsStore` would hide every `auths`, so it becomes a helper for each of `stored`, the servers
 * that it says it has, and for no other.
 */
export function dockerConfigFor(own: Fields, auths: Auths, stored: readonly string[]): Fields {
  const { credsStore, credHelpers, auths: ownAuths, ...settings } = own;
  const ours = registriesOf(auths);
  const isOurs = (key: string): boolean => ours.has(keyOf(key));
  const fromStore =
    typeof credsStore === "string"
      ? stored.flatMap((key) => {
          const ref = parseRegistry(key, "secret");
          return ref === undefined || ours.has(ref.key) ? [] : [[dockerKey(ref), credsStore] as const];
        })
      : [];
  const helpers = { ...Object.fromEntries(fromStore), ...without(credHelpers, isOurs) };
  return {
    ...settings,
    auths: { ...without(ownAuths, isOurs), ...auths },
    ...(Object.keys(helpers).length === 0 ? {} : { credHelpers: helpers }),
  };
}

/** An auth file of Podman's. `own`: those that it would read, the ones that count more last. */
export function authFileFor(own: readonly Fields[], auths: Auths): Fields {
  const ours = registriesOf(auths);
  const isOurs = (key: string): boolean => ours.has(keyOf(key));
  const merged = (field: string): Fields =>
    Object.assign({}, ...own.map((fields) => without(fields[field], isOurs)));
  const helpers = merged("credHelpers");
  return {
    auths: { ...merged("auths"), ...auths },
    ...(Object.keys(helpers).length === 0 ? {} : { credHelpers: helpers }),
  };
}

/**
 * The text of DOCKER_AUTH_CONFIG. Docker's client refuses the whole of it for one unknown field or one entry without a
 * user, so it has `auth` and nothing else (docker/cli, configfile/file.go). `own`: what stood there, then the user's file.
 */
export function authVariable(own: readonly Fields[], auths: Auths): string {
  const plain: Record<string, { auth: string }> = {};
  for (const entries of [...own.map(({ auths: entries }) => entries), auths]) {
    for (const [key, entry] of Object.entries(isRecord(entries) ? entries : {})) {
      const auth = isRecord(entry) && entry.identitytoken === undefined ? entry.auth : undefined;
      if (typeof auth === "string" && (fromBase64(auth)?.indexOf(":") ?? 0) > 0) plain[key] = { auth };
    }
  }
  return JSON.stringify({ auths: plain });
}

function without(entries: unknown, isOurs: (key: string) => boolean): Fields {
  return Object.fromEntries(Object.entries(isRecord(entries) ? entries : {}).filter(([key]) => !isOurs(key)));
}

function registriesOf(auths: Auths): ReadonlySet<string> {
  return new Set(Object.keys(auths).map(keyOf));
}

/** The registry that a key of such a file means; the key itself when it means none. */
const keyOf = (key: string): string => parseRegistry(key, "secret")?.key ?? key;
