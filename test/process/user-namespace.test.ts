// Inside a user namespace, where root outside has no number of its own: a configuration of root's counts, one that could be
// exchanged from inside does not. Needs root, to be the one outside.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { ids } from "../stand-ins/platform/ids.ts";
import { answerFor, type Machine, told } from "../support/machine.ts";
import { machineForTest } from "../support/machine-for-test.ts";

const HOST = "registry.example.test";
const ANSWER = answerFor(HOST, "demo", "demo-password");
/** Who is root inside. */
const UID = 12_345;
const OVERFLOW = 65_534;

/** In CI it has to be there. */
const hasUserNamespaces: boolean = (() => {
  if (process.env.CI === "true") return true;
  try {
    if (process.getuid?.() !== 0) throw new Error("not root");
    execFileSync("unshare", ["-U", "-r", "true"], { stdio: "pipe" });
    return true;
  } catch {
    console.log("no user namespaces here, or not root: a configuration of root's outside is not tested");
    return false;
  }
})();

/** A namespace in which only one user is known; what puts a command into it as its root. */
async function namespace(): Promise<readonly string[]> {
  const holder = spawn("unshare", ["-U", "sleep", "60"], { stdio: "ignore" });
  onTestFinished(() => void holder.kill("SIGKILL"));
  await own(holder);
  // Neither unshare's own mapping, which takes the caller, nor newuidmap, which wants a range of subordinate users.
  writeFileSync(`/proc/${holder.pid}/uid_map`, `0 ${UID} 1`);
  writeFileSync(`/proc/${holder.pid}/gid_map`, `0 ${UID} 1`);
  return ["nsenter", "-t", String(holder.pid), "-U", "-S", "0", "-G", "0", "--"];
}

async function own({ pid }: ChildProcess): Promise<void> {
  const ours = readlinkSync("/proc/self/ns/user");
  for (let tries = 0; tries < 500; tries += 1) {
    if (readlinkSync(`/proc/${pid}/ns/user`) !== ours) return;
    await wait(10);
  }
  throw new Error("unshare made no namespace");
}

/** Below a directory that no ordinary user may write to; `etc` is root's. */
async function machine(): Promise<{ at: Machine; config: string }> {
  const at = await machineForTest({
    parent: "/opt",
    secrets: [{ name: "TEAM", host: HOST, value: "demo:demo-password" }],
  });
  // So that what is wrong with a configuration is said.
  const docker = at.giveToUs([HOST]);
  for (const dir of [docker, dirname(docker), at.home, at.cwd, at.runtime, at.tmp]) chownSync(dir, UID, UID);
  chmodSync(at.root, 0o755);
  mkdirSync(at.path("etc"), { mode: 0o755 });
  const settings = { api: { baseUrl: at.platform.baseUrl }, environmentId: ids.environment };
  const config = at.write("etc/config.json", settings, 0o644);
  return { at, config };
}

async function get(at: Machine, config: string, launcher: readonly string[]) {
  const env = {
    DOCKER_CREDENTIAL_ONA_CONFIG: config,
    ONA_BASE_URL: undefined,
    ONA_ENVIRONMENT_ID: undefined,
    PATH: "/usr/bin:/bin:/usr/sbin:/sbin",
  };
  return told(await at.run(["get"], { stdin: HOST, env, launcher }));
}

describe.runIf(hasUserNamespaces)("a configuration of root's outside of the namespace", () => {
  it("counts where nobody inside could exchange it", async () => {
    const { at, config } = await machine();
    const launcher = await namespace();
    const seen = await at.exec([...launcher, "stat", "-c", "%u %U", config]);
    expect(seen.stdout).toMatch(new RegExp(`^${OVERFLOW} `));
    expect(await get(at, config, launcher)).toEqual({ stdout: ANSWER, stderr: "", end: 0 });
  });

  it("counts where nothing names it", async () => {
    const { at, config } = await machine();
    const settings = at.write("xdg/docker-credential-ona/config.json", at.read(config), 0o644);
    for (const dir of [dirname(settings), at.path("xdg")]) chmodSync(dir, 0o755);
    const launcher = [...(await namespace()), "/usr/bin/env", `XDG_CONFIG_HOME=${at.path("xdg")}`];
    expect(await get(at, "", launcher)).toEqual({ stdout: ANSWER, stderr: "", end: 0 });
  });

  it.each<readonly [string, (at: Machine, config: string) => string]>([
    [
      "its directory is ours",
      (at, config) => {
        chownSync(at.path("etc"), UID, UID);
        return config;
      },
    ],
    [
      "a directory above that one is ours",
      (at, config) => {
        chownSync(at.root, UID, UID);
        return config;
      },
    ],
    [
      "it is led to from a directory of ours",
      (at, config) => {
        const link = at.path("home/config.json");
        execFileSync("ln", ["-s", config, link]);
        return link;
      },
    ],
    [
      "it is in a directory for everybody, sticky or not",
      (at, config) => {
        mkdirSync(at.path("shared"));
        chmodSync(at.path("shared"), 0o1777);
        return at.write("shared/config.json", at.read(config), 0o644);
      },
    ],
  ])("does not count where %s", async (_, prepare) => {
    const { at, config } = await machine();
    const { stdout, end } = await get(at, prepare(at, config), await namespace());
    expect(end).toBe(1);
    expect(stdout).toMatch(
      /outside this user namespace, and could be exchanged from inside|can be written by others/,
    );
    expect(stdout).toMatch(/\[config-unsafe\]\n$/);
  });

  it("of the overflow user's where there is no namespace: it is another user's", async () => {
    const { at, config } = await machine();
    chownSync(config, OVERFLOW, OVERFLOW);
    const { stdout, end } = await get(at, config, [
      "setpriv",
      "--reuid",
      String(UID),
      "--regid",
      String(UID),
      "--clear-groups",
    ]);
    expect(end).toBe(1);
    expect(stdout).toMatch(/belongs to another user.*\[config-unsafe\]\n$/);
  });
});
