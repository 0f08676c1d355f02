// A machine that ends with the running test, whatever happened. It must be asked for inside a test, or in its beforeEach.

import { onTestFinished } from "vitest";
import { type Machine, type StartOptions, startMachine } from "./machine.ts";

export async function machineForTest(options: StartOptions = {}): Promise<Machine> {
  const machine = await startMachine(options);
  onTestFinished(() => machine.close());
  return machine;
}
