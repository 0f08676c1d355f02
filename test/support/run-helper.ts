// Runs the helper as its callers do: one process, stdin bytes in, exact bytes and the exit code out.
// It must never hand the machine's own environment to the helper, and it ends every process it starts.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../..", import.meta.url));
/** A Node that runs TypeScript, whatever the host's own is. */
const node = join(repository, "node_modules/node/bin/node");
/** Without its compiled files at hand, a start of the source costs three times as much. Node itself sees to it that they fit. */
const compileCache = `--import=data:text/javascript,${encodeURIComponent(
  `import { enableCompileCache } from "node:module"; enableCompileCache(${JSON.stringify(join(repository, "node_modules/.cache/compiled-source"))});`,
)}`;

export type BuildName = "source" | "bundle" | "executable" | "node-edition";

export interface Build {
  readonly name: BuildName;
  readonly command: readonly string[];
  readonly present: boolean;
}

/** What most tests run: the file that is released. */
export const executable = build("executable", [join(repository, "dist/docker-credential-ona")]);

export const builds: readonly Build[] = [
  build("source", [node, compileCache, join(repository, "src/main.ts")]),
  build("bundle", [node, join(repository, "dist/main.js")]),
  executable,
  build("node-edition", [join(repository, "dist/docker-credential-ona-node")]),
];

/** The Node edition is tested when it is asked for (`npm run test:node-edition`). */
const CHOSEN = process.env.ONA_TEST_BUILDS?.split(",");
const BUILT: readonly string[] = ["bundle", "executable"];

function build(name: BuildName, command: readonly string[]): Build {
  return { name, command, present: existsSync(command.at(-1) ?? "") };
}

/**
 * The builds to test: `ONA_TEST_BUILDS`, else the bundle and the executable. The transcripts run on the source too, which is
 * slow to load and otherwise tested by the unit layer. One that was not built is left out with a line that says so; in CI it
 * stays in, so that its tests fail.
 */
export function buildsUnderTest(others: readonly BuildName[] = []): readonly Build[] {
  const chosen = CHOSEN ?? [...others, ...BUILT];
  const asked = builds.filter(({ name }) => chosen.includes(name));
  const absent = asked.filter((one) => !one.present);
  if (process.env.CI === "true") return asked;
  if (absent.length > 0) console.log(`not built, not tested: ${absent.map((one) => one.name).join(", ")}`);
  return asked.filter((one) => one.present);
}

/** What takes many processes or a script of minutes is shown with the executable only: it starts quickest. */
export const executables = (): readonly Build[] =>
  buildsUnderTest().filter((one) => one.name === "executable");

/** One file that carries its runtime, whichever that is. */
export const isExecutable = ({ name }: Build): boolean => name === "executable" || name === "node-edition";

/** Directories of one test: nothing in them existed before, nothing of the machine is in the environment. */
export interface Bed {
  readonly root: string;
  readonly home: string;
  readonly cwd: string;
  /** What `runHelper` starts from: HOME, XDG_RUNTIME_DIR and a bare PATH. */
  readonly env: Readonly<Record<string, string>>;
  remove(): void;
}

export function makeBed(): Bed {
  const root = mkdtempSync(join(tmpdir(), "ona-bed-"));
  const [home, cwd, runtime] = ["home", "cwd", "run"].map((name) => {
    const path = join(root, name);
    mkdirSync(path, { mode: 0o700 });
    return path;
  });
  if (home === undefined || cwd === undefined || runtime === undefined) throw new Error("no bed");
  return {
    root,
    home,
    cwd,
    env: { HOME: home, XDG_RUNTIME_DIR: runtime, PATH: "/usr/bin:/bin" },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

export interface HelperOptions {
  /** The whole environment of the process. */
  env: Readonly<Record<string, string>>;
  cwd: string;
  stdin?: string | Uint8Array;
  /** `held`: stdin is written but never closed. */
  stdinEnd?: "closed" | "held";
  /** `closed`: the reading end is closed before stdin is given, so that every write meets a broken pipe. */
  stdout?: "read" | "closed";
  /** Put before the command, such as `["setpriv", …]`. */
  launcher?: readonly string[];
  /** Default 30 000; then the process is killed and the result says so. */
  timeoutMs?: number;
  onSpawn?: (pid: number) => void;
}

export interface HelperRun {
  /** Null after a signal. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly tookMs: number;
  readonly timedOut: boolean;
  /** The helper stopped reading before all of stdin was written. */
  readonly stdinBroken: boolean;
}

export function runHelper(
  helper: Build,
  args: readonly string[],
  options: HelperOptions,
): Promise<HelperRun> {
  const [program = "", ...rest] = [...(options.launcher ?? []), ...helper.command, ...args];
  const startMs = performance.now();
  const child = spawn(program, rest, { env: { ...options.env }, cwd: options.cwd, detached: true });
  if (child.pid !== undefined) options.onSpawn?.(child.pid);
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let timedOut = false;
    let stdinBroken = false;
    child.stdin.on("error", () => {
      stdinBroken = true;
    });
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child);
    }, options.timeoutMs ?? 30_000);
    child.stdout.on("data", (bytes: Buffer) => stdout.push(bytes));
    child.stderr.on("data", (bytes: Buffer) => stderr.push(bytes));
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("exit", () => child.stdin.destroy());
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const tookMs = performance.now() - startMs;
      resolve({
        code,
        signal,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr),
        tookMs,
        timedOut,
        stdinBroken,
      });
    });
    feed(child, options);
  });
}

function feed(child: ChildProcess, options: HelperOptions): void {
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new Error("no pipes");
  const write = (): void => {
    const bytes = options.stdin ?? "";
    if (options.stdinEnd !== "held") stdin.end(bytes);
    else if (bytes.length > 0) stdin.write(bytes);
  };
  if (options.stdout !== "closed") {
    write();
    return;
  }
  stdout.once("close", write);
  stdout.destroy();
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It ended by itself in between.
  }
}
