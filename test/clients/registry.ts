// Debian's docker-registry with Basic, token or no authentication.
// With authentication it must never give an image to anybody without one of its accounts.

import { mkdtempSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { inject } from "vitest";
import { freePort, startDaemon } from "./daemon.ts";
import { type Image, makeBaseImage, publishImage } from "./images.ts";
import { bedEnvironment, mustRun } from "./run.ts";
import { startTokenServer, type TokenServer } from "./token-server.ts";

export type Authentication = "basic" | "token" | "none";

export interface Registry {
  /** `127.0.0.1:port` */
  host: string;
  /** `localhost:port`, for a client that speaks plain HTTP to that name alone. */
  localHost: string;
  tokens: TokenServer | undefined;
  /** Makes the account, or changes its password. */
  setAccount(user: string, password: string): Promise<void>;
  /** A new private image: busybox and a `/hello.txt` of its own. One at a time. */
  publish(): Promise<Image>;
  stop(): Promise<void>;
}

const publisher = { user: "publisher", password: "may-push" };

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
    const layout = await makeBaseImage(root);
    const publish = () => publishImage({ root, host, layout, publisher });
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
