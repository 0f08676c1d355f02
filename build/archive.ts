// Archives that are the same bytes whenever they are made of the same files: sorted, with one date, owned by root.

import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

/** Writes `text` to `path` with `mode`, whatever the umask, and makes its directories. */
export function put(path: string, text: string | Uint8Array, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
}

/** Directories 0755, in which umask may have had a word. */
export function openDirectories(path: string): void {
  chmodSync(path, 0o755);
  for (const name of readdirSync(path)) {
    if (statSync(join(path, name)).isDirectory()) openDirectories(join(path, name));
  }
}

/** `archive.tar.gz` with the directory `name` of `parent`. `epochS`: the date of everything in it. */
export function tarGz(archive: string, parent: string, name: string, epochS: number): void {
  openDirectories(join(parent, name));
  const order = [
    "--sort=name",
    "--format=ustar",
    `--mtime=@${epochS}`,
    "--owner=0",
    "--group=0",
    "--numeric-owner",
  ];
  const tar = execFileSync("tar", ["-c", ...order, "-C", parent, name], { maxBuffer: 2 ** 30 });
  writeFileSync(archive, gzip(tar));
}

/** Without a name or a time in it. */
export const gzip = (bytes: Uint8Array): Buffer => gzipSync(bytes, { level: 9 });
