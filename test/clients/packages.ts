// Installs the Debian packages that the clients' suites need and this machine lacks.
// It must never install anything where that needs more than being root on a system with apt-get.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isRoot, type Need, type Programs } from "./programs.ts";

const packagesFor: Record<Exclude<Need, "devcontainer">, string[]> = {
  registry: ["docker-registry", "apache2-utils", "openssl"],
  images: ["skopeo", "umoci", "busybox-static"],
  docker: ["docker.io"],
  engine: ["docker.io", "containerd", "runc"],
  skopeo: ["skopeo"],
  podman: ["podman"],
  buildah: ["buildah"],
  "docker-py": ["python3-docker"],
  containerd: ["containerd", "runc"],
};

const aptGet = "/usr/bin/apt-get";

/** Returns why nothing could be installed, or undefined. */
export function installPackages(programs: Programs): string | undefined {
  const wanted = programs.missing.flatMap((need) => (need === "devcontainer" ? [] : packagesFor[need]));
  if (wanted.length === 0) return undefined;
  if (!isRoot()) return "not root on Linux";
  if (!existsSync(aptGet)) return "no apt-get";
  const packages = [...new Set(wanted)];
  console.log(`clients: installing ${packages.join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", ...packages]]) {
    const { status, stdout, stderr } = spawnSync(aptGet, args, { env, encoding: "utf8" });
    if (status !== 0) return `apt-get ${args[0]} failed: ${lastLine(stderr) || lastLine(stdout)}`;
  }
  return undefined;
}

/** The script of the Dev Container CLI, a development dependency of ours. */
export function devcontainerScript(): string | undefined {
  const path = join(import.meta.dirname, "../../node_modules/@devcontainers/cli/devcontainer.js");
  return existsSync(path) ? path : undefined;
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
