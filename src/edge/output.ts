// What verbs for people print: lines on stdout, warnings and progress on stderr, colour only on a terminal. It never uses
// `console`, which libraries share.

import { isatty } from "node:tty";
import { styleText } from "node:util";
import { writeAll } from "./write-all.ts";

export type Style = "bold" | "dim" | "red" | "green" | "yellow";

export interface Output {
  /** One line, or several with line feeds between, on stdout. */
  line(text?: string): void;
  /** One line on stderr. */
  warn(text: string): void;
  /** What is going on, on stderr and only if that is a terminal; each replaces the last. */
  progress(text: string): void;
  /** One JSON document on stdout, indented. */
  json(value: unknown): void;
  /** Bytes as they are on stdout, for what another program reads. */
  raw(text: string): void;
  /** Is stdout a terminal? */
  readonly isTerminal: boolean;
  /** Width of the terminal in columns; 80 elsewhere. */
  readonly columns: number;
  /** `text` with colour where colour is wanted, else as it is. */
  style(style: Style, text: string): string;
}

export interface OutputTarget {
  readonly write: (fd: 1 | 2, text: string) => void;
  readonly isTerminal: (fd: 1 | 2) => boolean;
  readonly columns: () => number | undefined;
}

/** The process's own streams. */
export const standardStreams: OutputTarget = {
  write: writeAll,
  isTerminal: (fd) => isatty(fd),
  columns: () => process.stdout.columns,
};

const CLEAR_LINE = "\r\u001b[K";

export function createOutput(
  env: Readonly<Record<string, string | undefined>>,
  target: OutputTarget = standardStreams,
): Output {
  const isTerminal = target.isTerminal(1);
  const showsProgress = target.isTerminal(2) && env.TERM !== "dumb";
  const coloured = isTerminal && !env.NO_COLOR && env.TERM !== "dumb";
  let progress = "";
  const write = (fd: 1 | 2, text: string): void => {
    if (progress !== "") target.write(2, CLEAR_LINE);
    progress = "";
    target.write(fd, text);
  };
  return {
    line: (text = "") => write(1, `${text}\n`),
    warn: (text) => write(2, `${text}\n`),
    json: (value) => write(1, `${JSON.stringify(value, undefined, 2)}\n`),
    raw: (text) => write(1, text),
    progress(text) {
      if (!showsProgress || text === progress) return;
      target.write(2, `${CLEAR_LINE}${text}`);
      progress = text;
    },
    isTerminal,
    columns: (isTerminal ? target.columns() : undefined) || 80,
    style: (style, text) => (coloured ? styleText(style, text, { validateStream: false }) : text),
  };
}
