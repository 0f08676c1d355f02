// The end of a token that tells it: a JSON Web Token says so in its middle part, which anybody may read. Nothing is checked
// here, and nothing but the time is taken from it; it serves messages only.

import { isRecord, isTime } from "./entry.ts";
import { parseForeignJson } from "./foreign-json.ts";

/** Milliseconds since 1970; undefined for a token of another kind. */
export function jwtEndMs(token: string): number | undefined {
  const [, claims, signature, more] = token.split(".");
  if (claims === undefined || signature === undefined || more !== undefined || claims.length > 20_000)
    return undefined;
  try {
    const fields = parseForeignJson(atob(claims.replaceAll("-", "+").replaceAll("_", "/")));
    const end = isRecord(fields) ? fields.exp : undefined;
    return isTime(end) ? end * 1000 : undefined;
  } catch {
    return undefined;
  }
}
