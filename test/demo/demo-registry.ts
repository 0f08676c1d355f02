// The private registry of the demo: Debian's docker-registry if it is there, else the small one of ours.
// Both ask for a token from the same token endpoint, where the password is checked and can change.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeImage, type OciImage, pushImage } from "../stand-ins/registry/oci-image.ts";
import { type Registry, startRegistry } from "../stand-ins/registry/registry.ts";
import { tokenIssuer, tokenService } from "../stand-ins/registry/registry-tokens.ts";
import type { Leftovers } from "./leftovers.ts";
import { findProgram } from "./program.ts";

export interface DemoRegistry {
  /** `127.0.0.1:port`. */
  host: string;
  /** What it is, for the reader. */
  words: string;
  /** Ours: holds the users, and sees every login. */
  logins: Registry;
  repository: string;
  image: OciImage;
  /** From now on the registry takes what this gives, and nothing else: so that a rotation by hand works. */
  followValue(currentValue: () => string): void;
}

export interface DemoRegistryOptions {
  /** `debian` or `ours`; absent: the first that is there. */
  choice: string | undefined;
  directory: string;
  path: string;
  username: string;
  password: string;
}

const repository = "team/hello";
const startLimitMs = 5000;

export async function startDemoRegistry(
  options: DemoRegistryOptions,
  leftovers: Leftovers,
): Promise<DemoRegistry> {
  const { choice, path, directory, username, password } = options;
  let followed: (() => string) | undefined;
  const logins = await startRegistry({
    auth: "token",
    tokens: { format: "signed" },
    users: { [username]: password },
    accepts: (...pair) => followed?.() === pair.join(":"),
  });
  leftovers.add(() => logins.close());
  const { host, words } = await chooseRegistry(choice, path, directory, logins, leftovers);
  const image = makeImage({ "hello.txt": "pulled through docker-credential-ona\n" });
  const pushToken = logins.tokens.issue("demo-setup", [{ repository, actions: ["pull", "push"] }]);
  await pushImage(`http://${host}`, repository, "v1", image, `Bearer ${pushToken}`);
  const followValue = (currentValue: () => string) => {
    logins.users.remove(username);
    followed = currentValue;
  };
  return { host, words, logins, repository, image, followValue };
}

async function chooseRegistry(
  choice: string | undefined,
  path: string,
  directory: string,
  logins: Registry,
  leftovers: Leftovers,
): Promise<Pick<DemoRegistry, "host" | "words">> {
  const ours = { host: logins.host, words: "a small one of ours" };
  if (choice === "ours") {
    return ours;
  }
  const program = findProgram("docker-registry", path);
  const host =
    program === undefined ? undefined : await startDebianRegistry(program, directory, logins, leftovers);
  if (host !== undefined) {
    return { host, words: `docker-registry (${program})` };
  }
  const reason = program === undefined ? "docker-registry is not on PATH" : "docker-registry did not start";
  if (choice === "debian") {
    throw new Error(reason);
  }
  return { ...ours, words: `${ours.words} (${reason})` };
}

/** Its host and port, read from its first words; undefined if it does not come up. */
async function startDebianRegistry(
  program: string,
  directory: string,
  logins: Registry,
  leftovers: Leftovers,
): Promise<string | undefined> {
  const home = join(directory, "docker-registry");
  await mkdir(home);
  await writeFile(join(home, "authority.pem"), logins.tokens.authority);
  const token = {
    realm: logins.tokenRealm,
    service: tokenService,
    issuer: tokenIssuer,
    rootcertbundle: join(home, "authority.pem"),
  };
  // JSON is YAML.
  const config = {
    version: "0.1",
    log: { level: "info", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(home, "storage") } },
    http: { addr: "127.0.0.1:0" },
    auth: { token },
  };
  await writeFile(join(home, "config.yml"), JSON.stringify(config));
  const child = spawn(program, ["serve", join(home, "config.yml")], {
    env: { PATH: "/usr/bin:/bin", HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  leftovers.add(() => endProcess(child));
  return announcedHost(child);
}

function announcedHost(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    let words = "";
    const giveUp = setTimeout(() => resolve(undefined), startLimitMs);
    const settle = (host: string | undefined) => {
      clearTimeout(giveUp);
      resolve(host);
    };
    const read = (chunk: Buffer) => {
      words += chunk.toString("utf8");
      const host = /listening on (127\.0\.0\.1:\d+)/.exec(words)?.[1];
      if (host !== undefined) {
        settle(host);
      }
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.on("error", () => settle(undefined));
    child.on("exit", () => settle(undefined));
  });
}

function endProcess(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      resolve();
      return;
    }
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}
