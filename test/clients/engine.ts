// A Docker engine of our own: own roots, own socket, no bridge, no packet filter.
// It must never touch the machine's engine, network or /etc/docker, and ends with all of its containers.

import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";
import { startDaemon } from "./daemon.ts";
import { bedEnvironment, mustRun, run } from "./run.ts";

export interface Engine {
  /** What goes into `DOCKER_HOST`. */
  host: string;
  /** Runs the newest client as the bed itself, without any credential; it has to succeed. */
  docker(...args: string[]): Promise<string>;
  /** Whether the engine has the image, by whatever name. */
  has(image: string): Promise<boolean>;
  /** The text of a file in an image. */
  read(image: string, path: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startEngine(): Promise<Engine> {
  const root = mkdtempSync(join(inject("runRoot"), "engine-"));
  const socket = join(root, "s");
  const host = `unix://${socket}`;
  const env = { ...bedEnvironment(root), DOCKER_HOST: host, DOCKER_CONFIG: join(root, "no-config") };
  const client = inject("programs").dockers[0]?.path ?? "";
  const answers = async () => (await run([client, "version"], { env })).code === 0;
  const daemon = await startDaemon({
    command: engineCommand(root, host),
    env,
    logFile: join(root, "log"),
    answers,
  });
  const docker = (...args: string[]) => mustRun([client, ...args], { env });
  return {
    host,
    docker,
    has: async (image) => (await run([client, "image", "inspect", image], { env })).code === 0,
    read: (image, path) => docker("run", "--rm", "--network=none", "--pull=never", image, "cat", path),
    stop: async () => {
      const containers = (await docker("ps", "--all", "--quiet")).split("\n").filter((id) => id !== "");
      if (containers.length > 0) await docker("rm", "--force", ...containers);
      await daemon.stop();
    },
  };
}

function engineCommand(root: string, host: string): string[] {
  const settings = join(root, "daemon.json");
  writeFileSync(
    settings,
    JSON.stringify(keepsOwnKey() ? { "deprecated-key-path": join(root, "key.json") } : {}),
  );
  const roots = [
    "--data-root",
    join(root, "data"),
    "--exec-root",
    join(root, "exec"),
    "-p",
    join(root, "pid"),
  ];
  const network = ["--bridge=none", "--iptables=false", "--ip6tables=false"];
  const dockerd = inject("programs").paths.dockerd ?? "";
  return [dockerd, ...roots, ...network, "--storage-driver=vfs", "--config-file", settings, "-H", host];
}

/** An older engine makes itself a key in /etc/docker unless told otherwise; a newer one refuses to be told. */
function keepsOwnKey(): boolean {
  const { stdout } = spawnSync(inject("programs").paths.dockerd ?? "", ["--version"], {
    encoding: "utf8",
  });
  return Number(/version (\d+)\./.exec(stdout)?.[1]) < 24;
}
