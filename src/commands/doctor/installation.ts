// The program itself: its version, where it lies, whether Docker would find it by its name, and which of Docker's and
// Podman's files name it.

import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { basename, delimiter, isAbsolute, join } from "node:path";
import { readDockerFile } from "../../core/docker-file.ts";
import { Failure, InvalidInput } from "../../core/failures.ts";
import type { Seen } from "../../core/findings.ts";
import { BUILD_DETAILS, VERSION } from "../../core/version.ts";
import type { AuthFile } from "../../docker/auth-files.ts";
import { isProgram } from "../../docker/programs.ts";
import { readConfigFile } from "../../docker/replace-file.ts";
import type { Checked, Fact } from "./check.ts";
import { printable } from "./check.ts";
import type { Scene } from "./scene.ts";

const PROGRAM = "docker-credential-";

export function checkInstallation({ invocation, context }: Scene, files: readonly AuthFile[]): Checked {
  const { executable, helperNames } = invocation;
  const names = new Set(["ona", ...namesInFiles(files, helperNames)]);
  const found = [...names].map((name) => ({ name, path: onPath(`${PROGRAM}${name}`, context.env.PATH) }));
  const facts: Fact[] = [
    { name: "version", value: `${VERSION} (${BUILD_DETAILS})` },
    { name: "program", value: printable(executable) },
    ...found.map(({ name, path }) => ({ name: "on PATH", value: path ?? `no ${PROGRAM}${name}` })),
    ...files.filter(({ state }) => state !== "absent").map((file) => fileFact(file, helperNames)),
  ];
  return {
    facts,
    data: {
      version: VERSION,
      program: executable,
      onPath: Object.fromEntries(found.map(({ name, path }) => [`${PROGRAM}${name}`, path ?? null])),
      files: files.map((file) => ({
        path: file.path,
        reader: file.reader,
        state: file.state,
        credHelpers: Object.fromEntries(file.credHelpers),
        credsStore: file.credsStore ?? null,
        auths: [...file.auths],
      })),
    },
    seen: [
      ...found.flatMap(({ name, path }) => notFound(name, path, executable, context.env.PATH)),
      ...files.flatMap(broken),
    ],
  };
}

/** Of the names under which we may stand in a file, those that stand in one. */
function namesInFiles(files: readonly AuthFile[], helperNames: readonly string[]): readonly string[] {
  const named = files.flatMap(({ credHelpers, credsStore }) => [...credHelpers.values(), credsStore ?? ""]);
  return helperNames.filter((name) => named.includes(name));
}

function notFound(
  name: string,
  path: string | undefined,
  executable: string,
  dirs: string | undefined,
): readonly Seen[] {
  const program = `${PROGRAM}${name}`;
  const isOurs = basename(executable).startsWith(PROGRAM);
  const unusable = path === undefined ? onPath(program, dirs, () => true) : undefined;
  if (unusable !== undefined) {
    const message = `${printable(unusable)} is on PATH, but may not be run`;
    const remedy = `chmod 755 ${printable(unusable)}`;
    return [{ code: "helper-not-on-path", severity: "error", subject: "installation", message, remedy }];
  }
  if (path === undefined) {
    const from = isOurs ? printable(executable) : `PATH_OF_${program.toUpperCase()}`;
    return [
      {
        code: "helper-not-on-path",
        severity: "error",
        subject: "installation",
        message: `${program} is not on PATH, so Docker and Podman cannot start it`,
        remedy: `sudo ln -s ${from} /usr/local/bin/${program}`,
      },
    ];
  }
  if (!isOurs || sameFile(path, executable)) return [];
  return [
    {
      code: "helper-other-on-path",
      severity: "warning",
      subject: "installation",
      message: `another ${program} comes first on PATH: ${printable(path)}; this one is ${printable(executable)}`,
    },
  ];
}

function broken({ path, reader, state }: AuthFile): readonly Seen[] {
  if (state !== "broken") return [];
  const who = reader === "docker" ? "Docker" : "Podman";
  const { what, remedy } = obstacle(path);
  return [
    {
      code: "docker-file-broken",
      severity: "error",
      subject: printable(path),
      message: `${printable(what)}, so ${who} asks no helper`,
      remedy,
    },
  ];
}

/** Why configure could not use the file either, in its words. */
function obstacle(path: string): { readonly what: string; readonly remedy: string } {
  const name = printable(path);
  const correct = `correct ${name}; jq . ${name} shows where it breaks`;
  try {
    readDockerFile(readConfigFile(path).text);
  } catch (error) {
    if (error instanceof Failure) return { what: error.message, remedy: error.hint ?? correct };
    if (error instanceof InvalidInput)
      return { what: `${path} cannot be used: ${error.message}`, remedy: correct };
  }
  return { what: `${path} cannot be used: it cannot be read or is no JSON object`, remedy: correct };
}

function fileFact(file: AuthFile, helperNames: readonly string[]): Fact {
  const entries = [...file.credHelpers];
  const ours = entries.filter(([, helper]) => helperNames.includes(helper)).map(([key]) => key);
  const others = entries.filter(([, helper]) => !helperNames.includes(helper));
  const store = file.credsStore === undefined ? [] : [`credsStore: ${file.credsStore}`];
  return {
    name: file.reader === "docker" ? "Docker's file" : "Podman's file",
    value: printable(file.path),
    details: [
      file.state === "broken"
        ? "no JSON object"
        : `ours: ${ours.length === 0 ? "none" : ours.map((key) => printable(key)).join(", ")}`,
      ...others.map(([key, helper]) => printable(`${helper === "" ? "no helper" : helper}: ${key}`)),
      ...store.map((text) => printable(text)),
    ],
  };
}

/** The first file of that name on PATH that will do; what is relative depends on where Docker runs. */
function onPath(program: string, path: string | undefined, willDo = isProgram): string | undefined {
  return (path ?? "")
    .split(delimiter)
    .filter(isAbsolute)
    .map((dir) => join(dir, program))
    .find((file) => existsSync(file) && willDo(file));
}

function sameFile(a: string, b: string): boolean {
  try {
    const [one, other] = [statSync(a), statSync(b)];
    if (one.dev === other.dev && one.ino === other.ino) return true;
    // A copy does the same.
    return one.size === other.size && sameContent(a, b, one.size);
  } catch {
    return false;
  }
}

const CHUNK_BYTES = 64 * 1024;

/** Pieces from all over both files: two builds of one size differ in many places. */
function sameContent(a: string, b: string, size: number): boolean {
  const fds = [openSync(a, "r"), openSync(b, "r")] as const;
  try {
    const step = Math.max(CHUNK_BYTES, Math.floor(size / 64));
    for (let at = 0; at < size; at += step) {
      const [one, other] = fds.map((fd) => {
        const buffer = Buffer.alloc(CHUNK_BYTES);
        return buffer.subarray(0, readSync(fd, buffer, 0, CHUNK_BYTES, at));
      });
      if (one === undefined || other === undefined || !one.equals(other)) return false;
    }
    return true;
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}
