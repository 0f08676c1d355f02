// Debian's docker-registry with Basic, token or no authentication, and private images made without the internet.
// With authentication it must never give an image to anybody without one of its accounts.

import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { inject } from "vitest";
import { freePort, startDaemon } from "./daemon.ts";
import { mustRun } from "./run.ts";
import { mark } from "./run-root.ts";
import { startTokenServer, type TokenServer } from "./token-server.ts";

export type Authentication = "basic" | "token" | "none";

export interface Image {
  /** `host:port/repository:tag` */
  reference: string;
  repository: string;
  digest: string;
  /** What `/hello.txt` holds; no other image has the same. */
  hello: string;
}

export interface Registry {
  /** `127.0.0.1:port` */
  host: string;
  /** `localhost:port`, for a client that speaks plain HTTP to that name alone. */
  localHost: string;
  tokens: TokenServer | undefined;
  /** Makes the account, or changes its password. */
  setAccount(user: string, password: string): Promise<void>;
  /** A new private image: busybox and a `/hello.txt` of its own. */
  publish(): Promise<Image>;
  stop(): Promise<void>;
}

const publisher = { user: "publisher", password: "may-push" };

/** What the bed's own programs get to see. */
export function bedEnvironment(root: string): Record<string, string> {
  const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  return { PATH: path, HOME: root, TMPDIR: root, LANG: "C.UTF-8", [mark]: inject("runRoot") };
}

export async function startRegistry(authentication: Authentication): Promise<Registry> {
  const root = mkdtempSync(join(inject("runRoot"), "registry-"));
  const tokens = authentication === "token" ? await startTokenServer(await makeCertificate(root)) : undefined;
  const accounts = join(root, "htpasswd");
  const setAccount = async (user: string, password: string) => {
    if (tokens !== undefined) tokens.accounts.set(user, password);
    else await writeAccount(root, accounts, user, password);
  };
  await setAccount(publisher.user, publisher.password);
  let stop = async () => tokens?.close();
  try {
    const { port, daemon } = await serve(root, authenticationSettings(authentication, accounts, tokens));
    stop = async () => {
      await daemon.stop();
      await tokens?.close();
    };
    const host = `127.0.0.1:${port}`;
    const images = await makeBaseImage(root);
    const publish = () => publishImage({ root, host, images });
    return { host, localHost: `localhost:${port}`, tokens, setAccount, publish, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function authenticationSettings(
  kind: Authentication,
  accounts: string,
  tokens: TokenServer | undefined,
): object {
  if (tokens !== undefined) {
    const { realm, service, issuer } = tokens;
    return { auth: { token: { realm, service, issuer, rootcertbundle: join(accounts, "../token.crt") } } };
  }
  return kind === "basic" ? { auth: { htpasswd: { realm: "clients-bed", path: accounts } } } : {};
}

/** The free port may be taken before the registry has it, so there is a second try. */
async function serve(root: string, authentication: object) {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const settings = {
      version: "0.1",
      log: { level: "warn", accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(root, "storage") } },
      http: { addr: `127.0.0.1:${port}` },
      ...authentication,
    };
    const file = join(root, "registry.json");
    writeFileSync(file, JSON.stringify(settings));
    const command = [inject("programs").paths["docker-registry"] ?? "", "serve", file];
    const plan = {
      command,
      env: bedEnvironment(root),
      logFile: join(root, "log"),
      answers: () => answers(port),
    };
    try {
      return { port, daemon: await startDaemon(plan) };
    } catch (error) {
      if (attempt === 2) throw error;
    }
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host: "127.0.0.1", port, path: "/v2/" }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 || response.statusCode === 401);
    }).on("error", () => resolve(false));
  });
}

/** The registry re-reads the file when its time changes, so it must never see half of it. */
async function writeAccount(root: string, accounts: string, user: string, password: string): Promise<void> {
  const next = `${accounts}.next`;
  writeFileSync(next, readIfThere(accounts));
  const command = [inject("programs").paths.htpasswd ?? "", "-i", "-B", "-C", "4", next, user];
  await mustRun(command, { env: bedEnvironment(root), stdin: password });
  renameSync(next, accounts);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

async function makeCertificate(root: string): Promise<{ key: string; certificate: string }> {
  const files = { key: join(root, "token.key"), certificate: join(root, "token.crt") };
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=clients-bed"];
  const out = ["-keyout", files.key, "-out", files.certificate];
  await mustRun([inject("programs").paths.openssl ?? "", ...request, ...out], {
    env: bedEnvironment(root),
  });
  return files;
}

const applets = [
  "cat",
  "env",
  "grep",
  "id",
  "ls",
  "mkdir",
  "printf",
  "sh",
  "sleep",
  "test",
  "uname",
  "whoami",
];

async function makeBaseImage(root: string): Promise<string> {
  const bin = join(root, "bin");
  mkdirSync(bin);
  const { busybox = "", umoci = "" } = inject("programs").paths;
  writeFileSync(join(bin, "busybox"), readFileSync(busybox), { mode: 0o755 });
  for (const applet of applets) symlinkSync("busybox", join(bin, applet));
  const layout = join(root, "images");
  const image = `${layout}:base`;
  const settings = ["--config.env", "PATH=/bin", "--config.cmd", "/bin/sh"];
  for (const args of [
    ["init", "--layout", layout],
    ["new", "--image", image],
    ["insert", "--image", image, bin, "/bin"],
    ["config", "--image", image, ...settings],
  ]) {
    await mustRun([umoci, ...args], { env: bedEnvironment(root) });
  }
  return layout;
}

let published = 0;

async function publishImage(at: { root: string; host: string; images: string }): Promise<Image> {
  published += 1;
  const { umoci = "", skopeo = "" } = inject("programs").paths;
  const tag = `v${published}`;
  const repository = `team/app-${published}`;
  const reference = `${at.host}/${repository}:${tag}`;
  const hello = `hello from ${reference}\n`;
  const file = join(at.root, "hello.txt");
  writeFileSync(file, hello);
  const options = { env: bedEnvironment(at.root) };
  await mustRun([umoci, "insert", "--image", `${at.images}:base`, "--tag", tag, file, "/hello.txt"], options);
  const credentials = ["--dest-creds", `${publisher.user}:${publisher.password}`];
  const flags = ["--dest-tls-verify=false", "--insecure-policy", "--format", "v2s2", ...credentials];
  await mustRun([skopeo, "copy", ...flags, `oci:${at.images}:${tag}`, `docker://${reference}`], options);
  const from = ["--tls-verify=false", "--creds", `${publisher.user}:${publisher.password}`, "--raw"];
  const manifest = await mustRun([skopeo, "inspect", ...from, `docker://${reference}`], options);
  return {
    reference,
    repository,
    digest: `sha256:${createHash("sha256").update(manifest).digest("hex")}`,
    hello,
  };
}
