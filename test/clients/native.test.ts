// Private registries that take nothing but a minted token, pulled by skopeo and by docker: ECR and Google behind
// loopback names (`aliasOf`), and ECR under its own name through a proxy with a private CA.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { startCloudProxy } from "../stand-ins/clouds/cloud-proxy.ts";
import { type Clouds, startClouds } from "../stand-ins/clouds/clouds.ts";
import { makeImage, type OciImage, putImage } from "../stand-ins/registry/oci-image.ts";
import { type Registry, startRegistry } from "../stand-ins/registry/registry.ts";
import { describeClient } from "./bed.ts";
import { type Engine, startEngine } from "./engine.ts";
import type { Outcome } from "./run.ts";
import { openWorkplace, type Workplace } from "./workplace.ts";

const REGION = "eu-central-1";
const ECR = `111122223333.dkr.ecr.${REGION}.amazonaws.com`;
const NATIVE = "runner-native:runner-native";

interface Scene {
  readonly clouds: Clouds;
  readonly registry: Registry;
  readonly image: OciImage;
  readonly reference: string;
  /** Requests for a token that were granted. */
  minted(): number;
}

interface Cloud {
  readonly user: string;
  readonly standsFor: string;
  start(): Promise<Clouds>;
  accepts(clouds: Clouds, user: string, password: string): boolean;
  minted(clouds: Clouds): number;
}

const AWS: Cloud = {
  user: "AWS",
  standsFor: ECR,
  start: () => startClouds({ imds: {}, ecr: {} }),
  accepts: (clouds, user, password) => clouds.isValidEcrPassword(user, password, { region: REGION }),
  minted: (clouds) => clouds.ecr.journal.granted("GetAuthorizationToken"),
};

const GOOGLE: Cloud = {
  user: "oauth2accesstoken",
  standsFor: "europe-docker.pkg.dev",
  start: () => startClouds({ gce: {} }),
  accepts: (clouds, user, password) => user === "oauth2accesstoken" && clouds.isValidGoogleToken(password),
  minted: (clouds) => clouds.gce.journal.granted("instance/service-accounts/default/token"),
};

let images = 0;

async function openScene(cloud: Cloud): Promise<Scene> {
  const clouds = await cloud.start();
  onTestFinished(() => clouds.close());
  const accepts = (user: string, password: string) => cloud.accepts(clouds, user, password);
  const registry = await startRegistry({ auth: "basic", accepts });
  onTestFinished(() => registry.close());
  images += 1;
  const image = makeImage({ "hello.txt": `pulled as ${cloud.user}, image ${images}\n` });
  putImage(registry.store, "team/native", "v1", image);
  const reference = `${registry.host}/team/native:v1`;
  return { clouds, registry, image, reference, minted: () => cloud.minted(clouds) };
}

/** A user whose secret for `host` says runner-native. */
async function openUser(host: string, config: object, dockerHost?: string): Promise<Workplace> {
  const plan = { helped: [host], secrets: { [host]: NATIVE } };
  const at = await openWorkplace(dockerHost === undefined ? plan : { ...plan, dockerHost });
  writeFileSync(at.env.DOCKER_CREDENTIAL_ONA_CONFIG ?? "", JSON.stringify(config), { mode: 0o600 });
  return at;
}

interface Client {
  pull(at: Workplace, reference: string, env: Record<string, string>): Promise<Outcome>;
  /** Of what has arrived; computed from the bytes or said by the engine that checked them. */
  digest(at: Workplace, reference: string): Promise<string>;
  /** So that the next pull has something to do. */
  forget(at: Workplace, reference: string): Promise<void>;
}

