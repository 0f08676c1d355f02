// `configure`: see verbs.ts.

import { Failure } from "../core/failures.ts";
import type { RunVerb } from "./invocation.ts";

export const run: RunVerb = async () => {
  throw new Failure("internal", "configure is not there yet");
};
