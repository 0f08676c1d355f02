// `credential_process` of a profile: a command line of the user's own AWS files, run by the shell as AWS's tools do,
// with the user's environment, in bounded time. Its output is never shown.

import { isRecord } from "../../core/entry.ts";
import { Failure } from "../../core/failures.ts";
import { parseForeignJson } from "../../core/foreign-json.ts";
import { runChild } from "../../edge/child.ts";
import type { MintContext } from "../cloud/context.ts";
import { type AwsKeys, parseKeys, shown } from "./keys.ts";

/** Throws a Failure. */
export async function processKeys(command: string, profile: string, context: MintContext): Promise<AwsKeys> {
  const { env, deadline } = context;
  const result = await runChild("/bin/sh", ["-c", command], { env, limitMs: deadline.remainingMs() });
  if (result.kind === "failed") throw failed(profile, result.reason);
  let value: unknown;
  try {
    value = parseForeignJson(result.stdout);
  } catch {
    throw failed(profile, "printed no JSON");
  }
  const keys = isRecord(value) && value.Version === 1 ? parseKeys(value, "SessionToken") : undefined;
  if (keys === undefined) throw failed(profile, "printed no AWS keys");
  const { Expiration: end } = value as { Expiration?: unknown };
  if (typeof end === "string" && Date.parse(end) <= context.clock.nowMs()) {
    throw failed(profile, "printed expired AWS keys");
  }
  return keys;
}

function failed(profile: string, why: string): Failure {
  return new Failure("aws-no-credentials", `credential_process of the AWS profile ${shown(profile)} ${why}`, {
    hint: "run the command by hand",
  });
}
