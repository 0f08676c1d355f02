// One user on one machine for the tests of configure: a home, a PATH of its own, a stand-in platform.
// Nothing of the machine's own Docker is seen or changed.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { ids } from "../stand-ins/platform/ids.ts";
import type { SecretSeed } from "../stand-ins/platform/seed.ts";
import { type Platform, startPlatform } from "../stand-ins/platform/stand-in.ts";
import { builds, type HelperRun, makeBed, runHelper } from "../support/run-helper.ts";

const executable = builds.find(({ name }) => name === "executable");

export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
}

export interface Seat {
  readonly root: string;
  readonly home: string;
  /** A directory of PATH, with a docker and this program in it. */
  readonly bin: string;
  readonly env: Readonly<Record<string, string>>;
  readonly platform: Platform;
  /** Docker's file. */
  readonly config: string;
  run(args: readonly string[], more?: RunMore): Promise<Said>;
  put(path: string, text: string, mode?: number): void;
  text(path?: string): string;
  /** What stands under credHelpers. */
  helpers(path?: string): Record<string, string>;
}

export interface RunMore {
  readonly env?: Readonly<Record<string, string>>;
  readonly launcher?: readonly string[];
  readonly stdin?: string;
  readonly onSpawn?: (pid: number) => void;
  readonly timeoutMs?: number;
}

export const program = executable?.command[0] ?? "";

export async function takeSeat(secrets: readonly SecretSeed[]): Promise<Seat> {
  if (executable === undefined) throw new Error("no executable");
  const bed = makeBed();
  onTestFinished(() => bed.remove());
  const tokens = [{ label: "environment", token: "env-token", principal: "environment" as const }];
  const platform = await startPlatform({ seed: { secrets: [...secrets], tokens } });
  onTestFinished(() => platform.close());
  const bin = join(bed.root, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "docker"), "#!/bin/sh\n", { mode: 0o755 });
  symlinkSync(program, join(bin, "docker-credential-ona"));
  const env = {
    ...bed.env,
    PATH: bin,
    ONA_BASE_URL: platform.baseUrl,
    ONA_ENVIRONMENT_ID: ids.environment,
    DOCKER_CREDENTIAL_ONA_TOKEN: "env-token",
  };
  const config = join(bed.home, ".docker", "config.json");
  const seat: Seat = {
    root: bed.root,
    home: bed.home,
    bin,
    env,
    platform,
    config,
    async run(args, more = {}) {
      const { env: extra, ...rest } = more;
      const run = await runHelper(executable, args, { cwd: bed.cwd, env: { ...env, ...extra }, ...rest });
      return saidBy(run);
    },
    put(path, text, mode = 0o600) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(path, text);
      chmodSync(path, mode);
    },
    text: (path = config) => readFileSync(path, "utf8"),
    helpers: (path = config) =>
      (
        JSON.parse(existsSync(path) ? readFileSync(path, "utf8") : "{}") as {
          credHelpers?: Record<string, string>;
        }
      ).credHelpers ?? {},
  };
  return seat;
}

const saidBy = ({ code, stdout, stderr, tookMs }: HelperRun): Said => ({
  code,
  stdout: stdout.toString("utf8"),
  stderr: stderr.toString("utf8"),
  tookMs,
});

/** What a write would change of a file. */
export const traceOf = (path: string): readonly unknown[] => {
  const { ino, mtimeMs, ctimeMs, mode, size } = statSync(path);
  return [ino, mtimeMs, ctimeMs, mode, size];
};

export const secret = (host: string, value = "demo-user:demo-password"): SecretSeed => ({
  name: `S_${host.replaceAll(/[^0-9a-zA-Z]/g, "_")}`,
  host,
  value,
});
