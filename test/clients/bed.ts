// What a file of suites shares: a private registry, a public one, and an engine if its client needs one.
// Everything started here ends with the file, also when a part of it could not be started.

import { afterAll, beforeAll, describe, inject } from "vitest";
import { type Engine, startEngine } from "./engine.ts";
import type { Need } from "./programs.ts";
import { type Authentication, type Registry, startRegistry } from "./registry.ts";

export interface Bed {
  /** Answers nobody without an account. */
  registry: Registry;
  /** Answers everybody. */
  open: Registry;
  engine: Engine;
  /** The engine's address, if there is one. */
  dockerHost: string | undefined;
}

/** A suite for one client. It skips, as setup.ts has said, when something it needs is not on this machine. */
export function describeClient(name: string, needs: Need[], body: () => void): void {
  const missing = new Set(inject("programs").missing);
  const all: Need[] = ["registry", "images", ...needs];
  describe.skipIf(all.some((need) => missing.has(need)))(name, body);
}

/** Call at the top of a suite; the parts are there once its tests run. */
export function useBed(plan: { authentication?: Authentication; engine?: boolean }): Bed {
  const stops: (() => Promise<void>)[] = [];
  const bed: Partial<Bed> = {};
  beforeAll(async () => {
    bed.registry = await startRegistry(plan.authentication ?? "basic");
    stops.push(bed.registry.stop);
    bed.open = await startRegistry("none");
    stops.push(bed.open.stop);
    if (plan.engine !== true) return;
    bed.engine = await startEngine();
    stops.push(bed.engine.stop);
  });
  afterAll(async () => {
    for (const stop of stops.reverse()) await stop();
  });
  return {
    get registry() {
      return there(bed.registry, "registry");
    },
    get open() {
      return there(bed.open, "registry");
    },
    get engine() {
      return there(bed.engine, "engine");
    },
    get dockerHost() {
      return bed.engine?.host;
    },
  };
}

function there<T>(part: T | undefined, name: string): T {
  if (part === undefined) throw new Error(`this bed has no ${name}`);
  return part;
}
