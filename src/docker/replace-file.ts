// Reads a Docker or containers auth file and puts another text in its place: whole or not at all, owner, mode and links
// kept. Docker writes the same file without a lock, so what was read is compared once more just before the rename. It
// never writes into the old file, and whatever it refuses it leaves as it was.

import {
  accessSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { Failure } from "../core/failures.ts";
import { readAtMost } from "../edge/read-at-most.ts";
import { randomName } from "../store/atomic-file.ts";
import { GROUP } from "../store/sweep.ts";

/** An auth file may hold many logins. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_LINKS = 40;
const OWNER_MAY_WRITE = 0o200;

export interface ConfigFile {
  /** As it was named, absolute. */
  readonly path: string;
  /** Where it lies, behind all links. */
  readonly target: string;
  /** Empty when there is no file. */
  readonly text: string;
  readonly bytes: Uint8Array | undefined;
  readonly stat: { readonly uid: number; readonly gid: number; readonly mode: number } | undefined;
}

/** The file at `path`, which need not exist. Throws a Failure. */
export function readConfigFile(path: string): ConfigFile {
  const target = targetOf(path);
  const { bytes, stat } = readBytes(path, target);
  return { path, target, bytes, stat, text: bytes === undefined ? "" : decoded(path, bytes) };
}

/**
 * Puts `text` in the place of `file`. False: the file is not what it was any more, and nothing was written; read it again.
 * Throws a Failure when it cannot be done; the old file is then untouched.
 */
export function replaceConfigFile(file: ConfigFile, text: string, uid: number): boolean {
  const { path, target, stat } = file;
  checkWritable(file, uid);
  const temporary = join(dirname(target), `.${basename(target)}.tmp-${process.pid}-${randomName()}`);
  try {
    const owner = stat ?? makeDirectory(dirname(target), uid);
    writeNew(temporary, text, { ...owner, mode: stat?.mode ?? 0o600 });
    if (isAsRead(file)) {
      renameSync(temporary, target);
      return true;
    }
    unlinkSync(temporary);
    return false;
  } catch (error) {
    remove(temporary);
    throw error instanceof Failure ? error : notWritten(path, target, codeOf(error));
  }
}

/** A text of one's own beside the file, mode 0600, owner as the file's; nothing if something is there. Throws a Failure. */
export function writeBeside(file: ConfigFile, path: string, text: string, uid: number): void {
  try {
    writeNew(path, text, { uid: file.stat?.uid ?? uid, gid: file.stat?.gid, mode: 0o600 });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw notWritten(path, path, codeOf(error));
  }
}

/** Makes the directory of a new file, and says whose the file is to be. */
function makeDirectory(directory: string, uid: number): Omit<Belonging, "mode"> {
  const made = mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (uid !== 0) return { uid, gid: undefined };
  // What root makes in somebody's home belongs to that somebody.
  const { uid: owner, gid } = statSync(made === undefined ? directory : dirname(made));
  if (made === undefined) return { uid: owner, gid };
  for (let each = directory; each.length >= made.length; each = dirname(each)) chownSync(each, owner, gid);
  return { uid: owner, gid };
}

interface Belonging {
  readonly uid: number;
  /** Undefined: whichever it gets. */
  readonly gid: number | undefined;
  readonly mode: number;
}

