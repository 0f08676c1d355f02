// How long a token's life is believed to be: what the cloud says, up to what it documents. Never longer than that.

/** An end that cannot be read (undefined, NaN) or lies beyond the documented one counts as that one. */
export function believedEndMs(saidMs: number | undefined, obtainedAtMs: number, longestMs: number): number {
  const latestMs = obtainedAtMs + longestMs;
  return saidMs !== undefined && saidMs <= latestMs ? saidMs : latestMs;
}

/** Seconds as JSON has them, as a number or as text; undefined for anything else. */
export function readSeconds(value: unknown): number | undefined {
  const isWritten = typeof value === "string" && /^\s*-?[0-9]/.test(value);
  const seconds = typeof value === "number" || isWritten ? Number(value) : Number.NaN;
  return Number.isNaN(seconds) ? undefined : seconds;
}
