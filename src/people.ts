// Runs a verb for people: reads its arguments by the table of verbs, hands it what it may use, and turns whatever it throws
// into one line on stderr. The protocol's verbs never come here.

import type { HelperDeps } from "./commands/invocation.ts";
import type { Reply } from "./commands/reply.ts";
import { failureLine, toFailure, UsageError } from "./core/failures.ts";
import { usageLine, verbHelp } from "./core/help-text.ts";
import { readArguments } from "./edge/arguments.ts";
import { createOutput } from "./edge/output.ts";
import { processSignals } from "./edge/signals.ts";
import type { Verb } from "./verbs.ts";

const NAME = "docker-credential-ona";

export async function runVerb(verb: Verb, args: readonly string[], deps: HelperDeps): Promise<Reply> {
  const ends = (exitCode: number): Reply => ({ stdout: "", stderr: "", exitCode });
  try {
    const { options, operands, help } = readArguments(verb, args);
    if (help) return { ...ends(0), stdout: verbHelp(verb) };
    const loaded = await verb.load?.();
    if (loaded === undefined) return ends(2);
    const { context, trace, helperNames, readStdin, executable, asCaller } = deps;
    const out = createOutput(context.env);
    const signals = processSignals();
    return ends(
      await loaded.run({
        options,
        operands,
        context,
        trace,
        helperNames,
        executable,
        asCaller,
        out,
        readStdin,
        signals,
      }),
    );
  } catch (error) {
    if (error instanceof UsageError) {
      const text = `${NAME} ${verb.name}: ${error.message}\n${usageLine(verb)}\n`;
      return { ...ends(2), stderr: text };
    }
    return { ...ends(1), stderr: `${failureLine(`${NAME} ${verb.name}`, toFailure(error))}\n` };
  }
}
