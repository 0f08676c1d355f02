// The identity that the configuration names for a mint, which has to be one of the registry's own cloud.

import { clouds, type Identities, type IdentityChoice, type Provider } from "../../core/clouds/clouds.ts";
import { Failure } from "../../core/failures.ts";
import { kindOf, type MintPlan } from "../../core/identity.ts";

/** `registry` and `hint` say what the registry is and what to name instead. Throws a Failure. */
export function ownIdentity<P extends Provider>(
  provider: P,
  { identity }: MintPlan,
  { registry, hint }: { readonly registry: string; readonly hint: string },
): Identities[P] | undefined {
  if (identity === undefined || isOf(provider, identity)) return identity;
  const { name } = clouds()[kindOf(identity).provider];
  const message = `the identity of this registry is one of ${name}'s, the registry is ${registry}`;
  throw new Failure("config-invalid", message, { hint });
}

function isOf<P extends Provider>(provider: P, identity: IdentityChoice): identity is Identities[P] {
  return kindOf(identity).provider === provider;
}