/** A new file that is complete on disk. Throws the system's error and leaves nothing. */
function writeNew(path: string, text: string, wanted: Belonging): void {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    const bytes = Buffer.from(text, "utf8");
    writeFileSync(fd, bytes);
    const { uid, gid, size } = fstatSync(fd);
    // A full tmpfs may cut a write short without an error.
    if (size !== bytes.length) throw Object.assign(new Error("short write"), { code: "ENOSPC" });
    if (wanted.uid !== uid) fchownSync(fd, wanted.uid, wanted.gid ?? gid);
    fchmodSync(fd, hasGroup(fd, wanted.gid) ? wanted.mode : wanted.mode & ~GROUP);
    fsyncSync(fd);
  } catch (error) {
    remove(path);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** Gives the file its group; false when that cannot be: then the group's rights would be another group's. */
function hasGroup(fd: number, wanted: number | undefined): boolean {
  const { uid, gid } = fstatSync(fd);
  if (wanted === undefined || gid === wanted) return true;
  try {
    fchownSync(fd, uid, wanted);
    return true;
  } catch {
    return false;
  }
}

function isAsRead({ path, target, bytes }: ConfigFile): boolean {
  if (targetOf(path) !== target) return false;
  const now = readBytes(path, target).bytes;
  if (now === undefined || bytes === undefined) return now === bytes;
  return Buffer.compare(now, bytes) === 0;
}

function readBytes(path: string, target: string): Pick<ConfigFile, "bytes" | "stat"> {
  let fd: number;
  try {
    fd = openSync(target, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return { bytes: undefined, stat: undefined };
    throw unusable(path, `cannot be read (${codeOf(error)})`, "check its owner and mode");
  }
  try {
    const stat = fstatSync(fd);
    if (stat.isDirectory()) throw unusable(path, "is a directory", "remove it");
    if (!stat.isFile()) throw unusable(path, "is not a regular file", "remove it");
    const bytes = readAtMost(fd, stat.size, MAX_BYTES);
    if (bytes === undefined) throw unusable(path, "is larger than 16 MiB", "make it smaller");
    return { bytes, stat: { uid: stat.uid, gid: stat.gid, mode: stat.mode & 0o777 } };
  } finally {
    closeSync(fd);
  }
}

/** Where the links of `path` lead, whether something is there or not. */
function targetOf(path: string): string {
  const owners = new Set<number>();
  let at = path;
  for (let links = 0; links <= MAX_LINKS; links += 1) {
    const stat = look(path, at);
    if (stat?.isSymbolicLink() !== true) {
      // Root must not be led to a file that the link's owner could not change.
      const led = stat !== undefined && [...owners].some((owner) => owner !== 0 && owner !== stat.uid);
      if (led)
        throw unusable(path, `is a link of one user to a file of another, ${at}`, "name the file itself");
      return realPlace(at);
    }
    owners.add(stat.uid);
    at = resolve(dirname(at), readlinkSync(at));
  }
  throw unusable(path, "is a link that leads in a circle", "remove it");
}

/** One name for one file, whatever links the directories above it are; they need not exist. */
function realPlace(path: string): string {
  const above = dirname(path);
  if (above === path) return path;
  try {
    return join(realpathSync(above), basename(path));
  } catch {
    return join(realPlace(above), basename(path));
  }
}

function look(path: string, at: string) {
  try {
    return lstatSync(at, { throwIfNoEntry: false });
  } catch (error) {
    throw unusable(path, `cannot be read (${codeOf(error)})`, "check the directories above it");
  }
}

function decoded(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unusable(path, "is not valid UTF-8", "correct it");
  }
}

/** Throws a Failure where the file may not be replaced. */
export function checkWritable({ path, target, stat }: ConfigFile, uid: number): void {
  if (stat === undefined) return;
  if (uid !== 0 && stat.uid !== uid) {
    throw unusable(path, `belongs to another user (uid ${stat.uid})`, "run this as that user");
  }
  // Root may write to every file, but whoever took the right away meant it.
  const hint = `run chmod u+w ${target}`;
  if ((stat.mode & OWNER_MAY_WRITE) === 0) throw unusable(path, "is read-only", hint);
  try {
    accessSync(target, constants.W_OK);
  } catch (error) {
    // Gone meanwhile: the comparison before the rename sees it.
    if (codeOf(error) !== "ENOENT") throw unusable(path, `is read-only (${codeOf(error)})`, hint);
  }
}

const HINTS: Readonly<Record<string, string>> = {
  EBUSY: "it is a mount of its own, which nobody can replace: mount its directory, or configure it outside",
  ENOSPC: "free space on that disk",
  EDQUOT: "free space on that disk",
  EROFS: "its disk is mounted read-only",
};

function notWritten(path: string, target: string, code: string): Failure {
  const hint = HINTS[code] ?? `check owner and mode of ${dirname(target)}`;
  return unusable(path, `cannot be written (${code})`, hint);
}

function unusable(path: string, why: string, hint: string): Failure {
  return new Failure("docker-file-broken", `${path} ${why}`, { hint });
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was never made, or is gone.
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "unknown";
