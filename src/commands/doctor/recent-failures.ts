// The last failures of `get`, from the log: what some callers did not show. They are facts, no findings: what is still
// wrong is found by asking anew.

import { inWords } from "../../core/duration.ts";
import { readFailures } from "../../store/failure-log-reader.ts";
import type { Checked } from "./check.ts";
import { printable } from "./check.ts";
import type { Scene } from "./scene.ts";

const SHOWN = 3;
const LISTED = 50;
const RECENT_MS = 7 * 86_400_000;

export function checkRecentFailures({ context, directories }: Scene): Checked {
  const nowMs = context.clock.nowMs();
  const all = readFailures(directories.stateDir, context.uid).filter(({ atMs }) => nowMs - atMs < RECENT_MS);
  const last = all.slice(-SHOWN).toReversed();
  return {
    facts: [
      {
        name: "failures",
        value: all.length === 0 ? "none in the last 7 days" : `${all.length} in the last 7 days`,
        details: last.map(
          ({ atMs, verb, line }) => `${inWords(nowMs - atMs)} ago, ${verb}: ${printable(line, 400)}`,
        ),
      },
    ],
    data: {
      count: all.length,
      last: all
        .slice(-LISTED)
        .map(({ atMs, verb, line }) => ({ at: new Date(atMs).toISOString(), verb, line })),
    },
    seen: [],
  };
}
