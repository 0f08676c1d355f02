// Many processes at once with nothing in the cache, and a platform that takes its time for every request.

import type { Figures } from "./figures.ts";
import { figures } from "./figures.ts";
import { type Case, run } from "./launcher.ts";
import { executable, HOST, startScene } from "./scene.ts";

export interface HerdFigures {
  readonly processes: number;
  readonly requestMs: number;
  /** Requests that the platform had, by method; a run that loses a race may ask once more. */
  readonly requests: Readonly<Record<string, number>>;
  readonly figures: Figures;
}

/** Times count from the start of the first process. */
export async function herd(processes: number, requestMs: number): Promise<HerdFigures> {
  const secrets = [{ name: "TEAM", host: HOST, value: "demo:password" }];
  const scene = await startScene({ seed: { secrets, latencyMs: requestMs } });
  try {
    const [program = ""] = executable().command;
    const one: Case = {
      name: "herd",
      command: [program, "get"],
      // On a busy machine it is the machine that is late, and a late answer is still a figure.
      env: { ...scene.env, DOCKER_CREDENTIAL_ONA_DEADLINE_MS: "25000" },
      stdin: scene.file(HOST),
      together: processes,
      empty: scene.cacheDir,
    };
    const samples = (await run([one], 1)).get("herd") ?? [];
    const requests: Record<string, number> = {};
    for (const { method } of scene.platform.journal.entries) requests[method] = (requests[method] ?? 0) + 1;
    return { processes, requestMs, requests, figures: figures(samples) };
  } finally {
    await scene.close();
  }
}
