// What is measured, in groups: the cases of a group run in turns, so that their ratios mean something.

import { join } from "node:path";
import { type CloudProxy, startCloudProxy } from "../stand-ins/clouds/cloud-proxy.ts";
import type { Clouds } from "../stand-ins/clouds/clouds.ts";
import { keyEnv } from "../stand-ins/clouds/key-ring.ts";
import { type Case, run } from "./launcher.ts";
import { ecrLogin, fillEcrLoginCache } from "./peers.ts";
import { ECR, executable, GAR, HOST, type Scene, startScene, UNKNOWN } from "./scene.ts";

export interface Group {
  readonly name: string;
  readonly cases: readonly Case[];
  /** What has to be so before a few rounds of it. */
  readonly refresh: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export const REFERENCE = "warm get";
export const EMPTY = "empty Bun executable";
const NATIVE = "runner-native";
const BARE_PATH = "/usr/bin:/bin";
/** For what asks for nothing. */
export const NOTHING = { env: { PATH: BARE_PATH }, stdin: "/dev/null" };

const [ours = ""] = executable().command;

function getCase(name: string, scene: Scene, host: string, more: Partial<Case> = {}): Case {
  return { name, command: [ours, "get"], env: scene.env, stdin: scene.file(host), ...more };
}

/** Answers that are at hand. `empty` is an executable of the same runtime that does nothing. */
export async function warmGroup(clouds: Clouds, empty: string): Promise<Group> {
  const scene = await startScene({
    clouds,
    seed: {
      secrets: [
        { name: "TEAM", host: HOST, value: "demo:password" },
        { name: "CLOUD", host: ECR, value: NATIVE },
      ],
    },
  });
  const proxy = await startCloudProxy(clouds, { regions: ["eu-central-1"] });
  const nothing = { env: { PATH: BARE_PATH }, stdin: scene.file(HOST) };
  const twenty = { times: 20 };
  return {
    name: "warm",
    cases: [
      { name: "/bin/true", command: ["/bin/true"], ...nothing },
      { name: EMPTY, command: [empty], ...nothing },
      getCase(REFERENCE, scene, HOST),
      getCase("warm get, through pipes as Docker has it", scene, HOST, { pipes: true }),
      getCase("warm get, minted ECR token", scene, ECR),
      getCase("unknown registry, warm", scene, UNKNOWN, { exitCode: 1 }),
      getCase("20 credHelpers, one after another", scene, HOST, twenty),
      { name: "list, warm", command: [ours, "list"], env: scene.env },
      ...(await peerCases(scene, clouds, proxy)),
    ],
    refresh: async () => {
      for (const host of [HOST, ECR, UNKNOWN]) await scene.warm(host);
    },
    close: async () => {
      await scene.close();
      await proxy.close();
    },
  };
}

/** ecr-login with what it needs to be warm: a token in its cache, and for a role the metadata server at every call. */
async function peerCases(scene: Scene, clouds: Clouds, proxy: CloudProxy): Promise<readonly Case[]> {
  const peer = ecrLogin();
  if (peer === undefined) return [];
  const keys = keyEnv(clouds.ring.permanent());
  const dir = scene.path("ecr-login");
  fillEcrLoginCache(dir, keys.AWS_ACCESS_KEY_ID ?? "");
  const env = { PATH: BARE_PATH, HOME: scene.home };
  const common = { command: [peer.path, "get"], stdin: scene.file(ECR) };
  const withKeys = { ...common, env: { ...env, ...keys, AWS_ECR_CACHE_DIR: dir } };
  const withRole = {
    ...common,
    env: {
      ...env,
      ...throughProxy(proxy, scene),
      AWS_ECR_CACHE_DIR: scene.path("ecr-login-role"),
      AWS_EC2_METADATA_SERVICE_ENDPOINT: clouds.imds.url,
    },
  };
  // Its key in the cache is the role's, which changes with every session, so it fills this one itself.
  await run([{ name: "fill", ...withRole }], 1);
  return [
    { name: "ecr-login, warm, static keys", ...withKeys },
    { name: "ecr-login, warm, role of a metadata server (1 ms)", ...withRole },
  ];
}

function throughProxy(proxy: CloudProxy, scene: Scene): Record<string, string> {
  return { HTTPS_PROXY: proxy.url, SSL_CERT_FILE: scene.write("ca.pem", proxy.ca) };
}

/** Answers that somebody has to be asked for, by stand-ins that answer at once. */
export async function coldGroup(clouds: Clouds): Promise<Group> {
  const secrets = [
    { name: "TEAM", host: HOST, value: "demo:password" },
    { name: "CLOUD", host: GAR, value: NATIVE },
  ];
  const warm = await startScene({ clouds, seed: { secrets } });
  const asked = await startScene({ clouds, seed: { secrets } });
  const google = await startScene({ clouds, seed: { secrets } });
  const keys = keyEnv(clouds.ring.permanent());
  const config = { registries: { [ECR]: { source: "ecr" } } };
  const ecr = await startScene({ clouds, config, env: keys });
  const proxy = await startCloudProxy(clouds, { regions: ["eu-central-1"] });
  const proxied = throughProxy(proxy, ecr);
  const noOverride = { AWS_ENDPOINT_URL_ECR: "", AWS_ENDPOINT_URL_ECR_PUBLIC: "", AWS_ENDPOINT_URL_STS: "" };
  const ecrProxied = await startScene({ clouds, config, env: { ...keys, ...noOverride, ...proxied } });
  for (const [scene, host] of [
    [google, GAR],
    [ecr, ECR],
    [ecrProxied, ECR],
  ] as const) {
    await scene.warm(host);
  }
  const scenes = [warm, asked, google, ecr, ecrProxied];
  const peer = ecrLogin();
  const none = ecr.path("ecr-login");
  const peerCase: Case = {
    name: "ecr-login, ECR mint, TLS through a proxy",
    command: [peer?.path ?? "", "get"],
    env: { PATH: BARE_PATH, HOME: ecr.home, AWS_ECR_CACHE_DIR: none, ...keys, ...proxied },
    stdin: ecr.file(ECR),
    gone: join(none, "cache.json"),
  };
  return {
    name: "asked",
    cases: [
      getCase(REFERENCE, warm, HOST),
      getCase("platform asked: environment, then value", asked, HOST, { empty: asked.cacheDir }),
      getCase("ECR mint, static keys", ecr, ECR, { gone: ecr.mintedFile() }),
      getCase("Google mint, metadata server", google, GAR, { gone: google.mintedFile() }),
      getCase("ECR mint, TLS through a proxy", ecrProxied, ECR, { gone: ecrProxied.mintedFile() }),
      ...(peer === undefined ? [] : [peerCase]),
    ],
    refresh: async () => {
      await warm.warm(HOST);
      await google.warm(GAR);
    },
    close: async () => {
      for (const scene of scenes) await scene.close();
      await proxy.close();
    },
  };
}
