// One machine of a test: a platform whose secrets say runner-native, the stand-ins of the clouds, directories of its
// own, and the executable that is asked. Nothing of this machine reaches the helper.

import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { startCloudProxy } from "../stand-ins/clouds/cloud-proxy.ts";
import { type CloudOptions, type Clouds, startClouds } from "../stand-ins/clouds/clouds.ts";
import { ids } from "../stand-ins/platform/ids.ts";
import { type Platform, startPlatform } from "../stand-ins/platform/stand-in.ts";
import { type Bed, type Build, builds, buildsUnderTest, makeBed, runHelper } from "../support/run-helper.ts";

export const PLATFORM_TOKEN = "c4nary-platform-token";
export const REGION = "eu-central-1";
export const ECR = `111122223333.dkr.ecr.${REGION}.amazonaws.com`;
export const GAR = "europe-docker.pkg.dev";
export const NOT_FOUND = "credentials not found in native keychain\n";

/** What takes many processes or a script of minutes is shown with the executable only. */
export const executables: readonly Build[] = buildsUnderTest().filter((build) => build.name === "executable");

export interface MintBedOptions {
  readonly clouds?: CloudOptions;
  /** Hosts with a secret that says runner-native; default `ECR` and `GAR`. False: no platform at all. */
  readonly native?: readonly string[] | false;
  /** Our own configuration file. */
  readonly config?: object;
  /** Default: the executable. */
  readonly build?: Build;
}

export interface Said {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly tookMs: number;
}

export interface MintBed {
  readonly bed: Bed;
  readonly clouds: Clouds;
  readonly platform: Platform;
  /** What every run starts from. */
  readonly env: Readonly<Record<string, string>>;
  configure(config: object): void;
  get(host: string, env?: Readonly<Record<string, string>>): Promise<Said>;
  /** The password, after the shape of the answer was checked. */
  password(host: string, env?: Readonly<Record<string, string>>): Promise<string>;
  /** The one line of a failure with this code, after both streams were checked. */
  failure(host: string, code: string, env?: Readonly<Record<string, string>>): Promise<string>;
  /** Names and contents of all that the helper has written. */
  traces(): string;
  /** Moves every time in the cache back: as if so long had passed since. A negative one: the clock was set back. */
  age(ms: number): void;
}

/** Ends with the running test. */
export async function mintBed(options: MintBedOptions = {}): Promise<MintBed> {
  const clouds = await startClouds(options.clouds);
  onTestFinished(() => clouds.close());
  const native = options.native === false ? [] : (options.native ?? [ECR, GAR]);
  const tokens = [{ label: "environment", token: PLATFORM_TOKEN, principal: "environment" as const }];
  const secrets = native.map((host, n) => ({
    name: `NATIVE_${n}`,
    host,
    value: "runner-native:runner-native",
  }));
  const platform = await startPlatform({ seed: { secrets, tokens } });
  onTestFinished(() => platform.close());
  const bed = makeBed();
  onTestFinished(() => bed.remove());
  mkdirSync(join(bed.root, "tmp"), { mode: 0o700 });
  const env = {
    ...bed.env,
    TMPDIR: join(bed.root, "tmp"),
    ...(options.native === false ? {} : platformEnv(platform)),
    ...clouds.env,
  };
  const parts = { bed, clouds, platform, env };
  const at = { ...parts, ...asking(parts, options.build ?? builds.find((it) => it.name === "executable")) };
  if (options.config !== undefined) at.configure(options.config);
  return at;
}

function platformEnv(platform: Platform): Record<string, string> {
  return {
    ONA_BASE_URL: platform.baseUrl,
    ONA_ENVIRONMENT_ID: ids.environment,
    DOCKER_CREDENTIAL_ONA_TOKEN: PLATFORM_TOKEN,
  };
}

type Asking = Pick<MintBed, "configure" | "get" | "password" | "failure" | "traces" | "age">;

function asking({ bed, env }: Pick<MintBed, "bed" | "env">, build: Build | undefined): Asking {
  if (build === undefined) throw new Error("no build to ask");
  const get: MintBed["get"] = async (host, more = {}) => {
    const run = await runHelper(build, ["get"], { env: { ...env, ...more }, cwd: bed.cwd, stdin: host });
    const { code, tookMs } = run;
    return { stdout: run.stdout.toString(), stderr: run.stderr.toString(), code, tookMs };
  };
  return {
    get,
    configure: (config) => {
      const path = join(bed.home, ".config/docker-credential-ona/config.json");
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
    },
    password: async (host, more) => passwordIn(host, await get(host, more)),
    failure: async (host, code, more) => failureIn(host, code, await get(host, more)),
    age: (ms) => ageCache(join(bed.root, "run/docker-credential-ona"), ms),
    traces: () =>
      [join(bed.root, "run"), join(bed.root, "tmp"), bed.cwd, stateDir(bed)].map(contents).join("\n"),
  };
}

export const stateDir = (bed: Bed): string => join(bed.home, ".local/state/docker-credential-ona");

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

interface ProxyWay {
  /** Default: one region of each partition. */
  readonly regions?: readonly string[];
  /** Variables that lead to a stand-in directly, past the proxy. */
  readonly direct?: Readonly<Record<string, string>>;
  /** More names, and the loopback port that plays each. */
  readonly hosts?: Readonly<Record<string, number>>;
}

/** The real names of the clouds lead to their stand-ins, over TLS and a proxy that notes whom it was asked for. */
export async function behindProxy(at: MintBed, { regions, direct, hosts = {} }: ProxyWay = {}) {
  const proxy = await startCloudProxy(at.clouds, regions === undefined ? { hosts } : { regions, hosts });
  onTestFinished(() => proxy.close());
  const ca = join(at.bed.root, "ca.pem");
  writeFileSync(ca, proxy.ca);
  const names = { AWS_ENDPOINT_URL_ECR: "", AWS_ENDPOINT_URL_ECR_PUBLIC: "", AWS_ENDPOINT_URL_STS: "" };
  const env = { ...names, ...direct, ...proxy.env, NODE_EXTRA_CA_CERTS: ca };
  return { env, connects: proxy.connects, refused: proxy.refused };
}
