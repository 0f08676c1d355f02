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
  try {
    if (command === undefined) return await (await client()).idToken(audience, deadline);
    const output = await runCommand(
      command.map((part) => part.replaceAll("{audience}", audience)),
      env,
      deadline,
    );
    const token = output.trim();
    if (!TOKEN.test(token)) throw new Error("printed no token");
    return new Secret(token);
  } catch (error) {
    const reason =
      command === undefined ? toFailure(error).message : `idToken.command ${(error as Error).message}`;
    const hint =
      command === undefined
        ? "check that OIDC is enabled for the organization, or set idToken.command"
        : "run the command by hand";
    throw new Failure("id-token-failed", `no ID token could be had: ${reason}`, { hint, cause: error });
  }
}
