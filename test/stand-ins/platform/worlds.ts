// Starting stand-ins inside a test and closing them after it, whatever happened.

import { onTestFinished } from "vitest";
import type { PlatformSeed } from "./seed.ts";
import { type Platform, type PlatformOptions, startPlatform } from "./stand-in.ts";

/** A stand-in that lives as long as the running test. */
export async function platformForTest(
  seed: PlatformSeed = {},
  options: Omit<PlatformOptions, "seed"> = {},
): Promise<Platform> {
  const platform = await startPlatform({ ...options, seed });
  onTestFinished(() => platform.close());
  return platform;
}
