// What a mint is asked for: which token, and with whose identity.

import type { CloudRegistry, IdentityChoice, Provider } from "./clouds/clouds.ts";

/** `machine`: what `runner-native` means; `default-chain`: what a provider as the `source` of an entry means. */
export type IdentityBase = "machine" | "default-chain";

/** Everything that decides which token is minted; two equal plans in one environment share a token. */
export interface MintPlan {
  readonly cloud: MintTarget;
  readonly base: IdentityBase;
  /** Overrides `base`. */
  readonly identity?: IdentityChoice;
  /** OAuth scopes for Google. */
  readonly googleScopes: readonly string[];
  /** Audience for platform OIDC when it is not the default. */
  readonly audience?: string;
}

/** What a token is good for: no account, since one token serves every account of a region. */
export type MintTarget = WithoutAccount<CloudRegistry>;

type WithoutAccount<Registry> = Registry extends unknown ? Omit<Registry, "account"> : never;

interface IdentityKind {
  readonly provider: Provider;
  /** Exchanged for an ID token of the environment, so that nothing on the machine has a say. */
  readonly byIdToken: boolean;
}

export function kindOf({ kind }: IdentityChoice): IdentityKind {
  const kinds: Readonly<Record<IdentityChoice["kind"], IdentityKind>> = {
    profile: { provider: "ecr", byIdToken: false },
    role: { provider: "ecr", byIdToken: false },
    "oidc-aws": { provider: "ecr", byIdToken: true },
    "oidc-google": { provider: "gar", byIdToken: true },
    impersonate: { provider: "gar", byIdToken: false },
  };
  return kinds[kind];
}
