// One test's own user: home, Docker configuration, cache and state directories, and a stand-in platform.
// Its environment object must never take anything over from the machine's.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inject, onTestFinished } from "vitest";
import { ids } from "../stand-ins/platform/ids.ts";
import { type Platform, startPlatform } from "../stand-ins/platform/stand-in.ts";
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
  const root = mkdtempSync(join(inject("runRoot"), "user-"));
  const secrets = Object.entries(plan.secrets ?? {}).map(([host, value]) => ({
    name: secretName(host),
    host,
    value,
  }));
  const token = "the-environments-own-token";
  const tokens = [{ label: "environment", token, principal: "environment" as const }];
  const platform = await startPlatform({ seed: { secrets, tokens } });
  onTestFinished(() => platform.close());
  const directories = ["home", "docker", "run", "tmp", "cache", "state", "config"] as const;
  for (const name of directories) mkdirSync(join(root, name), { mode: 0o700 });
  writeHomeDefaults(join(root, "home"));
  const helperConfig = join(root, "config", "config.json");
  writeFileSync(helperConfig, JSON.stringify(plan.config ?? {}), { mode: 0o600 });
  const dockerConfig = join(root, "docker", "config.json");
  const credHelpers = Object.fromEntries(plan.helped.map((host) => [host, "ona"]));
  writeFileSync(dockerConfig, JSON.stringify({ credHelpers }), { mode: 0o600 });
  const env = {
    PATH: `${inject("helperDirectory")}:${systemPath}`,
    HOME: join(root, "home"),
    LANG: "C.UTF-8",
    TMPDIR: join(root, "tmp"),
    XDG_RUNTIME_DIR: join(root, "run"),
    DOCKER_CONFIG: join(root, "docker"),
    DOCKER_HOST: plan.dockerHost ?? `unix://${join(root, "no-engine")}`,
    DOCKER_CLI_HINTS: "false",
    ONA_BASE_URL: platform.baseUrl,
    ONA_ENVIRONMENT_ID: ids.environment,
    DOCKER_CREDENTIAL_ONA_TOKEN: token,
    DOCKER_CREDENTIAL_ONA_CONFIG: helperConfig,
    DOCKER_CREDENTIAL_ONA_CACHE_DIR: join(root, "cache"),
    DOCKER_CREDENTIAL_ONA_STATE_DIR: join(root, "state"),
    [mark]: inject("runRoot"),
  };
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

/** skopeo, podman and buildah would fall back to the machine's own policy and search lists. */
function writeHomeDefaults(home: string): void {
  const containers = join(home, ".config", "containers");
  mkdirSync(containers, { recursive: true, mode: 0o700 });
  writeFileSync(
    join(containers, "policy.json"),
    JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }),
  );
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
