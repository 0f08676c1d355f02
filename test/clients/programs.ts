// Which clients and servers are on this machine. It only looks; installing is packages.ts.
// It must never take a program for another of the same name: versions are asked for.

import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** What a suite can need. `engine` is a Docker daemon that the test may start, so it includes being root. */
export type Need =
  | "registry"
  | "images"
  | "docker"
  | "engine"
  | "skopeo"
  | "podman"
  | "buildah"
  | "docker-py"
  | "containerd"
  | "devcontainer";

interface DockerClient {
  path: string;
  version: string;
  /** Builds with BuildKit without a plugin beside it. */
  hasBuildKit: boolean;
}

export interface Programs {
  /** Everything found, by its name; several Docker clients are in `dockers`. */
  paths: Record<string, string>;
  dockers: DockerClient[];
  missing: Need[];
}

const systemDirectories = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const names = [
  "docker-registry",
  "htpasswd",
  "openssl",
  "skopeo",
  "umoci",
  "podman",
  "buildah",
  "dockerd",
  "containerd",
  "ctr",
];

export function isRoot(): boolean {
  return process.platform === "linux" && process.getuid?.() === 0;
}

export function findPrograms(devcontainerScript: string | undefined): Programs {
  const paths: Record<string, string> = {};
  for (const name of names) keep(paths, name, executables(name)[0]);
  keep(paths, "busybox", executables("busybox").find(isStatic));
  keep(paths, "python3", findPythonWithDocker());
  keep(paths, "devcontainer", devcontainerScript);
  const dockers = findDockers();
  return { paths, dockers, missing: whatIsMissing(paths, dockers) };
}

function keep(paths: Record<string, string>, name: string, path: string | undefined): void {
  if (path !== undefined) paths[name] = path;
}

/** Every executable of that name, system directories first: a version manager's shim may lack Debian's modules. */
function executables(name: string): string[] {
  const directories = new Set([...systemDirectories, ...(process.env.PATH ?? "").split(delimiter)]);
  return [...directories]
    .filter((directory) => directory !== "")
    .map((d) => join(d, name))
    .filter(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** An image holds nothing but this one file, so it must need no loader. */
function isStatic(path: string): boolean {
  return !readFileSync(path).includes("/ld-");
}

/** The interpreter itself: a version manager's shim would not find it in a test's environment. */
function findPythonWithDocker(): string | undefined {
  for (const path of executables("python3")) {
    const { stdout } = spawnSync(path, ["-c", "import docker, sys; print(sys.executable)"], {
      encoding: "utf8",
    });
    if (stdout?.startsWith("/")) return stdout.trim();
  }
  return undefined;
}

/** One per version, newest first: Debian's own may stand beside a preinstalled one. */
function findDockers(): DockerClient[] {
  const byVersion = new Map<string, DockerClient>();
  for (const path of executables("docker")) {
    const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
    const version = /^Docker version ((\d+)\.[^\s,]+)/.exec(stdout ?? "");
    if (version?.[1] === undefined || byVersion.has(version[1])) continue;
    byVersion.set(version[1], { path, version: version[1], hasBuildKit: Number(version[2]) < 23 });
  }
  return [...byVersion.values()].sort((a, b) => Number.parseFloat(b.version) - Number.parseFloat(a.version));
}

function whatIsMissing(paths: Record<string, string>, dockers: readonly DockerClient[]): Need[] {
  const here: Record<Need, boolean> = {
    registry: ["docker-registry", "htpasswd", "openssl"].every((name) => name in paths),
    images: ["skopeo", "umoci", "busybox"].every((name) => name in paths),
    docker: dockers.length > 0,
    engine: "dockerd" in paths && isRoot(),
    skopeo: "skopeo" in paths,
    podman: "podman" in paths && isRoot(),
    buildah: "buildah" in paths && isRoot(),
    "docker-py": "python3" in paths,
    containerd: "containerd" in paths && "ctr" in paths && isRoot(),
    devcontainer: existsSync(paths.devcontainer ?? ""),
  };
  return (Object.keys(here) as Need[]).filter((need) => !here[need]);
}
