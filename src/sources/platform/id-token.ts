// An ID token of the environment for cloud federation: from the command that the configuration names, else from the
// platform. It stays in memory.

import { Failure, toFailure } from "../../core/failures.ts";
import { Secret } from "../../core/secret.ts";
import type { Deadline } from "../../edge/clock.ts";
import { runCommand } from "../../edge/command.ts";
import type { PlatformClient } from "./client.ts";

/** Whether it is a good token is for whom it is meant to say. */
const TOKEN = /^[\x21-\x7e]+$/;

/** Throws a Failure with the code `id-token-failed`. */
export async function requestIdToken(
  audience: string,
  command: readonly string[] | undefined,
  env: Readonly<Record<string, string | undefined>>,
  deadline: Deadline,
  client: () => Promise<PlatformClient>,
): Promise<Secret> {
  if (command === undefined) {
    try {
      return await (await client()).idToken(audience, deadline);
    } catch (error) {
      const hint = "check that OIDC is enabled for the organization, or set idToken.command";
      throw failed(toFailure(error).message, hint, error);
    }
  }
  const words = command.map((part) => part.replaceAll("{audience}", audience));
  const result = await runCommand(words, env, deadline);
  const token = result.kind === "printed" ? result.stdout.trim() : "";
  if (TOKEN.test(token)) return new Secret(token);
  const reason = result.kind === "failed" ? result.reason : "printed no token";
  throw failed(`idToken.command ${reason}`, "run the command by hand");
}

function failed(reason: string, hint: string, cause?: unknown): Failure {
  return new Failure("id-token-failed", `no ID token could be had: ${reason}`, { hint, cause });
}
