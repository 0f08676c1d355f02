// `export --watch` as a service of a workplace.

import { join } from "node:path";
import { inject, onTestFinished } from "vitest";
import { startDaemon } from "./daemon.ts";
import type { Workplace } from "./workplace.ts";

/** Runs until the test is over; settles when `answers` does. */
export async function watchExport(
  at: Workplace,
  options: readonly string[],
  answers: () => boolean,
  env: Record<string, string> = {},
): Promise<void> {
  const helper = join(inject("helperDirectory"), "docker-credential-ona");
  const daemon = await startDaemon({
    command: [helper, "export", ...options, "--watch"],
    env: { ...at.env, ...env },
    logFile: join(at.root, "export.log"),
    answers: async () => answers(),
  });
  onTestFinished(() => daemon.stop());
}
