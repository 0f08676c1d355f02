// The machine of one test: directories that were not there before, an environment of which it names every variable, the
// program that is tried, and, where the test wants one, a stand-in platform with secrets. It takes nothing over from the
// machine it runs on, and leaves nothing there: whatever it started and made ends with `close`.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { ids } from "../stand-ins/platform/ids.ts";
import type { PlatformSeed, SecretSeed } from "../stand-ins/platform/seed.ts";
import { type Platform, type PlatformOptions, startPlatform } from "../stand-ins/platform/stand-in.ts";
import { type Build, executable } from "./builds.ts";
import { type Run, type Running, type RunOptions, run } from "./run.ts";

export const NOT_FOUND = "credentials not found in native keychain\n";

/** A key that is undefined is not in the environment. */
export type Variables = Readonly<Record<string, string | undefined>>;

export interface MachineRun extends Omit<RunOptions, "env"> {
  /** On top of the machine's own. */
  readonly env?: Variables;
  /** Put before the command, such as `["setpriv", …]`. */
  readonly launcher?: readonly string[];
}

export interface MachineOptions {
  /** What is run; default the executable. */
  readonly build?: Build;
  /** Where its directories are made; default the directory for temporary files. */
  readonly parent?: string;
}

export interface PlatformPlan extends Pick<PlatformOptions, "tls" | "admin"> {
  /** The one token that the platform knows. Default: the stand-in's own, of which the environment's is used. */
  readonly token?: string;
}

export class Machine {
  readonly build: Build;
  readonly root: string;
  readonly home: string;
  /** Where its programs are started. */
  readonly cwd: string;
  /** XDG_RUNTIME_DIR. */
  readonly runtime: string;
  readonly tmp: string;
  /** What every run starts from; a test may change it. */
  readonly env: Record<string, string>;
  readonly #ends: (() => unknown)[] = [];
  readonly #running = new Set<Running>();
  #platform: Platform | undefined;

  constructor({ build = executable, parent = tmpdir() }: MachineOptions = {}) {
    this.build = build;
    this.root = mkdtempSync(join(parent, "ona-"));
    const made = (name: string): string => {
      mkdirSync(join(this.root, name), { mode: 0o700 });
      return join(this.root, name);
    };
    [this.home, this.cwd, this.runtime, this.tmp] = [made("home"), made("cwd"), made("run"), made("tmp")];
    this.env = {
      HOME: this.home,
      XDG_RUNTIME_DIR: this.runtime,
      TMPDIR: this.tmp,
      PATH: "/usr/bin:/bin",
    };
  }

  /** Our cache, when nothing leads elsewhere. */
  get cacheDir(): string {
    return join(this.runtime, "docker-credential-ona");
  }

  /** Our logins and log, when nothing leads elsewhere. */
  get stateDir(): string {
    return join(this.home, ".local/state/docker-credential-ona");
  }

  /** Docker's own file. */
  get dockerConfig(): string {
    return join(this.home, ".docker/config.json");
  }

  get hasPlatform(): boolean {
    return this.#platform !== undefined;
  }

