// `help`, `help VERB` and `version`: what the program is.

import { overview, verbHelp } from "../core/help-text.ts";
import { nearest } from "../core/nearest.ts";
import { PROTOCOL_VERBS } from "../core/protocol.ts";
import { BUILD_DETAILS, VERSION } from "../core/version.ts";
import { findVerb, VERBS } from "../verbs.ts";
import { answer, type Reply } from "./reply.ts";

const NAME = "docker-credential-ona";

/** `args`: what stood after `help`. */
export function help(args: readonly string[]): Reply {
  const [name] = args;
  if (name === undefined) return answer(overview(VERBS, PROTOCOL_VERBS));
  const verb = findVerb(name);
  if (verb !== undefined && args.length === 1) return answer(verbHelp(verb));
  const near = nearest(
    name,
    VERBS.map((each) => each.name),
  );
  const meant = near === undefined ? "" : `; did you mean ${near}?`;
  const wrong = verb === undefined ? `there is no verb of that name${meant}` : "help takes one verb";
  return { stdout: "", stderr: `${NAME}: ${wrong}\n`, exitCode: 2 };
}

export const versionLine = (): Reply => answer(`${NAME} ${VERSION} (${BUILD_DETAILS})\n`);

/** The same as data. */
export const versionJson = (): Reply =>
  answer(`${JSON.stringify({ schemaVersion: 1, name: NAME, version: VERSION, details: BUILD_DETAILS })}\n`);