function nativeScenarios(client: Client, dockerHost: () => string | undefined): void {
  test.each([AWS, GOOGLE])("a registry that takes minted tokens for $user only", async (cloud) => {
    const scene = await openScene(cloud);
    const { registry, reference, image, clouds } = scene;
    const rule = { [registry.host]: { aliasOf: cloud.standsFor } };
    const at = await openUser(registry.host, { registries: rule }, dockerHost());
    const env = clouds.env;
    expect(await client.pull(at.withoutCredentials(), reference, env)).not.toMatchObject({ code: 0 });
    expect(scene.minted()).toBe(0);
    for (const round of [1, 2]) {
      const outcome = await client.pull(at, reference, env);
      expect(outcome, `${round}: ${outcome.said}`).toMatchObject({ code: 0 });
      expect(await client.digest(at, reference)).toBe(image.digest);
      expect(scene.minted()).toBe(1);
      await client.forget(at, reference);
    }
    const users = registry.journal.flatMap((entry) => entry.username ?? []);
    expect(new Set(users)).toEqual(new Set([cloud.user]));
  });

  test("without aliasOf the same secret is a clear failure, and no cloud is asked", async () => {
    const scene = await openScene(AWS);
    const { registry, reference, clouds } = scene;
    const at = await openUser(registry.host, {}, dockerHost());
    const outcome = await client.pull(at, reference, clouds.env);
    expect(outcome).not.toMatchObject({ code: 0 });
    expect(outcome.said).toContain("[native-unsupported]");
    expect(clouds.imds.journal.count() + clouds.ecr.journal.count()).toBe(0);
  });

  test("AWS's refusal reaches the user, with what to do", async () => {
    const scene = await openScene(AWS);
    const { registry, reference, clouds } = scene;
    const at = await openUser(
      registry.host,
      { registries: { [registry.host]: { aliasOf: ECR } } },
      dockerHost(),
    );
    clouds.ecr.faults.always({ kind: "denied" });
    const outcome = await client.pull(at, reference, clouds.env);
    expect(outcome).not.toMatchObject({ code: 0 });
    expect(outcome.said).toMatch(/allow ecr:GetAuthorizationToken .*\[aws-denied\]/);
  });
}

const skopeo = inject("programs").paths.skopeo ?? "";
const target = (at: Workplace): string => join(at.root, "tmp", "pulled");

const copies: Client = {
  pull: (at, reference, env) => {
    const command = [skopeo, "copy", "--src-tls-verify=false", `docker://${reference}`, `dir:${target(at)}`];
    return at.run(command, { env });
  },
  digest: async (at) => {
    const manifest = readFileSync(join(target(at), "manifest.json"));
    return `sha256:${createHash("sha256").update(manifest).digest("hex")}`;
  },
  forget: async () => undefined,
};

describeClient("skopeo", ["skopeo"], () => {
  nativeScenarios(copies, () => undefined);

  test("ECR under its own name: no alias, TLS, a proxy, a private CA", async () => {
    const scene = await openScene(AWS);
    const { clouds, registry, image } = scene;
    const port = Number(registry.host.split(":")[1]);
    await using proxy = await startCloudProxy(clouds, { hosts: { [ECR]: port } });
    const at = await openUser(ECR, {});
    const certificates = join(at.root, "certificates");
    mkdirSync(certificates);
    const ca = join(certificates, "ca.crt");
    writeFileSync(ca, proxy.ca);
    const { AWS_EC2_METADATA_SERVICE_ENDPOINT: imds = "", GCE_METADATA_HOST: gce = "" } = clouds.env;
    const env = {
      ...proxy.env,
      NODE_EXTRA_CA_CERTS: ca,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: imds,
      GCE_METADATA_HOST: gce,
    };
    const places = [`docker://${ECR}/team/native:v1`, `dir:${target(at)}`];
    const command = [skopeo, "copy", "--src-cert-dir", certificates, ...places];
    expect(await at.withoutCredentials().run(command, { env })).not.toMatchObject({ code: 0 });
    for (const _round of [1, 2]) {
      const outcome = await at.run(command, { env });
      expect(outcome, outcome.said).toMatchObject({ code: 0 });
      expect(await copies.digest(at, ECR)).toBe(image.digest);
      expect(scene.minted()).toBe(1);
    }
    const api = "api.ecr.eu-central-1.amazonaws.com:443";
    expect(new Set(proxy.connects)).toEqual(new Set([`${ECR}:443`, api]));
    expect(proxy.refused).toEqual([]);
  });
});

describeClient("docker", ["docker", "engine"], () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine();
  });
  afterAll(() => engine?.stop());

  for (const docker of inject("programs").dockers) {
    describe(docker.version, () => {
      const pulls: Client = {
        pull: (at, reference, env) => at.run([docker.path, "pull", reference], { env }),
        digest: async (_at, reference) => {
          const format = '--format={{join .RepoDigests " "}}';
          const digests = await engine.docker("image", "inspect", format, reference);
          return digests.trim().split("@").at(-1) ?? "";
        },
        forget: async (_at, reference) => {
          await engine.docker("rmi", reference);
        },
      };
      nativeScenarios(pulls, () => engine.host);
    });
  }
});
