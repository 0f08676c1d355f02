// The clients that can pull the demo's image: docker, skopeo, podman, or the minimal one of ours.
// None of them may be given a credential: each has to get it from the helper by itself.

import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { minimalPull } from "../stand-ins/registry/minimal-pull.ts";
import type { Leftovers } from "./leftovers.ts";
import { findProgram, type ProgramRun, runProgram } from "./program.ts";

export interface PullBed {
  directory: string;
  environment: Record<string, string>;
  stop: AbortSignal;
  leftovers: Leftovers;
}

export interface PullClient {
  name: string;
  /** Name and version, for the reader. */
  words: string;
  /** What is run, for the reader. */
  commandLine(reference: string): string;
  /** What a person can type to the same end; undefined for ours, which is no program. */
  byHand(reference: string): string | undefined;
  /** The digest of the image, as the client has it. */
  pull(reference: string): Promise<string>;
}

const daemonLimitMs = 5000;

const finders: Record<string, (bed: PullBed) => Promise<PullClient | undefined>> = {
  docker: findDocker,
  skopeo: findSkopeo,
  podman: findPodman,
  minimal: async (bed) => minimalClient(bed),
};

export const clientNames = Object.keys(finders);

/** Those that are there, in order of preference; the minimal one always is. */
export async function findClients(bed: PullBed, choice: string | undefined): Promise<PullClient[]> {
  const names = choice === undefined ? clientNames : [choice];
  const clients: PullClient[] = [];
  for (const name of names) {
    const client = await finders[name]?.(bed);
    if (client !== undefined) {
      clients.push(client);
    }
  }
  if (clients.length === 0) {
    throw new Error(`${choice} cannot be used here`);
  }
  return clients;
}

async function runOrThrow(command: readonly string[], bed: PullBed): Promise<ProgramRun> {
  const run = await runProgram(command, bed);
  if (run.exitCode !== 0) {
    const words = `${run.stdout}\n${run.stderr}`.trim().split("\n").slice(-6).join("\n");
    throw new Error(`${command[0]} ended with exit code ${run.exitCode}:\n${words}`);
  }
  return run;
}

async function findDocker(bed: PullBed): Promise<PullClient | undefined> {
  if (findProgram("docker", bed.environment.PATH ?? "") === undefined) {
    return undefined;
  }
  // A daemon that does not answer at once is none.
  const stop = AbortSignal.any([bed.stop, AbortSignal.timeout(daemonLimitMs)]);
  const ask = ["docker", "version", "--format", "{{.Server.Version}}"];
  const version = await runProgram(ask, { ...bed, stop }).catch(() => undefined);
  if (version?.exitCode !== 0) {
    return undefined;
  }
  return {
    name: "docker",
    words: `docker (daemon ${version.stdout.trim()})`,
    commandLine: (reference) => `docker pull ${reference}`,
    byHand: (reference) => `docker pull ${reference}`,
    pull: async (reference) => {
      // Removed first, so that every pull is a pull, and at the end, so that none stays behind.
      const remove = () => runProgram(["docker", "image", "rm", reference], { ...bed, stop: neverStopped });
      await remove();
      bed.leftovers.add(remove);
      const { stdout } = await runOrThrow(["docker", "pull", reference], bed);
      return /^Digest: (sha256:[0-9a-f]{64})$/m.exec(stdout)?.[1] ?? "unknown";
    },
  };
}

const neverStopped = new AbortController().signal;

async function findSkopeo(bed: PullBed): Promise<PullClient | undefined> {
  if (findProgram("skopeo", bed.environment.PATH ?? "") === undefined) {
    return undefined;
  }
  const { stdout } = await runProgram(["skopeo", "--version"], bed);
  const target = join(bed.directory, "pulled");
  return {
    name: "skopeo",
    words: stdout.trim(),
    commandLine: (reference) => `skopeo copy --src-tls-verify=false docker://${reference} dir:…`,
    byHand: (reference) => `skopeo inspect --tls-verify=false docker://${reference}`,
    pull: async (reference) => {
      await rm(target, { recursive: true, force: true });
      const copy = ["skopeo", "--insecure-policy", "copy", "--src-tls-verify=false"];
      await runOrThrow([...copy, `docker://${reference}`, `dir:${target}`], bed);
      const manifest = await readFile(join(target, "manifest.json"));
      return `sha256:${createHash("sha256").update(manifest).digest("hex")}`;
    },
  };
}

async function findPodman(bed: PullBed): Promise<PullClient | undefined> {
  if (findProgram("podman", bed.environment.PATH ?? "") === undefined) {
    return undefined;
  }
  const places = ["--root", join(bed.directory, "storage"), "--runroot", join(bed.directory, "podman-run")];
  const podman = ["podman", ...places, "--storage-driver", "vfs"];
  const { stdout } = await runProgram(["podman", "--version"], bed);
  return {
    name: "podman",
    words: stdout.trim(),
    commandLine: (reference) => `podman pull --tls-verify=false ${reference}`,
    byHand: (reference) => `podman pull --tls-verify=false ${reference}`,
    pull: async (reference) => {
      const removeAll = [...podman, "image", "rm", "--all", "--force"];
      bed.leftovers.add(() => runProgram(removeAll, { ...bed, stop: neverStopped }));
      await runProgram(removeAll, bed);
      await runOrThrow([...podman, "pull", "--quiet", "--tls-verify=false", reference], bed);
      const inspected = await runOrThrow(
        [...podman, "image", "inspect", "--format", "{{.Digest}}", reference],
        bed,
      );
      return inspected.stdout.trim();
    },
  };
}

function minimalClient(bed: PullBed): PullClient {
  return {
    name: "minimal",
    words: "a minimal pull of ours (it calls the helper as docker does)",
    commandLine: (reference) => `minimal pull of ${reference}`,
    byHand: () => undefined,
    pull: async (reference) =>
      (await minimalPull({ reference, environment: bed.environment, stop: bed.stop })).digest,
  };
}
