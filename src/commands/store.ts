// `store`: a credential from `docker login`. What the platform or a cloud gives anyway is not kept; everything else
// becomes the local login, or the caller is told that it could not be saved.

import { compareLogin } from "../compare-login.ts";
import { Failure, failureLine } from "../core/failures.ts";
import { readStoreRequest } from "../core/protocol.ts";
import { parseRegistry } from "../core/registry.ts";
import type { Local } from "../local.ts";
import type { Remote } from "../remote.ts";
import { done, type Reply, refuse } from "./reply.ts";

export async function store(stdin: Uint8Array, local: Local, remote: Remote): Promise<Reply> {
  const { serverUrl, credential } = readStoreRequest(stdin);
  const ref = parseRegistry(serverUrl);
  if (ref === undefined)
    return refuse("docker-credential-ona: the server URL is not a registry; nothing was stored");
  const comparison = await compareLogin(ref, credential, local, remote, "store");
  try {
    if (comparison === "equal") local.logins.remove(ref);
    else local.logins.save(ref, credential, comparison === "different");
    return done;
  } catch (error) {
    if (error instanceof Failure) return refuse(failureLine(`${ref.key}: the login was not saved`, error));
    throw error;
  }
}
