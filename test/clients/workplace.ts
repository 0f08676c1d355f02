// One test's own user: home, Docker configuration, cache and state directories, and a stand-in platform.
// Its environment object must never take anything over from the machine's.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { inject, onTestFinished } from "vitest";
import type { Platform } from "../stand-ins/platform/stand-in.ts";
import { startMachine } from "../support/machine.ts";
import type { Registry } from "./registry.ts";
import { type Outcome, run, systemPath } from "./run.ts";
import { mark } from "./run-root.ts";

export interface WorkplacePlan {
  /** Hosts that the Docker configuration hands to the helper. */
  helped: string[];
  /** Platform secrets: host to value. */
  secrets?: Record<string, string>;
  /** The helper's own configuration. */
  config?: Record<string, number | string>;
  dockerHost?: string;
}

export interface Workplace {
  root: string;
  env: Record<string, string>;
  /** The Docker configuration file. */
  dockerConfig: string;
  platform: Platform;
  /** Runs a client as this user. */
  run(command: readonly string[], more?: { stdin?: string; env?: Record<string, string> }): Promise<Outcome>;
  /** Asks the helper itself. */
  helper(verb: string, stdin?: string): Promise<Outcome>;
  /** The same user without any Docker configuration. */
  withoutCredentials(): Workplace;
  setSecret(host: string, value: string): Promise<void>;
  /** All that the helper keeps in its state directory, as one text. */
  stateText(): string;
}

export async function openWorkplace(plan: WorkplacePlan): Promise<Workplace> {
  const secrets = Object.entries(plan.secrets ?? {}).map(([host, value]) => ({
    name: secretName(host),
    host,
    value,
  }));
  const parent = inject("runRoot");
  const at = await startMachine({ parent, secrets, token: "the-environments-own-token" });
  // What clients have mounted and left below it ends with the run.
  onTestFinished(() => at.close({ keep: true }));
  for (const name of ["cache", "state"]) mkdirSync(at.path(name), { mode: 0o700 });
  // skopeo, podman and buildah would fall back to the machine's own policy and search lists.
  at.write("home/.config/containers/policy.json", { default: [{ type: "insecureAcceptAnything" }] }, 0o644);
  const credHelpers = Object.fromEntries(plan.helped.map((host) => [host, "ona"]));
  const dockerConfig = at.write("docker/config.json", { credHelpers });
  Object.assign(at.env, {
    PATH: `${inject("helperDirectory")}:${systemPath}`,
    LANG: "C.UTF-8",
    DOCKER_CONFIG: at.path("docker"),
    DOCKER_HOST: plan.dockerHost ?? `unix://${at.path("no-engine")}`,
    DOCKER_CLI_HINTS: "false",
    DOCKER_CREDENTIAL_ONA_CONFIG: at.write("config/config.json", plan.config ?? {}),
    DOCKER_CREDENTIAL_ONA_CACHE_DIR: at.path("cache"),
    DOCKER_CREDENTIAL_ONA_STATE_DIR: at.path("state"),
    [mark]: parent,
  });
  const { root, env, platform } = at;
  return workplace({ root, env, dockerConfig, platform });
}

type Parts = Pick<Workplace, "root" | "env" | "dockerConfig" | "platform">;

function workplace(parts: Parts): Workplace {
  const { root, env, platform } = parts;
  const runHere: Workplace["run"] = (command, more) => {
    const options = { cwd: join(root, "home"), env: { ...env, ...more?.env } };
    return run(command, more?.stdin === undefined ? options : { ...options, stdin: more.stdin });
  };
  return {
    ...parts,
    run: runHere,
    helper: (verb, stdin) =>
      runHere([join(inject("helperDirectory"), "docker-credential-ona"), verb], { stdin: stdin ?? "" }),
    withoutCredentials: () => {
      const empty = mkdtempSync(join(root, "empty-"));
      const without = { ...env, DOCKER_CONFIG: empty };
      return workplace({ ...parts, env: without, dockerConfig: join(empty, "config.json") });
    },
    setSecret: (host, value) => platform.apply({ do: "setValue", secret: secretName(host), value }),
    stateText: () => textsUnder(join(root, "state")).join("\n"),
  };
}

function secretName(host: string): string {
  return host.replaceAll(/[^0-9a-zA-Z]/g, "_").padStart(3, "_");
}

function textsUnder(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, "utf8"));
}

export interface Account {
  user: string;
  password: string;
  /** As a platform secret holds it. */
  value: string;
}

let accounts = 0;

/** An account that no other test has. */
export async function newAccount(registry: Registry): Promise<Account> {
  accounts += 1;
  return await changePassword(registry, `user-${accounts}`);
}

export async function changePassword(registry: Registry, user: string): Promise<Account> {
  accounts += 1;
  const password = `pass-word:${accounts}`;
  await registry.setAccount(user, password);
  return { user, password, value: `${user}:${password}` };
}