  get platform(): Platform {
    if (this.#platform === undefined) throw new Error("this machine has no platform");
    return this.#platform;
  }

  /** Runs the build with these arguments. */
  run(args: readonly string[], more: MachineRun = {}): Running {
    return this.exec([...(more.launcher ?? []), ...this.build.command, ...args], more);
  }

  /** A `get` of this host. */
  get(host: string, env: Variables = {}): Running {
    return this.run(["get"], { stdin: host, env });
  }

  /** What `docker login` does. */
  store(host: string, username: string, secret: string): Running {
    return this.run(["store"], {
      stdin: JSON.stringify({ ServerURL: host, Username: username, Secret: secret }),
    });
  }

  /** Runs any other command as this machine's user. */
  exec(command: readonly string[], { env = {}, launcher: _, ...more }: MachineRun = {}): Running {
    const running = run(command, { cwd: this.cwd, ...more, env: defined({ ...this.env, ...env }) });
    this.#running.add(running);
    const forget = (): void => void this.#running.delete(running);
    running.then(forget, forget);
    return running;
  }

  /** The path below the root. */
  path(...names: readonly string[]): string {
    return join(this.root, ...names);
  }

  /** Writes a file, JSON of what is no text, below the root or where an absolute path leads; returns its path. */
  write(path: string, content: string | Uint8Array | object, mode = 0o600): string {
    const whole = resolve(this.root, path);
    mkdirSync(dirname(whole), { recursive: true, mode: 0o700 });
    const isRaw = typeof content === "string" || content instanceof Uint8Array;
    writeFileSync(whole, isRaw ? content : JSON.stringify(content));
    chmodSync(whole, mode);
    return whole;
  }

  read(path = this.dockerConfig): string {
    return readFileSync(resolve(this.root, path), "utf8");
  }

  /** What stands under credHelpers. */
  helpers(path = this.dockerConfig): Record<string, string> {
    const text = existsSync(path) ? this.read(path) : "{}";
    return (JSON.parse(text) as { credHelpers?: Record<string, string> }).credHelpers ?? {};
  }

  /** Our configuration file. */
  configure(config: object | string): string {
    return this.write("home/.config/docker-credential-ona/config.json", config);
  }

  /** Docker's own file: these registries are given to us, and what else stands in it. */
  giveToUs(hosts: readonly string[], more: object = {}): string {
    const credHelpers = Object.fromEntries(hosts.map((host) => [host, "ona"]));
    return this.write(this.dockerConfig, { ...more, credHelpers });
  }

  /** The directory of `install`. */
  get bin(): string {
    return this.path("bin");
  }

  /** Puts the program, and these scripts for a shell beside it, into a directory that is first on PATH. */
  install(scripts: Readonly<Record<string, string>> = {}): void {
    mkdirSync(this.bin);
    symlinkSync(this.build.command.at(-1) ?? "", join(this.bin, "docker-credential-ona"));
    for (const [name, body] of Object.entries(scripts))
      this.write(`bin/${name}`, `#!/bin/sh\n${body}\n`, 0o755);
    this.env.PATH = `${this.bin}:${this.env.PATH}`;
  }

  /** A stand-in platform, known to every run from now on. */
  async withPlatform(seed: PlatformSeed, { token, ...options }: PlatformPlan = {}): Promise<Platform> {
    const known = { label: "environment", token: token ?? "", principal: "environment" } as const;
    const tokens = token === undefined ? {} : { tokens: [known] };
    const platform = await startPlatform({ ...options, seed: { ...tokens, ...seed } });
    this.onClose(() => platform.close());
    Object.assign(this.env, {
      ONA_BASE_URL: platform.baseUrl,
      ONA_ENVIRONMENT_ID: ids.environment,
      DOCKER_CREDENTIAL_ONA_TOKEN: token ?? "env-token",
    });
    this.#platform = platform;
    return platform;
  }

  onClose(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** Bound, so that it can be handed to whoever calls it at the end. `keep`: its files stay, for somebody to look at. */
  close = async ({ keep = false } = {}): Promise<void> => {
    for (const running of this.#running) running.end();
    await Promise.allSettled([...this.#running]);
    const failures: unknown[] = [];
    for (const end of this.#ends.splice(0).reverse()) {
      // It must not stop at one that fails: the next may be a server that would go on running.
      await Promise.try(end).catch((error: unknown) => failures.push(error));
    }
    if (!keep) rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
    if (failures.length > 0) throw failures[0];
  };

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

export interface StartOptions extends MachineOptions, PlatformPlan {
  readonly secrets?: readonly SecretSeed[];
  /** What else the platform begins with. */
  readonly seed?: PlatformSeed;
  /** Our own configuration file. */
  readonly config?: object;
  readonly env?: Variables;
}

/** A machine with a platform. */
export async function startMachine(options: StartOptions = {}): Promise<Machine> {
  const { secrets = [], seed = {}, config, env = {} } = options;
  const machine = new Machine(options);
  try {
    await machine.withPlatform({ secrets: [...secrets], ...seed }, options);
  } catch (error) {
    await machine.close();
    throw error;
  }
  Object.assign(machine.env, defined(env));
  if (config !== undefined) machine.configure(config);
  return machine;
}

const defined = (variables: Variables): Record<string, string> =>
  Object.fromEntries(
    Object.entries(variables).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );

/** What `get` prints for a credential. */
export const answerFor = (host: string, username: string, secret: string): string =>
  `${JSON.stringify({ ServerURL: host, Username: username, Secret: secret })}\n`;

/** Both streams and how it ended, for one comparison. */
export const told = ({ stdout, stderr, code, signal }: Run) => ({ stdout, stderr, end: signal ?? code });
