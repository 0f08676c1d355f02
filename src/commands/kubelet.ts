// `kubelet`: the kubelet's CredentialProvider protocol, v1, from stdin to stdout. The kubelet writes down what stderr says
// when the exit code is not 0, and pulls without a credential then.

import { IDENTITY_TOKEN_USER } from "../core/export/entry.ts";
import { Failure, failureLine, InvalidInput } from "../core/failures.ts";
import { type ImageHome, parseImage } from "../core/image.ts";
import { kubeletResponse, readKubeletRequest } from "../core/kubelet.ts";
import type { Resolution } from "../core/policy.ts";
import { deadlineAfter } from "../edge/clock.ts";
import { Local } from "../local.ts";
import { Remote } from "../remote.ts";
import { resolveCredential } from "../resolve.ts";
import { logFailure } from "../store/failure-log.ts";
import type { Invocation, RunVerb } from "./invocation.ts";

const NAME = "docker-credential-ona kubelet";

export const run: RunVerb = async (invocation) => {
  const { context, trace, helperNames, readStdin, out } = invocation;
  const local = new Local(context);
  const deadline = deadlineAfter(context.clock, local.config.deadlineMs);
  const image = imageOf(await readStdin(deadline), invocation);
  if (image === undefined) return 1;
  const remote = new Remote(local, { deadline, trace, helperNames });
  const resolution = carried(await resolveCredential(image.registry, local, remote));
  if (resolution.kind === "failed" || resolution.kind === "anonymous") {
    const line = failureLine(image.registry.key, resolution.failure);
    out.warn(line);
    if (resolution.kind === "failed") {
      logFailure(local.directories.stateDir, context.uid, context.clock.nowMs(), "kubelet", line);
      return 1;
    }
  }
  const credential = resolution.kind === "found" ? resolution.credential : undefined;
  out.raw(kubeletResponse(image.domain, credential, cacheMs(resolution, local)));
  return 0;
};

function imageOf(stdin: Uint8Array, { out }: Invocation): ImageHome | undefined {
  try {
    const image = parseImage(readKubeletRequest(stdin));
    if (image === undefined) out.warn(`${NAME}: the image of the request is no image's name`);
    return image;
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    out.warn(`${NAME}: ${error.message}`);
    return undefined;
  }
}

function carried(resolution: Resolution): Resolution {
  const isToken = resolution.kind === "found" && resolution.credential.username === IDENTITY_TOKEN_USER;
  if (!isToken) return resolution;
  const failure = new Failure(
    "value-invalid",
    "its secret is an identity token, which the kubelet cannot use",
    {
      hint: "use a user name and a password",
    },
  );
  return { kind: "failed", failure, why: resolution.why };
}

/** Half of what remains: of a token until its end, of a password for as long as an answer of the platform stays fresh. */
function cacheMs(resolution: Resolution, local: Local): number {
  if (resolution.kind !== "found") return 0;
  const { expiresAtMs } = resolution;
  const remainingMs =
    expiresAtMs === undefined ? local.config.freshMs : expiresAtMs - local.context.clock.nowMs();
  return remainingMs / 2;
}
