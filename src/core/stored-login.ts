// An entry of `auths`: which registry it is for and which credential it holds, as Docker and Podman would read it.

import { fromBase64, IDENTITY_TOKEN_USER } from "./export/entry.ts";
import { parseRegistry, type RegistryRef } from "./registry.ts";
import { type Credential, Secret } from "./secret.ts";

/** The fields that can hold a login. */
const FIELDS = ["auth", "username", "password", "identitytoken", "registrytoken"];

/** An entry of `auths` that has something in it. */
export interface StoredLogin {
  /** As it stands in the file. */
  readonly key: string;
  readonly ref: RegistryRef;
  /** Undefined when it holds what cannot be compared. */
  readonly credential: Credential | undefined;
}

/** The text of one field of an entry; empty where there is none. */
type Field = (name: string) => string;

/** None for what names no registry, and for the empty marks that Docker leaves where a helper keeps the login. */
export function storedLogin(key: string, field: Field): readonly StoredLogin[] {
  const ref = parseRegistry(key, "secret");
  if (ref?.kind !== "registry") return [];
  const hasContent = FIELDS.some((name) => field(name) !== "");
  return hasContent ? [{ key, ref, credential: credentialIn(field) }] : [];
}

/** The one credential that an entry holds; undefined when it holds another kind of login, or two that differ. */
function credentialIn(field: Field): Credential | undefined {
  const [auth = "", username = "", secret = "", identityToken = "", registryToken = ""] = FIELDS.map(field);
  if (registryToken !== "") return undefined;
  const pair = auth === "" ? { username, secret } : pairIn(auth);
  if (pair === undefined) return undefined;
  if (identityToken !== "") {
    // Beside it stands a user name that nobody asks for, and no password.
    const alone = pair.secret === "" && secret === "";
    return alone ? { username: IDENTITY_TOKEN_USER, secret: new Secret(identityToken) } : undefined;
  }
  const differs =
    (username !== "" && username !== pair.username) || (secret !== "" && secret !== pair.secret);
  return differs ? undefined : { username: pair.username, secret: new Secret(pair.secret) };
}

/** As Docker decodes it: up to the first colon, NUL bytes around the rest dropped. */
function pairIn(auth: string): { username: string; secret: string } | undefined {
  const text = fromBase64(auth.trim());
  const colon = text?.indexOf(":") ?? -1;
  if (text === undefined || colon < 0) return undefined;
  return { username: text.slice(0, colon), secret: text.slice(colon + 1).replace(/^\0+|\0+$/g, "") };
}
