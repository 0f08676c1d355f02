// The copy of a file as it was before configure, beside it under its own name. It is made once, private, and without the
// logins that leave the file: a password that leaves the disk must not stay in a copy.

import { unlinkSync } from "node:fs";
import { loginsToRemove, withoutLogins } from "../core/docker-config.ts";
import { readDockerFile } from "../core/docker-file.ts";
import { Failure } from "../core/failures.ts";
import type { StoredLogin } from "../core/stored-login.ts";
import { exists } from "../store/atomic-file.ts";
import { type ConfigFile, readConfigFile, replaceConfigFile, writeBeside } from "./replace-file.ts";

/** Beside the name that people know, not beside what a link leads to, which may be a directory of dotfiles. */
export const backupOf = (path: string): string => `${path}.before-ona`;

/** `gone`: keys of `auths` that are being taken out. Throws a Failure. */
export function makeBackup(file: ConfigFile, path: string, gone: readonly string[], uid: number): void {
  writeBeside(
    file,
    backupOf(path),
    withoutLogins(file.text, (key) => gone.includes(key)),
    uid,
  );
}

/** The platform's logins leave a copy that an earlier run made, too. Throws a Failure. */
export function scrubBackup(path: string, isPlatforms: (login: StoredLogin) => boolean, uid: number): void {
  const backup = readConfigFile(backupOf(path));
  let text: string;
  try {
    const file = readDockerFile(backup.text);
    const own = new Set(loginsToRemove(file, file.logins, isPlatforms).map(({ key }) => key));
    text = withoutLogins(backup.text, (key) => own.has(key));
  } catch {
    // Somebody made something else of it, which is theirs.
    return;
  }
  if (text !== backup.text) replaceConfigFile(backup, text, uid);
}

/** Throws a Failure when it is there and cannot be removed. */
export function removeBackup(path: string): void {
  const backup = backupOf(path);
  try {
    unlinkSync(backup);
  } catch (error) {
    if (!exists(backup)) return;
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new Failure("docker-file-broken", `${backup} cannot be removed (${code})`, { hint: "remove it" });
  }
}
