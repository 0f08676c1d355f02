// `export --watch` in this process, against a stand-in platform, with a clock that the test moves.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { run } from "../../../src/commands/export.ts";
import type { Invocation } from "../../../src/commands/invocation.ts";
import { ids } from "../../stand-ins/platform/ids.ts";
import type { PlatformSeed } from "../../stand-ins/platform/seed.ts";
import { type Platform, startPlatform } from "../../stand-ins/platform/stand-in.ts";
import { scratch, uid } from "../store/scratch.ts";
import { SteppedClock } from "./stepped-clock.ts";

export interface ExportScene {
  readonly clock: SteppedClock;
  readonly platform: Platform;
  /** Where the export goes. */
  readonly output: string;
  readonly configFile: string;
  readonly warnings: string[];
  /** What was written to stdout. */
  readonly printed: string[];
  /** Lets time pass until `isDone`, at most `limitMs`; returns the milliseconds that it took. */
  until(isDone: () => boolean, limitMs: number, stepMs?: number): Promise<number>;
  pass(ms: number): Promise<void>;
  hangUp(): void;
  /** Ends it as SIGTERM does; the exit code. */
  end(): Promise<number>;
}

export interface ExportPlan {
  readonly seed: PlatformSeed;
  readonly config?: { readonly watch?: string; readonly freshSeconds?: number; readonly registries?: object };
  /** Default: docker-config into `output`. */
  readonly options?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function startExport({
  seed,
  config = {},
  options = {},
  env = {},
}: ExportPlan): Promise<ExportScene> {
  const root = scratch();
  const platform = await startPlatform({ seed });
  onTestFinished(() => platform.close());
  for (const name of ["cache", "state", "home"]) mkdirSync(join(root, name), { mode: 0o700 });
  const configFile = join(root, "config.json");
  writeFileSync(configFile, JSON.stringify(config), { mode: 0o600 });
  const output = join(root, "out", "auth.json");
  const clock = new SteppedClock();
  const stop = new AbortController();
  const reloads: (() => void)[] = [];
  const warnings: string[] = [];
  const printed: string[] = [];
  const texts: Record<string, string> = { format: "docker-config", output, watch: "", ...options };
  const invocation = {
    options: {
      flag: (name: string) => name in texts,
      text: (name: string) => texts[name],
      texts: () => [],
    },
    operands: [],
    context: {
      env: {
        HOME: join(root, "home"),
        ONA_BASE_URL: platform.baseUrl,
        ONA_ENVIRONMENT_ID: ids.environment,
        DOCKER_CREDENTIAL_ONA_TOKEN: "env-token",
        DOCKER_CREDENTIAL_ONA_CONFIG: configFile,
        DOCKER_CREDENTIAL_ONA_CACHE_DIR: join(root, "cache"),
        DOCKER_CREDENTIAL_ONA_STATE_DIR: join(root, "state"),
        ...env,
      },
      uid,
      clock,
    },
    trace: () => undefined,
    helperNames: ["ona"],
    executable: "/none",
    asCaller: <T>(start: () => T): T => start(),
    out: {
      line: () => undefined,
      warn: (text: string) => void warnings.push(text),
      progress: () => undefined,
      json: () => undefined,
      raw: (text: string) => void printed.push(text),
      isTerminal: false,
      columns: 80,
      style: (_: string, text: string) => text,
    },
    readStdin: async () => new Uint8Array(),
    signals: { stop: stop.signal, onReload: (listener: () => void) => void reloads.push(listener) },
  } as unknown as Invocation;
  const done = run(invocation);
  onTestFinished(() => stop.abort());
  /** Nothing is on its way, and the loop sleeps: within a round no time passes, however long it really takes. */
  const idle = async (): Promise<void> => {
    const giveUpMs = performance.now() + 10_000;
    for (
      let calm = 0, before = platform.journal.count();
      calm < 3 && performance.now() < giveUpMs;
      calm += 1
    ) {
      if (clock.waiting === 0) await pause(1);
      await new Promise((resolve) => setImmediate(resolve));
      const isBusy = platform.journal.entries.some(
        ({ status, method }) => status === 0 && method !== "WatchEvents",
      );
      if (isBusy || clock.waiting === 0 || platform.journal.count() !== before) calm = -1;
      before = platform.journal.count();
    }
  };
  const scene: ExportScene = {
    clock,
    platform,
    output,
    configFile,
    warnings,
    printed,
    pass: (ms) => clock.pass(ms, idle),
    async until(isDone, limitMs, stepMs = 100) {
      const startMs = clock.monotonicMs();
      // What is on its way over loopback arrives before any time has passed.
      for (let turn = 0; turn < 20 && !isDone(); turn += 1) await pause(1);
      while (!isDone() && clock.monotonicMs() - startMs < limitMs) {
        await clock.pass(stepMs, idle);
        await pause(stepMs <= 100 ? 2 : 50);
      }
      return clock.monotonicMs() - startMs;
    },
    hangUp: () => {
      for (const listener of reloads) listener();
    },
    end: () => {
      stop.abort();
      return done;
    },
  };
  // Its parts are loaded in real time; the first round is over when somebody sleeps.
  for (let turn = 0; turn < 2000 && clock.waiting < (config.watch === "poll" ? 1 : 2); turn += 1)
    await pause(5);
  return scene;
}
