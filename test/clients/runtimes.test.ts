// Runtimes that never execute a helper: containerd through its CRI service, and podman with an exported auth file. Nothing
// in their requests carries a credential; what they present comes from `export`, kept true by `--watch`.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { type Clouds, startClouds } from "../stand-ins/clouds/clouds.ts";
import { makeImage, putImage } from "../stand-ins/registry/oci-image.ts";
import { type Registry, type RegistryOptions, startRegistry } from "../stand-ins/registry/registry.ts";
import { describeClient } from "./bed.ts";
import { type Containerd, startContainerd } from "./containerd.ts";
import { poll } from "./poll.ts";
import { watchExport } from "./watcher.ts";
import { openWorkplace, type Workplace } from "./workplace.ts";

const ECR = "111122223333.dkr.ecr.eu-central-1.amazonaws.com";
const REPOSITORY = "team/app";
/** What the contract gives a change to arrive, in milliseconds; and room for a busy machine to be measured on. */
const WITH_EVENTS_MS = 5_000;

let images = 0;

/** A registry of one private image, and how to put another in its place. */
async function openRegistry(options: RegistryOptions): Promise<{ registry: Registry; publish(): string }> {
  const registry = await startRegistry(options);
  onTestFinished(() => registry.close());
  const publish = (): string => {
    images += 1;
    putImage(registry.store, REPOSITORY, `v${images}`, makeImage({ "hello.txt": `image ${images}\n` }));
    return `${registry.host}/${REPOSITORY}:v${images}`;
  };
  return { registry, publish };
}

async function openEcr(): Promise<{ clouds: Clouds; registry: Registry; publish(): string }> {
  const clouds = await startClouds({ imds: {}, ecr: {} });
  onTestFinished(() => clouds.close());
  const accepts = (user: string, password: string) =>
    clouds.isValidEcrPassword(user, password, { region: "eu-central-1" });
  return { clouds, ...(await openRegistry({ accepts })) };
}

/** The time until `isDone`, in milliseconds. */
async function timeUntil(isDone: () => boolean): Promise<number> {
  const startMs = performance.now();
  await poll(30_000, async () => (isDone() ? true : undefined), 20);
  return performance.now() - startMs;
}

function setConfig(at: Workplace, config: object): void {
  writeFileSync(at.env.DOCKER_CREDENTIAL_ONA_CONFIG ?? "", JSON.stringify(config), { mode: 0o600 });
}

const exportOnce = (at: Workplace, format: string, output: string, env: Record<string, string> = {}) => {
  const helper = join(inject("helperDirectory"), "docker-credential-ona");
  return at.run([helper, "export", "--format", format, "--output", output], { env });
};

