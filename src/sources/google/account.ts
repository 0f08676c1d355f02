// Whom the GCE metadata server stands for: the service account's name and the access scopes of the VM. For `doctor`; no
// token is asked for.

import type { HttpResponse } from "../../edge/http.ts";
import type { MintContext } from "../cloud/context.ts";
import { askMetadata } from "./metadata.ts";

export interface MachineAccount {
  readonly email: string | undefined;
  readonly scopes: readonly string[] | undefined;
}

const LIMIT_MS = 1400;

/** Never throws. */
export async function metadataAccount(
  context: Pick<MintContext, "env" | "clock" | "deadline" | "http">,
): Promise<MachineAccount> {
  const ask = async (name: string): Promise<string | undefined> => {
    try {
      return textOf(await askMetadata(`service-accounts/default/${name}`, context, LIMIT_MS));
    } catch {
      return undefined;
    }
  };
  const email = await ask("email");
  const scopes = await ask("scopes");
  return { email, scopes: scopes?.split("\n").filter((scope) => scope !== "") };
}

function textOf({ status, headers, body }: HttpResponse): string | undefined {
  const isGoogles = headers["metadata-flavor"] === "Google";
  return status === 200 && isGoogles ? body.toString("utf8").trim().slice(0, 4000) : undefined;
}
