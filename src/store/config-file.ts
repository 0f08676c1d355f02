// Finds and reads the configuration. The file decides where credentials go, so it and its directory must belong to
// root or to us and be writable by nobody else.

import { closeSync, constants, fstatSync, openSync, realpathSync, statSync } from "node:fs";
import { type Config, DEFAULT_CONFIG, MAX_DEADLINE_MS, parseConfig } from "../core/config.ts";
import { Failure, InvalidInput } from "../core/failures.ts";
import { isAbsolutePath, parentOf } from "../core/paths.ts";
import { setting } from "../core/setting.ts";
import { readAtMost } from "../edge/read-at-most.ts";
import { isOverflowOwner, isTrustedOwner } from "./trusted-owner.ts";

const MAX_CONFIG_BYTES = 1024 * 1024;
const WRITABLE_BY_OTHERS = 0o022;
/** What both runtimes put in the place of bytes that are no UTF-8; the path would name another file. */
const REPLACEMENT = "\ufffd";
const NOT_UTF8 = "is not valid UTF-8, so the file that it names cannot be opened";
const DEADLINE_VARIABLE = "DOCKER_CREDENTIAL_ONA_DEADLINE_MS";

export interface LoadedConfig {
  /** The defaults when there is no file or it is broken. */
  readonly config: Config;
  readonly path: string | undefined;
  /** Why the file is not used. */
  readonly broken: Failure | undefined;
}

/** `named` is DOCKER_CREDENTIAL_ONA_CONFIG, which must exist; else the first of `candidates` that exists. */
export function loadConfig(
  env: Readonly<Record<string, string | undefined>>,
  candidates: readonly string[],
  uid: number,
): LoadedConfig {
  const named = setting(env.DOCKER_CREDENTIAL_ONA_CONFIG);
  let path: string | undefined;
  try {
    const found = named ? { path: named, text: readNamed(named, uid) } : readFirst(candidates, env, uid);
    path = found?.path;
    const config = found === undefined ? DEFAULT_CONFIG : parse(found.path, found.text);
    return { config: withDeadline(config, env), path, broken: undefined };
  } catch (error) {
    const broken = error instanceof Failure ? error : invalid(path ?? "the configuration", "cannot be read");
    return { config: DEFAULT_CONFIG, path, broken };
  }
}

function readFirst(
  candidates: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  uid: number,
): { path: string; text: string } | undefined {
  for (const path of candidates) {
    if (path.includes(REPLACEMENT)) {
      const name = env.XDG_CONFIG_HOME?.includes(REPLACEMENT) ? "XDG_CONFIG_HOME" : "HOME";
      throw invalid(name, `${NOT_UTF8}; or name the file in DOCKER_CREDENTIAL_ONA_CONFIG`);
    }
    const text = readChecked(path, uid);
    if (text !== undefined) return { path, text };
  }
  return undefined;
}

function readNamed(path: string, uid: number): string {
  if (path.includes(REPLACEMENT)) throw invalid("DOCKER_CREDENTIAL_ONA_CONFIG", NOT_UTF8);
  if (!isAbsolutePath(path)) throw invalid(path, "DOCKER_CREDENTIAL_ONA_CONFIG must be an absolute path");
  const text = readChecked(path, uid);
  if (text === undefined) throw invalid(path, "does not exist, though DOCKER_CREDENTIAL_ONA_CONFIG names it");
  return text;
}

/** The text of a file that may be trusted; undefined when there is none. Throws a Failure. */
function readChecked(path: string, uid: number): string | undefined {
  const fd = open(path);
  if (fd === undefined) return undefined;
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw invalid(path, "is not a regular file");
    const dirs = new Set([parentOf(path), parentOf(realpathSync(path))]);
    for (const dir of dirs) checkTrust(dir, statSync(dir), uid);
    checkTrust(path, stat, uid);
    const bytes = readAtMost(fd, stat.size, MAX_CONFIG_BYTES);
    if (bytes === undefined) throw invalid(path, "is larger than 1 MiB");
    return bytes.toString("utf8");
  } finally {
    closeSync(fd);
  }
}

function open(path: string): number | undefined {
  try {
    // Asked first, since an error that is thrown costs ten times as much and most users have no file.
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw invalid(path, `cannot be read (${code})`);
  }
}

function checkTrust(path: string, stat: { uid: number; mode: number }, uid: number): void {
  if (!isTrustedOwner(path, stat.uid, uid)) {
    const what = isOverflowOwner(stat.uid)
      ? "belongs to a user outside this user namespace, and could be exchanged from inside"
      : "belongs to another user";
    throw unsafe(path, what, `make it belong to root or to user ${uid}`);
  }
  if ((stat.mode & WRITABLE_BY_OTHERS) !== 0) {
    throw unsafe(path, "can be written by others", `run chmod go-w ${path}`);
  }
}

function parse(path: string, text: string): Config {
  try {
    return parseConfig(text);
  } catch (error) {
    throw invalid(path, error instanceof InvalidInput ? error.message : "cannot be read");
  }
}

function withDeadline(config: Config, env: Readonly<Record<string, string | undefined>>): Config {
  const text = setting(env[DEADLINE_VARIABLE]);
  if (text === undefined) return config;
  const deadlineMs = /^[1-9][0-9]{0,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(deadlineMs <= MAX_DEADLINE_MS)) {
    throw invalid(DEADLINE_VARIABLE, `must be a whole number from 1 to ${MAX_DEADLINE_MS}`);
  }
  return { ...config, deadlineMs };
}

function invalid(what: string, why: string): Failure {
  return new Failure("config-invalid", `the configuration is broken: ${what}: ${why}`, {
    hint: "correct it",
  });
}

function unsafe(path: string, why: string, hint: string): Failure {
  return new Failure("config-unsafe", `the configuration is not used: ${path} ${why}`, { hint });
}
