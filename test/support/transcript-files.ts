// The directives of transcripts that make, change and check files. All paths lie below the bed; a path that leads
// out of it is an error.

import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect } from "vitest";

type Act = (root: string, words: readonly string[], body: string) => void;

/** The path below the bed that `path` means; relative paths start at the bed. */
export function inside(root: string, path: string): string {
  const whole = normalize(path.startsWith("/") ? path : join(root, path));
  if (!whole.startsWith(`${root}/`)) throw new Error(`outside of the bed: ${path}`);
  return whole;
}

const CONFIG = "home/.config/docker-credential-ona/config.json";
const DOCKER_CONFIG = "home/.docker/config.json";

const acts: Readonly<Record<string, Act>> = {
  config: (root, _, body) => write(inside(root, CONFIG), body, "600"),
  credhelpers: (root, hosts) => {
    const helpers = Object.fromEntries(hosts.map((host) => [host, "ona"]));
    write(inside(root, DOCKER_CONFIG), JSON.stringify({ credHelpers: helpers }), "600");
  },
  file: (root, [path = "", mode = "600"], body) => write(inside(root, path), body, mode),
  dir: (root, [path = "", mode = "700"]) => {
    mkdirSync(inside(root, path), { recursive: true, mode: 0o700 });
    chmodSync(inside(root, path), Number.parseInt(mode, 8));
  },
  link: (root, [path = "", target = ""]) => {
    mkdirSync(dirname(inside(root, path)), { recursive: true, mode: 0o700 });
    symlinkSync(inside(root, target), inside(root, path));
  },
  remove: (root, [path = ""]) => rmSync(inside(root, path), { recursive: true, force: true }),
  chmod: (root, [path = "", mode = ""]) => chmodSync(inside(root, path), Number.parseInt(mode, 8)),
  chown: (root, [path = "", uid = ""]) => chownSync(inside(root, path), Number(uid), Number(uid)),
};

/** The path a directive puts there or changes, so that its mode and content are the script's own business. */
export function actOnFiles(root: string, name: string, words: readonly string[], body: string): string {
  const act = acts[name];
  if (act === undefined) throw new Error(`nothing to do for ${name}`);
  act(root, words, body);
  if (name === "config") return inside(root, CONFIG);
  return inside(root, name === "credhelpers" ? DOCKER_CONFIG : (words[0] ?? ""));
}

function write(path: string, body: string, mode: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, `${body}\n`);
  chmodSync(path, Number.parseInt(mode, 8));
}

const stat = (path: string): { mode: number } | undefined => lstatSync(path, { throwIfNoEntry: false });

const checks: Readonly<
  Record<string, (path: string, words: readonly string[], body: string, where: string) => void>
> = {
  absent: (path, _, __, where) => expect(stat(path), where).toBeUndefined(),
  mode: (path, [mode = ""], _, where) =>
    expect(((stat(path)?.mode ?? 0) & 0o777).toString(8), where).toBe(mode),
  empty: (path, _, __, where) => expect(stat(path) ? readdirSync(path) : [], where).toEqual([]),
  has: (path, words, _, where) => expect(readFileSync(path, "utf8"), where).toContain(words.join(" ")),
  is: (path, _, body, where) => expect(readFileSync(path, "utf8"), where).toBe(`${body}\n`),
};

export function checkFiles(root: string, words: readonly string[], body: string, where: string): void {
  const [what = "", path = "", ...rest] = words;
  const check = checks[what];
  if (check === undefined) throw new Error(`${where}: no such check`);
  check(inside(root, path), rest, body, where);
}
