// containerd's `config_path`: a directory for each registry with a hosts.toml in it. Only files of ours are replaced or
// removed, and only directories that are empty then.

import { mkdirSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import {
  hostDirectory,
  hostsToml,
  linesToMerge,
  readHostsToml,
  registryOfDirectory,
  type TlsFiles,
} from "../core/export/containerd.ts";
import { type ExportEntry, IDENTITY_TOKEN_USER, inOrder } from "../core/export/entry.ts";
import { inForce } from "../core/export/in-force.ts";
import { type Failure, toFailure } from "../core/failures.ts";
import { parseRegistry, type RegistryRef } from "../core/registry.ts";
import { exists } from "../store/atomic-file.ts";
import { colonInName } from "./file-target.ts";
import type { Gathered, Problem } from "./gather.ts";
import {
  codeOf,
  type ExportFile,
  type ExportTarget,
  foreign,
  readExportFile,
  replaceExportFile,
  type Update,
  unwritable,
} from "./target.ts";

const FILE = "hosts.toml";

/** Undefined where a credential can stand in a header. */
export function noHeader(entry: ExportEntry): string | undefined {
  return entry.credential.username === IDENTITY_TOKEN_USER
    ? "its secret is an identity token, which containerd cannot send"
    : colonInName(entry);
}

interface Place {
  readonly directory: string;
  readonly registry: RegistryRef;
  readonly file: ExportFile;
}

export class TreeTarget implements ExportTarget {
  readonly cannotCarry = noHeader;
  readonly #root: string;
  readonly #uid: number;
  #written: readonly string[] = [];

  constructor(root: string, uid: number) {
    this.#root = root;
    this.#uid = uid;
  }

  update(gathered: Gathered, nowMs: number): Update {
    this.#makeRoot();
    const places = this.#ours();
    const previous = places.flatMap(({ file }) =>
      file.previous.kind === "ours" ? file.previous.entries : [],
    );
    const problems: Problem[] = [];
    const entries: ExportEntry[] = [];
    let changed = false;
    for (const entry of inOrder(inForce(gathered, previous, nowMs))) {
      try {
        if (this.#write(entry, nowMs)) changed = true;
        entries.push(entry);
      } catch (error) {
        problems.push({ subject: entry.registry.key, failure: toFailure(error), isError: true });
      }
    }
    const kept = new Set(entries.map(({ registry }) => hostDirectory(registry)));
    const { only } = gathered;
    for (const { directory, registry, file } of places) {
      const isMeant = only === undefined || only.has(registry.key);
      if (!isMeant || kept.has(directory)) continue;
      remove(file.path, join(this.#root, directory));
      changed = true;
    }
    this.#written = [...kept].map((directory) => join(this.#root, directory, FILE));
    return { changed, entries, problems };
  }

  isIntact(): boolean {
    return this.#written.every(exists);
  }

  #makeRoot(): void {
    try {
      mkdirSync(this.#root, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw unwritable(this.#root, `cannot be made (${codeOf(error)})`);
    }
  }

  /** Every file of ours in the tree. */
  #ours(): readonly Place[] {
    let names: string[];
    try {
      names = readdirSync(this.#root);
    } catch (error) {
      throw unwritable(this.#root, `cannot be read (${codeOf(error)})`);
    }
    return names.flatMap((directory) => {
      const registry = parseRegistry(registryOfDirectory(directory));
      if (registry?.kind !== "registry" || hostDirectory(registry) !== directory) return [];
      const file = this.#read(directory, registry);
      return file?.previous.kind === "ours" ? [{ directory, registry, file }] : [];
    });
  }

  #read(directory: string, registry: RegistryRef): ExportFile | undefined {
    try {
      const read = (text: string) => readHostsToml(text, registry);
      return readExportFile(join(this.#root, directory, FILE), this.#uid, read);
    } catch {
      return undefined;
    }
  }

  /** True when the file is another now. Throws a Failure. */
  #write(entry: ExportEntry, nowMs: number): boolean {
    const { registry } = entry;
    const directory = hostDirectory(registry);
    // containerd looks there second; what is in it would no longer count.
    const second = join(this.#root, registry.key, FILE);
    if (directory !== registry.key && exists(second)) throw notOurs(second, registry);
    const path = join(this.#root, directory, FILE);
    const file = readExportFile(path, this.#uid, (text) => readHostsToml(text, registry));
    if (file.previous.kind === "foreign") throw notOurs(path, registry);
    const text = hostsToml(entry, tlsFiles(join(this.#root, directory)));
    return text !== undefined && replaceExportFile(file, text, this.#uid, nowMs);
  }
}

function notOurs(path: string, registry: RegistryRef): Failure {
  const lines = linesToMerge(registry).split("\n").join(" / ");
  return foreign(path, `move it away, or put these lines into it: ${lines}`);
}

/** containerd takes certificates from the directory only while there is no hosts.toml in it, so the file names them. */
function tlsFiles(directory: string): TlsFiles {
  let names: string[];
  try {
    names = readdirSync(directory).toSorted();
  } catch {
    return { ca: [], client: [] };
  }
  const keyOf = (name: string): string => `${name.slice(0, -".cert".length)}.key`;
  return {
    ca: names.filter((name) => name.endsWith(".crt")),
    client: names
      .filter((name) => name.endsWith(".cert"))
      .map((name) => [name, names.includes(keyOf(name)) ? keyOf(name) : ""]),
  };
}

function remove(path: string, directory: string): void {
  try {
    unlinkSync(path);
    rmdirSync(directory);
  } catch (error) {
    const code = codeOf(error);
    // Something else of the user's is in the directory, or it is gone already.
    if (code !== "ENOTEMPTY" && code !== "ENOENT" && code !== "EEXIST" && code !== "ENOTDIR") {
      throw unwritable(path, `cannot be removed (${code})`);
    }
  }
}
