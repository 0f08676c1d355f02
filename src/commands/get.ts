// `get`: the credential for the server on stdin.

import { failureLine, InvalidInput } from "../core/failures.ts";
import { nextStep, type Resolution } from "../core/policy.ts";
import { credentialAnswer, readServerUrl } from "../core/protocol.ts";
import { parseRegistry } from "../core/registry.ts";
import { KnownFacts } from "../known-facts.ts";
import type { Local } from "../local.ts";
import type { Remote } from "../remote.ts";
import { answer, fail, notFound, type Reply, refuse } from "./reply.ts";

const KUBELET_INPUT =
  "docker-credential-ona: stdin is a kubelet's CredentialProviderRequest, which docker-credential-ona kubelet answers; set args: [kubelet] in the CredentialProviderConfig";

/** It begins with `{`, perhaps after a line end or a space. */
const mayBeJson = (stdin: Uint8Array): boolean => stdin[0] === 0x7b || (stdin[0] ?? 0x7f) <= 0x20;

/** The reply that needs no asking; undefined when somebody has to be asked. Never throws. */
export function getNow(stdin: Uint8Array, local: Local): Reply | undefined {
  if (mayBeJson(stdin)) return undefined;
  try {
    const serverUrl = readServerUrl(stdin);
    const ref = parseRegistry(serverUrl);
    if (ref === undefined) return notFound;
    const step = nextStep(ref, new KnownFacts(ref, local));
    // A failure is told on the slow path, which asks again.
    return step.kind === "found" || step.kind === "none" ? reply(serverUrl, ref.key, step) : undefined;
  } catch (error) {
    // Anything unexpected is met again, and reported, on the slow path.
    return error instanceof InvalidInput ? refuse(error.message) : undefined;
  }
}

/** Throws an InvalidInput. */
export async function get(stdin: Uint8Array, local: Local, remote: Remote): Promise<Reply> {
  if (mayBeJson(stdin)) {
    const { isKubeletRequest } = await import("../core/kubelet.ts");
    if (isKubeletRequest(stdin)) return refuse(KUBELET_INPUT);
  }
  const serverUrl = readServerUrl(stdin);
  const ref = parseRegistry(serverUrl);
  if (ref === undefined) return notFound;
  const { resolveCredential } = await import("../resolve.ts");
  const resolution = await resolveCredential(ref, local, remote);
  if (resolution.kind !== "failed") return reply(serverUrl, ref.key, resolution);
  const { withLostCache } = await import("../store/lost-cache.ts");
  return fail(ref.key, withLostCache(resolution.failure, local.directories.cache, local.context.uid));
}

function reply(serverUrl: string, registry: string, resolution: Resolution): Reply {
  switch (resolution.kind) {
    case "found":
      return answer(credentialAnswer(serverUrl, resolution.credential));
    case "none":
      return notFound;
    case "failed":
      return fail(registry, resolution.failure);
    case "anonymous":
      return { ...notFound, stderr: `${failureLine(registry, resolution.failure)}\n` };
  }
}
