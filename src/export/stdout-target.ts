// Stdout in place of a file: the whole document, again whenever it is another than the last.

import { hostDirectory, hostsToml } from "../core/export/containerd.ts";
import type { ExportEntry } from "../core/export/entry.ts";
import { inOrder } from "../core/export/entry.ts";
import { inForce } from "../core/export/in-force.ts";
import type { Gathered } from "./gather.ts";
import type { ExportTarget, Update } from "./target.ts";

export class StdoutTarget implements ExportTarget {
  readonly cannotCarry: ExportTarget["cannotCarry"];
  readonly #write: (text: string) => void;
  readonly #render: (entries: readonly ExportEntry[]) => string;
  #entries: readonly ExportEntry[] = [];
  #text: string | undefined;

  constructor(
    write: (text: string) => void,
    render: (entries: readonly ExportEntry[]) => string,
    cannotCarry: ExportTarget["cannotCarry"],
  ) {
    this.#write = write;
    this.#render = render;
    this.cannotCarry = cannotCarry;
  }

  update(gathered: Gathered, nowMs: number): Update {
    const entries = inForce(gathered, this.#entries, nowMs);
    this.#entries = entries;
    const text = this.#render(entries);
    const isKnown = entries.length > 0 || !gathered.mayBeMore;
    const changed = isKnown && text !== this.#text;
    if (changed) this.#write(text);
    if (changed) this.#text = text;
    return { changed, entries, problems: [] };
  }

  isIntact(): boolean {
    return true;
  }
}

/** The files of a tree one after the other, each under its path; one alone is a whole hosts.toml. */
export function treeText(entries: readonly ExportEntry[]): string {
  return inOrder(entries)
    .flatMap((entry) => {
      const text = hostsToml(entry);
      return text === undefined ? [] : [`# ${hostDirectory(entry.registry)}/hosts.toml\n${text}`];
    })
    .join("\n");
}
