// Whether there was a local login that is over by now, for `doctor`: a file of one is there, and yet it is none any more.

import { readdirSync } from "node:fs";
import { joinPath } from "../core/paths.ts";
import type { RegistryRef } from "../core/registry.ts";
import { loginKey } from "./login-entry.ts";
import { loginFiles } from "./login-files.ts";
import { fileKey } from "./login-reader.ts";

/** When the newest login of `ref` was made, in milliseconds since 1970; asked where there is none in force. Never throws. */
export function lastLoginMs(
  stateDir: string | undefined,
  environmentId: string | undefined,
  ref: RegistryRef,
): number | undefined {
  if (stateDir === undefined) return undefined;
  try {
    const of = fileKey(loginKey(environmentId ?? "", ref.key));
    const version = loginFiles(readdirSync(joinPath(stateDir, "logins")), of).at(-1)?.version;
    return version === undefined ? undefined : Number(version.slice(0, 15));
  } catch {
    return undefined;
  }
}
