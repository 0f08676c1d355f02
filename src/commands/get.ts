// `get`: the credential for the server on stdin.

import { failureLine } from "../core/errors.ts";
import { credentialAnswer, readServerUrl } from "../core/protocol.ts";
import { parseRegistry } from "../core/registry.ts";
import { resolveCredential } from "../resolve.ts";
import type { Session } from "../session.ts";
import { answer, fail, notFound, type Reply } from "./reply.ts";

export async function get(stdin: Uint8Array, session: Session): Promise<Reply> {
  const serverUrl = readServerUrl(stdin);
  const ref = parseRegistry(serverUrl);
  if (ref === undefined) return notFound;
  session.asked = ref;
  const resolution = await resolveCredential(ref, session);
  switch (resolution.kind) {
    case "found":
      return answer(credentialAnswer(serverUrl, resolution.credential));
    case "none":
      return notFound;
    case "failed":
      return fail(ref.key, resolution.failure);
    case "anonymous":
      return { ...notFound, stderr: `${failureLine(ref.key, resolution.failure)}\n` };
  }
}
