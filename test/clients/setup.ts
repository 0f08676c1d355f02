// Before the clients' suites: what is missing is installed, a place for the run is made; afterwards all of it ends.
// It must never let a suite skip silently: one line says why, and where CI is set a missing client is a failure.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { TestProject } from "vitest/node";
import { devcontainerScript, installPackages } from "./packages.ts";
import { findPrograms, type Programs } from "./programs.ts";
import { closeRunRoot, openRunRoot } from "./run-root.ts";

declare module "vitest" {
  interface ProvidedContext {
    programs: Programs;
    runRoot: string;
    helperDirectory: string;
  }
}

export default function setup(project: TestProject): () => void {
  const helperDirectory = findHelper();
  const script = devcontainerScript();
  const obstacle = installPackages(findPrograms(script));
  const programs = findPrograms(script);
  if (programs.missing.length > 0) {
    const reason = `clients: not here: ${programs.missing.join(", ")} (${obstacle ?? "not installed by its package"})`;
    if (isCi()) throw new Error(reason);
    console.warn(`${reason}; the suites that need them skip`);
  }
  const runRoot = openRunRoot();
  endWithSignals(runRoot);
  project.provide("programs", programs);
  project.provide("runRoot", runRoot);
  project.provide("helperDirectory", helperDirectory);
  return () => closeRunRoot(runRoot);
}

/** A signal ends the run without its teardown. */
function endWithSignals(runRoot: string): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      closeRunRoot(runRoot);
      process.kill(process.pid, signal);
    });
  }
}

/** The same suites run against another edition when its directory is named. */
function findHelper(): string {
  const directory = resolve(process.env.ONA_TEST_HELPER_DIRECTORY ?? join(import.meta.dirname, "../../dist"));
  const helper = join(directory, "docker-credential-ona");
  if (!existsSync(helper)) throw new Error(`${helper} is not there: run "npm run build" first`);
  return directory;
}

function isCi(): boolean {
  return !["", "0", "false"].includes(process.env.CI ?? "");
}
