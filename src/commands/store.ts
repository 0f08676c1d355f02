// `store`: a credential from `docker login`. What the platform or a cloud gives anyway is not kept; everything else
// becomes the local login, or the caller is told that it could not be saved.

import { compareLogin } from "../compare-login.ts";
import { Failure, failureLine } from "../core/failures.ts";
import { readStoreRequest } from "../core/protocol.ts";
import { parseRegistry } from "../core/registry.ts";
import type { Session } from "../remote.ts";
import { done, type Reply, refuse } from "./reply.ts";

export async function store(stdin: Uint8Array, session: Session): Promise<Reply> {
  const { serverUrl, credential } = readStoreRequest(stdin);
  const ref = parseRegistry(serverUrl);
  if (ref === undefined)
    return refuse("docker-credential-ona: the server URL is not a registry; nothing was stored");
  const comparison = await compareLogin(ref, credential, session, "store");
  try {
    if (comparison === "equal") session.logins.remove(ref);
    else session.logins.save(ref, credential, comparison === "different");
    return done;
  } catch (error) {
    if (error instanceof Failure) return refuse(failureLine(`${ref.key}: the login was not saved`, error));
    throw error;
  }
}
