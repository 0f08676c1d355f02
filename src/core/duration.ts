// Lengths of time in words, as a person says them: two units at most, the smaller one only where it matters.

const UNITS: readonly (readonly [name: string, ms: number])[] = [
  ["days", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
];

/** `5 h 12 min`, `40 s`, `1 day 3 h`; less than a second is `0 s`. The sign is left out. */
export function inWords(ms: number): string {
  let restMs = Math.floor(Math.abs(ms) / 1000) * 1000;
  if (!Number.isFinite(restMs)) return "for ever";
  const parts: string[] = [];
  for (const [index, [name, unitMs]] of UNITS.entries()) {
    const count = Math.floor(restMs / unitMs);
    restMs -= count * unitMs;
    if (count > 0) parts.push(`${count} ${count === 1 && name === "days" ? "day" : name}`);
    // Of two units the second is the next smaller one, or none: nobody wants `2 days 4 s`.
    if (parts.length === 2 || (parts.length === 1 && count === 0)) break;
    if (index === UNITS.length - 1 && parts.length === 0) return "0 s";
  }
  return parts.join(" ");
}

/** `in 5 h 12 min` or `40 s ago`. */
export function relative(atMs: number, nowMs: number): string {
  return atMs > nowMs ? `in ${inWords(atMs - nowMs)}` : `${inWords(nowMs - atMs)} ago`;
}
