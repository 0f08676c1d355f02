// Whose identity a token is minted with, as the configuration says it.

export type IdentityChoice =
  | { readonly kind: "profile"; readonly profile: string }
  | {
      readonly kind: "role";
      readonly roleArn: string;
      readonly externalId?: string;
      readonly sessionName?: string;
    }
  | { readonly kind: "oidc-aws"; readonly roleArn: string }
  | {
      readonly kind: "oidc-google";
      readonly workloadIdentityProvider: string;
      readonly serviceAccount?: string;
    }
  | { readonly kind: "impersonate"; readonly serviceAccount: string };

/** `machine`: what `runner-native` means; `default-chain`: what `source: ecr` and `gar` mean. */
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
export type MintTarget =
  | {
      readonly kind: "ecr";
      readonly region: string;
      readonly partition: string;
      readonly fips: boolean;
      readonly dualStack: boolean;
    }
  | { readonly kind: "ecr-public"; readonly dualStack?: true }
  | { readonly kind: "gar" };
