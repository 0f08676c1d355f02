// Placeholder for the build until the fingerprint is written.
import type { MintPlan } from "../core/identity.ts";

export function mintFingerprint(plan: MintPlan, _env: Readonly<Record<string, string | undefined>>, _home: string | undefined): string {
  return JSON.stringify(plan);
}
