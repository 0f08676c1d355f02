// From a registry and its rule to the plan for minting its token.

import { type CloudRegistry, recognizeCloud } from "./clouds/clouds.ts";
import type { Config, RegistryRule } from "./config.ts";
import type { IdentityBase, MintPlan, MintTarget } from "./identity.ts";
import type { RegistryRef } from "./registry.ts";

/** The plan, or undefined when `ref` is no cloud registry and no alias of one. */
export function mintPlan(
  ref: RegistryRef,
  rule: RegistryRule | undefined,
  base: IdentityBase,
  config: Config,
): MintPlan | undefined {
  const cloud = rule?.aliasOf ?? recognizeCloud(ref);
  if (cloud === undefined) return undefined;
  return {
    cloud: targetOf(cloud),
    base,
    googleScopes: config.googleScopes,
    ...(rule?.identity === undefined ? {} : { identity: rule.identity }),
    ...(config.audience === undefined ? {} : { audience: config.audience }),
  };
}

/** Without the account: one token serves every account of a region. */
function targetOf(cloud: CloudRegistry): MintTarget {
  if (cloud.kind !== "ecr") return cloud;
  const { kind, region, partition, fips, dualStack } = cloud;
  return { kind, region, partition, fips, dualStack };
}
