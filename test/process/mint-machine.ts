// A machine that mints: a platform whose secrets say runner-native, and the stand-ins of the clouds.

import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import type { CloudOptions, Clouds } from "../stand-ins/clouds/clouds.ts";
import type { Build } from "../support/builds.ts";
import { Machine, startMachine, type Variables } from "../support/machine.ts";
import { withCloudProxy, withClouds } from "../support/machine-clouds.ts";
import type { Run } from "../support/run.ts";

export const PLATFORM_TOKEN = "c4nary-platform-token";
export const REGION = "eu-central-1";
export const ECR = `111122223333.dkr.ecr.${REGION}.amazonaws.com`;
export const GAR = "europe-docker.pkg.dev";

export interface MintOptions {
  readonly clouds?: CloudOptions;
  /** Hosts with a secret that says runner-native; default `ECR` and `GAR`. False: no platform at all. */
  readonly native?: readonly string[] | false;
  /** Our own configuration file. */
  readonly config?: object;
  /** Default: the executable. */
  readonly build?: Build;
}

export type Said = Pick<Run, "stdout" | "stderr" | "code">;

export interface MintMachine extends Machine {
  readonly clouds: Clouds;
  /** The password, after the shape of the answer was checked. */
  password(host: string, env?: Variables): Promise<string>;
  /** The one line of a failure with this code, after both streams were checked. */
  failure(host: string, code: string, env?: Variables): Promise<string>;
  /** Names and contents of all that the helper has written. */
  traces(): string;
  /** Moves every time in the cache back: as if so long had passed since. A negative one: the clock was set back. */
  age(ms: number): void;
}

/** Ends with the running test. */
export async function mintMachine(options: MintOptions = {}): Promise<MintMachine> {
  const { native = [ECR, GAR] } = options;
  const secrets = (native || []).map((host, n) => ({
    name: `NATIVE_${n}`,
    host,
    value: "runner-native:runner-native",
  }));
  const at =
    native === false
      ? new Machine(options)
      : await startMachine({ ...options, secrets, token: PLATFORM_TOKEN });
  onTestFinished(() => at.close());
  if (options.config !== undefined) at.configure(options.config);
  const written = [at.runtime, at.tmp, at.cwd, at.stateDir];
  return Object.assign(at, {
    clouds: await withClouds(at, options.clouds),
    password: async (host: string, env?: Variables) => passwordIn(host, await at.get(host, env)),
    failure: async (host: string, code: string, env?: Variables) =>
      failureIn(host, code, await at.get(host, env)),
    age: (ms: number) => ageCache(at.cacheDir, ms),
    traces: () => written.map(contents).join("\n"),
  });
}

export function passwordIn(host: string, said: Said): string {
  expect(said, said.stdout).toMatchObject({ code: 0, stderr: "" });
  const { Username, Secret } = JSON.parse(said.stdout) as { Username: string; Secret: string };
  expect(said.stdout).toBe(`${JSON.stringify({ ServerURL: host, Username, Secret })}\n`);
  expect(Username).toBe(/gcr\.io|pkg\.dev/.test(host) ? "oauth2accesstoken" : "AWS");
  return Secret;
}

/** Registry, what failed, what to do next, code: one line of printable characters, the same on both streams. */
export function failureIn(host: string, code: string, said: Said): string {
  expect(said.stdout).toMatch(/^[\x20-\x7e]+\n$/);
  expect(said.stdout.startsWith(`${host}: `), said.stdout).toBe(true);
  expect(said.stdout).toMatch(/; [^;]{8,} \[[a-z-]+\]\n$/);
  expect(said.stdout.endsWith(` [${code}]\n`), said.stdout).toBe(true);
  expect(said.stderr).toBe(said.stdout);
  expect(said.code).toBe(1);
  return said.stdout.trimEnd();
}

function ageCache(directory: string, ms: number): void {
  const entries = readdirSync(directory).filter((name) => name.endsWith(".json"));
  if (entries.length === 0) throw new Error("nothing is in the cache");
  for (const name of entries) {
    const path = join(directory, name);
    const aged: unknown = JSON.parse(readFileSync(path, "utf8"), (key, value: unknown) =>
      key.endsWith("AtMs") || key === "atMs" ? Number(value) - ms : value,
    );
    writeFileSync(path, JSON.stringify(aged));
  }
}

function contents(directory: string): string {
  const names = readNames(directory);
  const texts = names
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, "utf8"));
  return [...names, ...texts].join("\n");
}

function readNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { recursive: true, encoding: "utf8" });
  } catch {
    return [];
  }
}

/** What the machine's metadata server hands out, and all that was minted: none of it may be shown. */
export async function cloudSecrets({ imds, ecrPasswords, googleTokens }: Clouds): Promise<readonly string[]> {
  const minted = [...ecrPasswords.all.map((it) => it.password), ...googleTokens.all.map((it) => it.token)];
  if (imds.settings.silent === true || imds.settings.role === null) return minted;
  imds.faults.clear();
  const ttl = { "x-aws-ec2-metadata-token-ttl-seconds": "60" };
  const session = await (await fetch(`${imds.url}/latest/api/token`, { method: "PUT", headers: ttl })).text();
  const role = `${imds.url}/latest/meta-data/iam/security-credentials/${imds.settings.role ?? "environment"}`;
  const answer = await fetch(role, { headers: { "x-aws-ec2-metadata-token": session } });
  const keys = (await answer.json()) as { AccessKeyId: string; SecretAccessKey: string; Token: string };
  return [...minted, keys.AccessKeyId, keys.SecretAccessKey, keys.Token];
}

/** The real names of the clouds lead to their stand-ins. `direct`: variables that lead to one past the proxy. */
export async function behindProxy(
  at: MintMachine,
  { direct, ...plan }: Parameters<typeof withCloudProxy>[2] & { readonly direct?: Variables } = {},
) {
  const { env, ...seen } = await withCloudProxy(at, at.clouds, plan);
  const names = { AWS_ENDPOINT_URL_ECR: "", AWS_ENDPOINT_URL_ECR_PUBLIC: "", AWS_ENDPOINT_URL_STS: "" };
  return { env: { ...names, ...direct, ...env }, ...seen };
}
