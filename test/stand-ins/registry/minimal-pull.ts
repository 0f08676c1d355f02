// A pull client as small as it gets: asks the credential helper the way docker does, logs in, checks every digest.
// It must never send a credential to anything but the registry that was named and its own token realm.

import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "./registry-store.ts";

export interface PullOptions {
  /** `host[:port]/repository:tag` or `…@sha256:…`. */
  reference: string;
  /** The whole environment of the helper; PATH and DOCKER_CONFIG are read from it, as docker does. */
  environment: Record<string, string>;
  /** Default http, which docker too speaks to loopback. */
  scheme?: "http" | "https";
  /** Ends the helper, and with it the pull. */
  stop?: AbortSignal;
}

export interface PulledImage {
  digest: string;
  mediaType: string;
  layerCount: number;
  byteCount: number;
  /** Who the helper said to be; undefined when it knew nothing. */
  username: string | undefined;
  login: "none" | "basic" | "token";
}

interface HelperCredential {
  username: string;
  secret: string;
}

interface Reference {
  host: string;
  repository: string;
  version: string;
}

interface Session {
  origin: string;
  authorization: string | undefined;
  login: PulledImage["login"];
}

const notFound = "credentials not found in native keychain";
const manifestTypes = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

export async function minimalPull({
  reference,
  environment,
  scheme = "http",
  stop,
}: PullOptions): Promise<PulledImage> {
  const { host, repository, version } = parseReference(reference);
  const credential = await helperCredential(host, environment, stop);
  const origin = `${scheme}://${host}`;
  const { authorization, login } = await logIn(origin, repository, credential);
  const session: Session = { origin, authorization, login };
  const manifest = await fetchBytes(session, `/v2/${repository}/manifests/${version}`);
  const digest = digestOf(manifest.bytes);
  const announced = version.startsWith("sha256:") ? version : manifest.headers.get("docker-content-digest");
  if (announced !== null && announced !== digest) {
    throw new Error(`manifest of ${reference} has the digest ${digest}, not ${announced}`);
  }
  const { config, layers } = JSON.parse(manifest.bytes.toString("utf8")) as {
    config: { digest: string };
    layers: { digest: string }[];
  };
  let byteCount = manifest.bytes.length;
  for (const blob of [config, ...layers]) {
    const { bytes } = await fetchBytes(session, `/v2/${repository}/blobs/${blob.digest}`);
    if (digestOf(bytes) !== blob.digest) {
      throw new Error(`blob ${blob.digest} of ${reference} arrived with other content`);
    }
    byteCount += bytes.length;
  }
  const mediaType = manifest.headers.get("content-type") ?? "";
  const username = credential?.username;
  return { digest, mediaType, layerCount: layers.length, byteCount, username, login: session.login };
}

function parseReference(reference: string): Reference {
  const match = /^([^/]+)\/([^@]+?)(?:@(sha256:[0-9a-f]{64})|:([A-Za-z0-9_.-]+))?$/.exec(reference);
  const [, host, repository, digest, tag] = match ?? [];
  if (host === undefined || repository === undefined) {
    throw new Error(`not an image reference: ${reference}`);
  }
  return { host, repository, version: digest ?? tag ?? "latest" };
}

/** Docker's choice of a helper, and docker's reading of its answer. Undefined: nothing configured, or not found. */
async function helperCredential(
  host: string,
  environment: Record<string, string>,
  stop?: AbortSignal,
): Promise<HelperCredential | undefined> {
  const directory = environment.DOCKER_CONFIG ?? join(environment.HOME ?? "/", ".docker");
  const config = JSON.parse(await readFile(join(directory, "config.json"), "utf8")) as {
    credHelpers?: Record<string, string>;
    credsStore?: string;
  };
  const suffix = config.credHelpers?.[host] ?? config.credsStore;
  if (suffix === undefined) {
    return undefined;
  }
  const { stdout, exitCode } = await runHelper(`docker-credential-${suffix}`, host, environment, stop);
  if (exitCode !== 0) {
    if (stdout.trim() === notFound) {
      return undefined;
    }
    throw new Error(`docker-credential-${suffix} failed: ${stdout.trim()}`);
  }
  const { Username, Secret } = JSON.parse(stdout) as { Username?: string; Secret?: string };
  // Docker takes an answer without either as anonymous.
  return Username === undefined && Secret === undefined
    ? undefined
    : { username: Username ?? "", secret: Secret ?? "" };
}

function runHelper(
  program: string,
  host: string,
  environment: Record<string, string>,
  stop: AbortSignal | undefined,
): Promise<{ stdout: string; exitCode: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ["get"], {
      env: environment,
      stdio: ["pipe", "pipe", "inherit"],
      ...(stop === undefined ? {} : { signal: stop }),
    });
    let stdout = "";
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString("utf8");
    });
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ stdout, exitCode }));
    child.stdin.on("error", () => undefined);
    // As docker sends it: without a newline.
    child.stdin.end(host);
  });
}

async function logIn(
  origin: string,
  repository: string,
  credential: HelperCredential | undefined,
): Promise<Pick<Session, "authorization" | "login">> {
  const ping = await fetch(`${origin}/v2/`, { redirect: "manual" });
  await ping.arrayBuffer();
  const challenge = ping.headers.get("www-authenticate") ?? "";
  if (ping.status !== 401 || credential === undefined) {
    return { authorization: undefined, login: "none" };
  }
  if (/^basic /i.test(challenge)) {
    return { authorization: basic(credential), login: "basic" };
  }
  const token = await fetchToken(challenge, repository, credential);
  return { authorization: `Bearer ${token}`, login: "token" };
}

function basic({ username, secret }: HelperCredential): string {
  return `Basic ${Buffer.from(`${username}:${secret}`).toString("base64")}`;
}

async function fetchToken(
  challenge: string,
  repository: string,
  credential: HelperCredential,
): Promise<string> {
  const parameter = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? "";
  const service = parameter("service");
  const scope = `repository:${repository}:pull`;
  const realm = new URL(parameter("realm"));
  const response =
    credential.username === "<token>"
      ? await fetch(realm, {
          method: "POST",
          body: new URLSearchParams({
            grant_type: "refresh_token",
            refresh_token: credential.secret,
            service,
            scope,
            client_id: "minimal-pull",
          }),
        })
      : await fetch(
          `${realm.href}?${new URLSearchParams({ service, scope, account: credential.username })}`,
          {
            headers: { authorization: basic(credential) },
          },
        );
  const answer = (await response.json()) as { token?: string; access_token?: string };
  const token = answer.token ?? answer.access_token;
  if (!response.ok || token === undefined) {
    throw new Error(`login at ${realm.host} refused with ${response.status}`);
  }
  return token;
}

async function fetchBytes(
  { origin, authorization }: Session,
  path: string,
): Promise<{ bytes: Buffer; headers: Headers }> {
  const response = await fetch(`${origin}${path}`, {
    redirect: "manual",
    headers: { accept: manifestTypes, ...(authorization === undefined ? {} : { authorization }) },
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  if (!response.ok) {
    throw new Error(`${path} was answered with ${response.status}`);
  }
  return { bytes, headers: response.headers };
}
