// From samples to figures, and from figures to a table. It judges nothing.

import type { Sample } from "./launcher.ts";

export interface Figures {
  readonly runs: number;
  readonly minMs: number;
  readonly p25Ms: number;
  readonly medianMs: number;
  readonly p75Ms: number;
  readonly p99Ms: number;
  /** Median of the processor time. */
  readonly cpuMs: number;
  /** Median of the peaks, in MiB; 0 when the launcher cannot tell. */
  readonly peakMiB: number;
}

export function figures(samples: readonly Sample[]): Figures {
  const wall = samples.map(({ wallMs }) => wallMs).toSorted((a, b) => a - b);
  const at = (share: number): number => rounded(quantile(wall, share));
  const median = (of: (sample: Sample) => number): number =>
    rounded(
      quantile(
        samples.map(of).toSorted((a, b) => a - b),
        0.5,
      ),
    );
  return {
    runs: samples.length,
    minMs: at(0),
    p25Ms: at(0.25),
    medianMs: at(0.5),
    p75Ms: at(0.75),
    p99Ms: at(0.99),
    cpuMs: median(({ cpuMs }) => cpuMs),
    peakMiB: rounded(median(({ peakKiB }) => peakKiB) / 1024),
  };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

export const ratio = (value: number, to: number): number => Math.round((value / to) * 100) / 100;

/** A table in Markdown, columns padded so that it reads as text too. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? "").length)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

/** `reference` is the row that the others are compared with, of the same run. */
export function figuresTable(all: ReadonlyMap<string, Figures>, reference: string): string {
  const base = all.get(reference)?.medianMs ?? Number.NaN;
  const rows = [...all].map(([name, one]) => [
    name,
    one.medianMs.toFixed(2),
    `${one.p25Ms.toFixed(2)} – ${one.p75Ms.toFixed(2)}`,
    ratio(one.medianMs, base).toFixed(2),
    one.cpuMs === 0 ? "–" : one.cpuMs.toFixed(2),
    one.peakMiB === 0 ? "–" : one.peakMiB.toFixed(0),
    String(one.runs),
  ]);
  return table(
    ["case", "median ms", "middle half", `× ${reference}`, "processor ms", "peak MiB", "runs"],
    rows,
  );
}
