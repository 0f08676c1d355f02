// Whether Docker asks us for a registry at all: clients look a registry up by its literal key, and what stands there
// decides, whatever the platform has.

import type { Seen } from "../../core/findings.ts";
import { HUB_KEY, HUB_URL, type RegistryRef } from "../../core/registry.ts";
import { type AuthFile, hasLogin, helperFor, misspeltKey } from "../../docker/auth-files.ts";
import { printable } from "./check.ts";

/** What keeps clients from asking us for `ref`; nothing where nobody has a file. */
export function delegation(
  ref: RegistryRef,
  files: readonly AuthFile[],
  helperNames: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): readonly Seen[] {
  const docker = files.find(({ reader }) => reader === "docker");
  const podman = files.filter(({ reader }) => reader === "podman");
  const isOurs = (file: AuthFile): boolean => helperNames.includes(helperFor(file, ref) ?? "");
  if (docker === undefined || docker.state === "broken") return [];
  if (isOurs(docker)) return [...shadowed(ref, podman, isOurs), ...halfOfHub(ref, docker, podman, isOurs)];
  // Who only uses Podman has no file of Docker's.
  if (docker.state === "absent" && podman.some(isOurs)) return [];
  return [notAsked(ref, docker, env)];
}

function notAsked(
  ref: RegistryRef,
  docker: AuthFile,
  env: Readonly<Record<string, string | undefined>>,
): Seen {
  const path = printable(docker.path) + (env.DOCKER_CONFIG ? " (from DOCKER_CONFIG)" : "");
  const subject = ref.key;
  const helper = helperFor(docker, ref);
  if (helper !== undefined) {
    const how =
      docker.credHelpers.size > 0 && docker.credsStore !== helper ? "gives it" : "gives all registries";
    return {
      code: "other-helper",
      severity: "error",
      subject,
      message:
        helper === ""
          ? `${path} has an entry for it that names no helper, so Docker asks none`
          : `${path} ${how} to another helper, ${printable(helper)}`,
      remedy: `set credHelpers of ${ref.key === HUB_KEY ? HUB_URL : ref.key} to ona in that file, or run docker-credential-ona configure`,
    };
  }
  if (hasLogin(docker, ref)) {
    return {
      code: "login-in-docker-file",
      severity: "error",
      subject,
      message: `${path} has no credHelpers entry for it, but a login of its own in auths, which Docker uses`,
      remedy: `docker logout ${ref.key}, then docker-credential-ona configure`,
    };
  }
  const misspelt = misspeltKey(docker, ref);
  const why =
    docker.state === "absent"
      ? `${path} does not exist`
      : misspelt === undefined
        ? `${path} has no credHelpers entry for it`
        : `${path} has the key ${printable(misspelt)}, which no client looks for`;
  return {
    code: "registry-not-configured",
    severity: "error",
    subject,
    message: `Docker does not ask this program for it: ${why}`,
    remedy: "run docker-credential-ona configure",
  };
}

/** Podman looks into its own files first; a login there is found before Docker's entry. */
function shadowed(
  ref: RegistryRef,
  podman: readonly AuthFile[],
  isOurs: (file: AuthFile) => boolean,
): readonly Seen[] {
  const first = podman.find((file) => helperFor(file, ref) !== undefined || hasLogin(file, ref));
  if (first === undefined || isOurs(first)) return [];
  return [
    {
      code: "login-in-docker-file",
      severity: "warning",
      subject: ref.key,
      message: `${printable(first.path)} holds a login or another helper for it, which Podman, Skopeo and Buildah use`,
      remedy: `podman logout --authfile ${printable(first.path)} ${ref.key}`,
    },
  ];
}

/** Docker looks for the first key of Docker Hub, Podman, Skopeo and the Dev Container CLI for the second. */
function halfOfHub(
  ref: RegistryRef,
  docker: AuthFile,
  podman: readonly AuthFile[],
  isOurs: (file: AuthFile) => boolean,
): readonly Seen[] {
  if (ref.key !== HUB_KEY || docker.credHelpers.has(HUB_KEY) || podman.some(isOurs)) return [];
  return [
    {
      code: "registry-not-configured",
      severity: "warning",
      subject: ref.key,
      message: `${printable(docker.path)} lacks the key docker.io, which Podman, Skopeo and the Dev Container CLI look for`,
      remedy: "run docker-credential-ona configure",
    },
  ];
}
