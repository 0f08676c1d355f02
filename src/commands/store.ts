// `store`: a credential from `docker login`. What the platform or a cloud gives anyway is not kept; everything else
// becomes the local login, or the caller is told that it could not be saved.

import { compareLogin } from "../compare-login.ts";
import { Failure, failureLine } from "../core/failures.ts";
import { overSince } from "../core/login-life.ts";
import { readStoreRequest } from "../core/protocol.ts";
import { parseRegistry } from "../core/registry.ts";
import type { Local } from "../local.ts";
import type { Remote } from "../remote.ts";
import { localLogins } from "../store/logins.ts";
import { done, type Reply, refuse } from "./reply.ts";

export async function store(stdin: Uint8Array, local: Local, remote: Remote): Promise<Reply> {
  const { serverUrl, credential } = readStoreRequest(stdin);
  const ref = parseRegistry(serverUrl);
  if (ref === undefined)
    return refuse("docker-credential-ona: the server URL is not a registry; nothing was stored");
  const logins = localLogins(local.loginPlace);
  try {
    const over = overSince({ registry: ref.key, credential }, local.context.clock.nowMs());
    if (over !== undefined) throw over;
    // Saved before it is compared, so that a newer login or an `erase` meanwhile finds it, and wins.
    const saved = attempt(() => logins.save(ref, credential, false));
    const comparison = await compareLogin(ref, credential, local, remote, "store");
    if (comparison === "equal") {
      if (saved instanceof Failure) logins.remove(ref);
      else logins.drop(saved);
    } else if (saved instanceof Failure) throw saved;
    else if (comparison === "different") logins.confirm(saved);
    return done;
  } catch (error) {
    if (error instanceof Failure) return refuse(failureLine(`${ref.key}: the login was not saved`, error));
    throw error;
  }
}

function attempt<T>(work: () => T): T | Failure {
  try {
    return work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}
