// A stand-in platform with the secret of a private registry, that registry with one image, and an empty home. What is
// released is tried with it: the helper alone, and skopeo, which asks the helper.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ids } from "../stand-ins/platform/ids.ts";
import { startPlatform } from "../stand-ins/platform/stand-in.ts";
import { makeImage, putImage } from "../stand-ins/registry/oci-image.ts";
import { startRegistry } from "../stand-ins/registry/registry.ts";
import { type Build, runHelper } from "../support/run-helper.ts";

export interface PullScene {
  readonly host: string;
  /** `docker://127.0.0.1:port/team/app:v1`. */
  readonly image: string;
  readonly digest: string;
  /** The whole environment: HOME, and where the platform is. */
  readonly env: Readonly<Record<string, string>>;
  /** What `get` has to print. */
  readonly answer: string;
  /** How often the value was asked for. */
  valuesRead(): number;
  close(): Promise<void>;
}

/** `parent`: where HOME is made, such as inside another root, of which `prefix` is taken off its path. */
export async function startPullScene(parent = tmpdir(), prefix = ""): Promise<PullScene> {
  const registry = await startRegistry({ users: { robot: "c4nary" } });
  const image = makeImage();
  putImage(registry.store, "team/app", "v1", image);
  const { host } = registry;
  const platform = await startPlatform({
    seed: { secrets: [{ name: "TEAM", host, value: "robot:c4nary" }] },
  });
  const root = mkdtempSync(join(parent, "ona-pull-"));
  chmodSync(root, 0o700);
  mkdirSync(join(root, ".docker"));
  writeFileSync(join(root, ".docker/config.json"), JSON.stringify({ credHelpers: { [host]: "ona" } }));
  return {
    host,
    image: `docker://${host}/team/app:v1`,
    digest: image.digest,
    env: {
      HOME: root.slice(prefix.length),
      DOCKER_CREDENTIAL_ONA_CACHE_DIR: join(root.slice(prefix.length), "cache"),
      ONA_BASE_URL: platform.baseUrl,
      ONA_ENVIRONMENT_ID: ids.environment,
      DOCKER_CREDENTIAL_ONA_TOKEN: "env-token",
      PATH: "/usr/local/bin:/usr/bin:/bin",
    },
    answer: `${JSON.stringify({ ServerURL: host, Username: "robot", Secret: "c4nary" })}\n`,
    valuesRead: () => platform.journal.count("GetSecretValue"),
    close: async () => {
      await platform.close();
      await registry.close();
      rmSync(root, { recursive: true });
    },
  };
}

/** What `command` prints on stdout; throws with all that it said when it fails. */
export async function output(
  command: readonly string[],
  options: { env: PullScene["env"]; stdin?: string; timeoutMs?: number },
): Promise<string> {
  const build: Build = { name: "executable", command, present: true };
  const run = await runHelper(build, [], { cwd: "/", ...options });
  if (run.code !== 0)
    throw new Error(`${command.join(" ")}: ${run.code} ${run.signal}: ${run.stdout}${run.stderr}`);
  return run.stdout.toString();
}
