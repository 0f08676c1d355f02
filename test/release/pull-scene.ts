// A stand-in platform with the secret of a private registry, that registry with one image, and an empty home. What is
// released is tried with it: the helper alone, and skopeo, which asks the helper.

import { tmpdir } from "node:os";
import { makeImage, putImage } from "../stand-ins/registry/oci-image.ts";
import { startRegistry } from "../stand-ins/registry/registry.ts";
import { answerFor, startMachine } from "../support/machine.ts";
import { run as start } from "../support/run.ts";

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
  const at = await startMachine({ parent, secrets: [{ name: "TEAM", host, value: "robot:c4nary" }] });
  at.onClose(() => registry.close());
  at.giveToUs([host]);
  const { XDG_RUNTIME_DIR: _, ...env } = at.env;
  return {
    host,
    image: `docker://${host}/team/app:v1`,
    digest: image.digest,
    env: {
      ...env,
      HOME: at.home.slice(prefix.length),
      TMPDIR: at.tmp.slice(prefix.length),
      DOCKER_CREDENTIAL_ONA_CACHE_DIR: at.path("cache").slice(prefix.length),
      PATH: "/usr/local/bin:/usr/bin:/bin",
    },
    answer: answerFor(host, "robot", "c4nary"),
    valuesRead: () => at.platform.journal.count("GetSecretValue"),
    close: at.close,
  };
}

/** What `command` prints on stdout; throws with all that it said when it fails. */
export async function output(
  command: readonly string[],
  options: { env: PullScene["env"]; stdin?: string; timeoutMs?: number },
): Promise<string> {
  const run = await start(command, { cwd: "/", ...options });
  if (run.code !== 0)
    throw new Error(`${command.join(" ")}: ${run.code} ${run.signal}: ${run.stdout}${run.stderr}`);
  return run.stdout;
}
