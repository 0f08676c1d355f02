// The minimal pull: asks the helper as docker does, logs in both ways, and believes no byte without its digest.

import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { minimalPull } from "./minimal-pull.ts";
import { makeImage, putImage } from "./oci-image.ts";
import { type Registry, type RegistryOptions, startRegistry } from "./registry.ts";

const image = makeImage();
const notFound = "echo 'credentials not found in native keychain'; exit 1";

function found(username: string, secret: string): string {
  return `printf '%s' '${JSON.stringify({ ServerURL: "x", Username: username, Secret: secret })}'`;
}

/** A registry with an image, and a shell script as helper that first notes what it was asked. */
async function bed(helper: string | ((registry: Registry) => string), options: RegistryOptions = {}) {
  const directory = await mkdtemp(join(tmpdir(), "minimal-pull-"));
  const registry = await startRegistry({ users: { alice: "s3cret" }, ...options });
  onTestFinished(async () => {
    await registry.close();
    await rm(directory, { recursive: true });
  });
  putImage(registry.store, "team/app", "v1", image);
  const script = typeof helper === "string" ? helper : helper(registry);
  const program = join(directory, "docker-credential-stub");
  await writeFile(
    program,
    `#!/bin/sh\nprintf '%s|' "$1" >asked\ncat >>asked\n${script}\n`.replaceAll(
      "asked",
      join(directory, "asked"),
    ),
  );
  await chmod(program, 0o755);
  await mkdir(join(directory, "docker"));
  await writeFile(
    join(directory, "docker", "config.json"),
    JSON.stringify({ credHelpers: { [registry.host]: "stub" } }),
  );
  const environment = { PATH: `${directory}:/usr/bin:/bin`, DOCKER_CONFIG: join(directory, "docker") };
  const asked = () => readFile(join(directory, "asked"), "utf8");
  const pull = (version = ":v1") =>
    minimalPull({ reference: `${registry.host}/team/app${version}`, environment });
  return { registry, pull, asked };
}

describe("logs in", () => {
  const rows: [string, RegistryOptions, "basic" | "token", (string | undefined)[]][] = [
    ["by Basic", {}, "basic", []],
    ["by token", { auth: "token" }, "token", ["basic"]],
    ["by signed token", { auth: "token", tokens: { format: "signed" } }, "token", ["basic"]],
  ];
  for (const [name, options, login, grantTypes] of rows) {
    test(name, async () => {
      const { registry, pull, asked } = await bed(found("alice", "s3cret"), options);
      expect(await pull()).toMatchObject({ digest: image.digest, layerCount: 1, username: "alice", login });
      expect(await asked()).toBe(`get|${registry.host}`);
      expect(registry.journal.flatMap(({ grantType }) => grantType ?? [])).toEqual(grantTypes);
    });
  }

  test("with an identity token", async () => {
    const { registry, pull } = await bed(({ tokens }) => found("<token>", tokens.issueRefresh("alice")), {
      auth: "token",
    });
    expect(await pull()).toMatchObject({ digest: image.digest, username: "<token>", login: "token" });
    expect(registry.journal.flatMap(({ grantType }) => grantType ?? [])).toEqual(["refresh_token"]);
  });

  test("by digest", async () => {
    const { pull } = await bed(found("alice", "s3cret"));
    expect((await pull(`@${image.digest}`)).digest).toBe(image.digest);
  });
});

describe("fails", () => {
  test("anonymous when the helper knows nothing, and the registry is private", async () => {
    const { pull } = await bed(notFound);
    await expect(pull()).rejects.toThrow(/answered with 401/);
  });

  test("with the helper's own words when it could not", async () => {
    const { pull } = await bed("echo 'registry: platform does not answer [platform-down]'; exit 1");
    await expect(pull()).rejects.toThrow("docker-credential-stub failed: registry: platform does not answer");
  });

  test("on a wrong password", async () => {
    const { pull } = await bed(found("alice", "wrong"));
    await expect(pull()).rejects.toThrow(/answered with 401/);
  });

  test("on a blob with other content", async () => {
    const { registry, pull } = await bed(found("alice", "s3cret"));
    const original = registry.store.blob.bind(registry.store);
    registry.store.blob = (repository, digest) =>
      original(repository, digest) === undefined ? undefined : Buffer.from("other");
    await expect(pull()).rejects.toThrow(/arrived with other content/);
  });
});
