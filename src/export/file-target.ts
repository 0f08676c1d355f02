// One file that holds every credential: an auth file, or a Kubernetes manifest.

import { authFile, type PreviousExport, readAuthFile } from "../core/export/auth-file.ts";
import type { ExportEntry } from "../core/export/entry.ts";
import { inForce } from "../core/export/in-force.ts";
import { type ManifestNames, manifest, readManifest } from "../core/export/kubernetes.ts";
import { exists } from "../store/atomic-file.ts";
import type { Gathered } from "./gather.ts";
import { type ExportTarget, foreign, readExportFile, replaceExportFile, type Update } from "./target.ts";

export interface FileFormat {
  render(entries: readonly ExportEntry[]): string;
  read(text: string): PreviousExport;
}

export const dockerConfigFormat: FileFormat = { render: authFile, read: readAuthFile };

export function kubernetesFormat(names: ManifestNames): FileFormat {
  return { render: (entries) => manifest(entries, names), read: readManifest };
}

/** What neither `auths` nor a header can hold. */
export function colonInName({ credential }: ExportEntry): string | undefined {
  return credential.username.includes(":")
    ? "its user name has a colon, which this format cannot carry"
    : undefined;
}

const NOTHING: Update = { changed: false, entries: [], problems: [] };

export class FileTarget implements ExportTarget {
  readonly cannotCarry = colonInName;
  readonly #path: string;
  readonly #uid: number;
  readonly #format: FileFormat;
  #written: string | undefined;

  constructor(path: string, uid: number, format: FileFormat) {
    this.#path = path;
    this.#uid = uid;
    this.#format = format;
  }

  update(gathered: Gathered, nowMs: number): Update {
    const file = readExportFile(this.#path, this.#uid, this.#format.read);
    const { previous } = file;
    if (previous.kind === "foreign") {
      throw foreign(this.#path, "move it away, or name another --output; it may hold logins of yours");
    }
    const entries = inForce(gathered, previous.kind === "ours" ? previous.entries : [], nowMs);
    // Where nothing could be asked an empty file would say that there is nothing.
    if (entries.length === 0 && gathered.mayBeMore && file.text === "") return NOTHING;
    const changed = replaceExportFile(file, this.#format.render(entries), this.#uid, nowMs);
    this.#written = file.path;
    return { changed, entries, problems: [] };
  }

  isIntact(): boolean {
    return this.#written === undefined || exists(this.#written);
  }
}
