// Minting: from a plan to a short-lived token. This file only names the parts; the clouds are in aws/ and google/, which
// load their SDKs, so they are imported when a token is really minted and never before.

import { providerOf } from "../../core/clouds/clouds.ts";
import type { MintPlan } from "../../core/identity.ts";
import { withSilentLibraries } from "../../edge/silence-libraries.ts";
import type { MintContext, MintedToken } from "../cloud/context.ts";
import { OTHER_CLOUDS } from "./other-clouds.ts";

/** Mints a token. Throws a Failure and nothing else. */
export function mint(plan: MintPlan, given: Omit<MintContext, "others">): Promise<MintedToken> {
  return withSilentLibraries(given.home, () => mintAtCloud(plan, { ...given, others: OTHER_CLOUDS }));
}

async function mintAtCloud(plan: MintPlan, context: MintContext): Promise<MintedToken> {
  switch (providerOf(plan.cloud)) {
    case "ecr": {
      const { mintEcr } = await import("../aws/ecr.ts");
      return mintEcr(plan, context);
    }
    case "gar": {
      const { mintGoogle } = await import("../google/gar.ts");
      return mintGoogle(plan, context);
    }
  }
}