describeClient("containerd", ["containerd"], () => {
  let containerd: Containerd;
  beforeAll(async () => {
    containerd = await startContainerd();
  });
  afterAll(() => containerd?.stop());

  describe.each([
    ["events", "events"],
    ["polling", "poll"],
  ])("its CRI pulls, with %s", (_, watch) => {
    test("a secret of the platform and a minted token; the secret is rotated, and both are pulled again", async () => {
      const own = await openRegistry({ users: { alice: "first" } });
      const ecr = await openEcr();
      const at = await openWorkplace({
        helped: [],
        secrets: { [own.registry.host]: "alice:first", [ecr.registry.host]: "runner-native" },
      });
      const freshSeconds = 2;
      setConfig(at, { watch, freshSeconds, registries: { [ecr.registry.host]: { aliasOf: ECR } } });
      const files = [own, ecr].map(({ registry }) =>
        join(containerd.hostsDir, registry.host.replace(":", "_").concat("_"), "hosts.toml"),
      );
      const [ownFile = ""] = files;
      const pulls = async (): Promise<void> => {
        for (const image of [own.publish(), ecr.publish()])
          expect(await containerd.pull(image)).toBeUndefined();
      };
      expect(await containerd.pull(own.publish())).toMatch(/401|authorization|anonymous|no basic auth/i);
      const options = ["--format", "containerd", "--output", containerd.hostsDir];
      await watchExport(at, options, () => files.every(existsSync), ecr.clouds.env);
      await pulls();
      own.registry.users.setPassword("alice", "second");
      const before = readFileSync(ownFile, "utf8");
      await at.setSecret(own.registry.host, "alice:second");
      const tookMs = await timeUntil(() => readFileSync(ownFile, "utf8") !== before);
      expect(tookMs).toBeLessThan(watch === "events" ? WITH_EVENTS_MS : freshSeconds * 1000 + WITH_EVENTS_MS);
      await pulls();
      expect(ecr.clouds.ecr.journal.granted("GetAuthorizationToken")).toBe(1);
    });
  });

  test("a registry that refuses HEAD", async () => {
    const { registry, publish } = await openRegistry({ users: { alice: "pass" }, refusesHead: true });
    const at = await openWorkplace({ helped: [], secrets: { [registry.host]: "alice:pass" } });
    expect(await exportOnce(at, "containerd", containerd.hostsDir)).toMatchObject({ code: 0 });
    expect(await containerd.pull(publish())).toBeUndefined();
  });

  test("ctr with a hosts directory of its own", async () => {
    const { registry, publish } = await openRegistry({ users: { alice: "pass" } });
    const at = await openWorkplace({ helped: [], secrets: { [registry.host]: "alice:pass" } });
    const tree = join(at.root, "certs.d");
    const image = publish();
    expect(await containerd.ctrPull(image, tree)).not.toMatchObject({ code: 0 });
    expect(await exportOnce(at, "containerd", tree)).toMatchObject({ code: 0 });
    const outcome = await containerd.ctrPull(image, tree);
    expect(outcome, outcome.said).toMatchObject({ code: 0 });
  });

  test("a registry with token authentication: this containerd is too old, and export says so", async () => {
    const { registry, publish } = await openRegistry({ auth: "token", users: { alice: "pass" } });
    const at = await openWorkplace({ helped: [], secrets: { [registry.host]: "alice:pass" } });
    const outcome = await exportOnce(at, "containerd", containerd.hostsDir);
    expect(outcome.code).toBe(0);
    const isOld = /^(?:1\.|2\.0\.)/.test(containerd.version);
    const said = `${registry.host}: this registry has token authentication, for which containerd has to be 2.1 or later (here is ${containerd.version}`;
    expect(outcome.stderr.includes(said)).toBe(isOld);
    expect((await containerd.pull(publish())) === undefined).toBe(!isOld);
  });
});

describeClient("podman with an exported auth file", ["podman"], () => {
  const { podman = "" } = inject("programs").paths;

  test("the file stays true while the secret is rotated", async () => {
    const { registry, publish } = await openRegistry({ users: { alice: "first" } });
    const at = await openWorkplace({ helped: [], secrets: { [registry.host]: "alice:first" } });
    const file = join(at.root, "auth", "auth.json");
    const store = ["--root", join(at.root, "storage"), "--runroot", join(at.root, "run-storage")];
    const pull = (image: string) =>
      at.run([podman, ...store, "--storage-driver", "vfs", "pull", "--tls-verify=false", image], {
        env: { REGISTRY_AUTH_FILE: file },
      });
    await watchExport(at, ["--format", "docker-config", "--output", file], () => existsSync(file));
    const first = await pull(publish());
    expect(first, first.said).toMatchObject({ code: 0 });
    registry.users.setPassword("alice", "second");
    const before = readFileSync(file, "utf8");
    await at.setSecret(registry.host, "alice:second");
    expect(await timeUntil(() => readFileSync(file, "utf8") !== before)).toBeLessThan(WITH_EVENTS_MS);
    const second = await pull(publish());
    expect(second, second.said).toMatchObject({ code: 0 });
  });
});

describeClient("skopeo with an exported auth file", ["skopeo"], () => {
  const { skopeo = "" } = inject("programs").paths;

  test.each([
    ["Basic", {}],
    ["token authentication", { auth: "token" as const }],
    ["Basic that refuses HEAD", { refusesHead: true }],
  ])("a registry with %s", async (_, options) => {
    const { registry, publish } = await openRegistry({ users: { alice: "pa:ss" }, ...options });
    const at = await openWorkplace({ helped: [], secrets: { [registry.host]: "alice:pa:ss" } });
    const file = join(at.root, "auth.json");
    expect(await exportOnce(at, "docker-config", file)).toMatchObject({ code: 0 });
    const flags = ["inspect", "--raw", "--tls-verify=false", "--authfile", file];
    const outcome = await at.run([skopeo, ...flags, `docker://${publish()}`]);
    expect(outcome, outcome.said).toMatchObject({ code: 0 });
  });
});
