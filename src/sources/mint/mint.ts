// Minting: from a plan to a short-lived token. This file only names the parts; the clouds are in aws/ and google/, which
// load their SDKs, so they are imported when a token is really minted and never before.

import type { MintPlan } from "../../core/identity.ts";
import { withSilentLibraries } from "../../edge/silence-libraries.ts";
import type { MintContext, MintedToken } from "../cloud/context.ts";

/** Mints a token. Throws a Failure and nothing else. */
export function mint(plan: MintPlan, context: MintContext): Promise<MintedToken> {
  return withSilentLibraries(context.home, async () => {
    if (plan.cloud.kind === "gar") {
      const { mintGoogle } = await import("../google/gar.ts");
      return mintGoogle(plan, context);
    }
    const { mintEcr } = await import("../aws/ecr.ts");
    return mintEcr(plan, context);
  });
}
