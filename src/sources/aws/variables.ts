// AWS keys in variables. Half of them, or what cannot be a key, is a failure that names the variable.

import { variable } from "../cloud/variable.ts";
import { type Found, found, none } from "./found.ts";
import { checkKeys } from "./keys.ts";

/** Throws a Failure. */
export function variableKeys(env: Readonly<Record<string, string | undefined>>): Found {
  const set = (name: string): readonly [string, string | undefined] => [name, variable(env, name)];
  const current = set("AWS_SESSION_TOKEN");
  const session = current[1] === undefined ? set("AWS_SECURITY_TOKEN") : current;
  const keys = checkKeys({ id: set("AWS_ACCESS_KEY_ID"), secret: set("AWS_SECRET_ACCESS_KEY"), session }, "");
  return keys === undefined ? none() : found(keys);
}
